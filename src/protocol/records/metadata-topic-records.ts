import { zeroUuid } from "../bytes.ts";
import { defaulted, since, tagged } from "../schema.ts";
import { array, int8, int32, nullableArray, nullableString, string, uuid } from "../wire-type.ts";
import { shape } from "./metadata-record-shape.ts";

/** Records about topics, their partitions and settings (kafka-metadata, `common/metadata`). */
export const topicRecords = {
  TopicRecord: shape(2, 0, { name: string, topicId: uuid }),
  PartitionRecord: shape(3, 2, {
    partitionId: defaulted(int32, -1),
    topicId: defaulted(uuid, zeroUuid),
    replicas: array(int32),
    isr: array(int32),
    removingReplicas: defaulted(array(int32), []),
    addingReplicas: defaulted(array(int32), []),
    leader: defaulted(int32, -1),
    /** 1 while the partition recovers from an unclean election. */
    leaderRecoveryState: tagged(0, 0, int8, 0),
    leaderEpoch: defaulted(int32, -1),
    partitionEpoch: defaulted(int32, -1),
    directories: since(1, array(uuid), [], "ignorable"),
    eligibleLeaderReplicas: tagged(1, 2, nullableArray(int32), null),
    lastKnownElr: tagged(2, 2, nullableArray(int32), null),
  }),
  /** What has changed in a partition: null, −2 (leader) and −1 (recovery state) stand for "as it was". */
  PartitionChangeRecord: shape(5, 2, {
    partitionId: defaulted(int32, -1),
    topicId: defaulted(uuid, zeroUuid),
    isr: tagged(0, 0, nullableArray(int32), null),
    leader: tagged(1, 0, int32, -2),
    replicas: tagged(2, 0, nullableArray(int32), null),
    removingReplicas: tagged(3, 0, nullableArray(int32), null),
    addingReplicas: tagged(4, 0, nullableArray(int32), null),
    leaderRecoveryState: tagged(5, 0, int8, -1),
    directories: tagged(8, 1, nullableArray(uuid), null),
    eligibleLeaderReplicas: tagged(6, 2, nullableArray(int32), null),
    lastKnownElr: tagged(7, 2, nullableArray(int32), null),
  }),
  RemoveTopicRecord: shape(9, 0, { topicId: uuid }),
  /** An empty name stands for all topics. */
  ClearElrRecord: shape(28, 0, { topicName: string }),
  /** A null value takes the setting away. */
  ConfigRecord: shape(4, 0, {
    resourceType: int8,
    resourceName: string,
    name: string,
    value: nullableString,
  }),
};
