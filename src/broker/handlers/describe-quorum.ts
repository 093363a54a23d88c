import { brokerErrorNumber } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { DescribeQuorum } from "../../protocol/index.ts";
import { metadataTopic } from "../metadata/topic-name.ts";
import { handler } from "./handler.ts";

/** DescribeQuorum 0 to 2: a quorum of one voter, this node, with no listener of its own. */
export const describeQuorum = handler(
  DescribeQuorum,
  ({ topics }, context, { controller, host }) => {
    if (!context.isAllowed("DESCRIBE", "CLUSTER", "kafka-cluster")) {
      throw new BrokerError("CLUSTER_AUTHORIZATION_FAILED", "the quorum must not be described");
    }
    const [topic] = topics;
    const isAsked =
      topics.length === 1 &&
      topic?.topicName === metadataTopic &&
      topic.partitions.length === 1 &&
      topic.partitions[0]?.partitionIndex === 0;
    if (!isAsked) return { errorCode: 0, topics: topics.map(unknownTopic) };
    const logEndOffset = controller.lastAppliedOffset + 1;
    const now = host.clock.now();
    const voter = {
      replicaId: controller.nodeId,
      logEndOffset,
      lastFetchTimestamp: now,
      lastCaughtUpTimestamp: now,
      ...(context.apiVersion >= 2 && { replicaDirectoryId: controller.directoryId }),
    };
    const partition = {
      partitionIndex: 0,
      errorCode: 0,
      leaderId: controller.nodeId,
      leaderEpoch: controller.epoch,
      highWatermark: logEndOffset,
      currentVoters: [voter],
      observers: [],
    };
    return {
      errorCode: 0,
      topics: [{ topicName: metadataTopic, partitions: [partition] }],
      ...(context.apiVersion >= 2 && { nodes: [{ nodeId: controller.nodeId, listeners: [] }] }),
    };
  },
  [0, 2],
  (errorCode) => ({ errorCode, topics: [] }),
);

function unknownTopic({
  topicName,
  partitions,
}: {
  readonly topicName: string;
  readonly partitions: readonly { readonly partitionIndex: number }[];
}) {
  const errorCode = brokerErrorNumber("UNKNOWN_TOPIC_OR_PARTITION");
  const nothing = { leaderId: 0, leaderEpoch: 0, highWatermark: 0, currentVoters: [] };
  return {
    topicName,
    partitions: partitions.map(({ partitionIndex }) => {
      return { partitionIndex, errorCode, ...nothing, observers: [] };
    }),
  };
}
