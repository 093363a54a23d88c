import { type BrokerErrorCode, brokerErrorNumber } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { ElectLeaders } from "../../protocol/index.ts";
import { handler } from "./handler.ts";

const [preferred, unclean] = [0, 1];

/** ElectLeaders 0 to 2. This node leads all there is, so that no election is ever needed. */
export const electLeaders = handler(
  ElectLeaders,
  ({ electionType, topicPartitions }, context, { controller }) => {
    if (!context.isAllowed("ALTER", "CLUSTER", "kafka-cluster")) {
      throw new BrokerError("CLUSTER_AUTHORIZATION_FAILED", "leaders must not be elected");
    }
    if (electionType !== preferred && electionType !== unclean) {
      throw new BrokerError("INVALID_REQUEST", `Unknown election type ${electionType}`);
    }
    const { topics } = controller.image;
    // Where all partitions were meant, Kafka leaves those out that need no election.
    const asked =
      topicPartitions ?? Array.from(topics.keys(), (topic) => ({ topic, partitions: [] }));
    const outcome = (topic: string, partitionId: number) => {
      const isKnown = topics.get(topic)?.partitions[partitionId] !== undefined;
      const code: BrokerErrorCode = isKnown ? "ELECTION_NOT_NEEDED" : "UNKNOWN_TOPIC_OR_PARTITION";
      const errorMessage = isKnown ? null : `No such partition as ${topic}-${partitionId}`;
      return { partitionId, errorCode: brokerErrorNumber(code), errorMessage };
    };
    return {
      throttleTimeMs: 0,
      errorCode: 0,
      replicaElectionResults: asked.map(({ topic, partitions }) => ({
        topic,
        partitionResult: partitions.map((partition) => outcome(topic, partition)),
      })),
    };
  },
  [0, 2],
  (errorCode, { topicPartitions }) => ({
    throttleTimeMs: 0,
    errorCode,
    replicaElectionResults: (topicPartitions ?? []).map(({ topic, partitions }) => ({
      topic,
      partitionResult: partitions.map((partitionId) => {
        return { partitionId, errorCode, errorMessage: null };
      }),
    })),
  }),
);
