import { type BrokerErrorCode, brokerErrorNumber } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { AlterReplicaLogDirs } from "../../protocol/index.ts";
import { handler } from "./handler.ts";

/** AlterReplicaLogDirs 1 and 2. There is one directory: what is moved there is there already. */
export const alterReplicaLogDirs = handler(
  AlterReplicaLogDirs,
  ({ dirs }, context, { controller }) => {
    if (!context.isAllowed("ALTER", "CLUSTER", "kafka-cluster")) {
      throw new BrokerError("CLUSTER_AUTHORIZATION_FAILED", "partitions must not be moved");
    }
    const { topics } = controller.image;
    const directory = controller.brokerConfig("log.dirs");
    const errorOf = (
      path: string,
      topic: string,
      partition: number,
    ): BrokerErrorCode | undefined => {
      if (path !== directory) return "LOG_DIR_NOT_FOUND";
      if (topics.get(topic)?.partitions[partition] === undefined) return "REPLICA_NOT_AVAILABLE";
      return undefined;
    };
    const results = dirs.flatMap(({ path, topics: moved }) =>
      moved.map(({ name, partitions }) => ({
        topicName: name,
        partitions: partitions.map((partitionIndex) => {
          const error = errorOf(path, name, partitionIndex);
          return { partitionIndex, errorCode: error === undefined ? 0 : brokerErrorNumber(error) };
        }),
      })),
    );
    return { throttleTimeMs: 0, results };
  },
  [1, 2],
  (errorCode, { dirs }) => ({
    throttleTimeMs: 0,
    results: dirs.flatMap(({ topics }) =>
      topics.map(({ name, partitions }) => ({
        topicName: name,
        partitions: partitions.map((partitionIndex) => ({ partitionIndex, errorCode })),
      })),
    ),
  }),
);
