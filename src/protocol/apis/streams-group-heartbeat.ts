import { api } from "../api.ts";
import { defaulted, nullableStruct, struct } from "../schema.ts";
import {
  array,
  boolean,
  int8,
  int16,
  int32,
  int64,
  nullableArray,
  nullableString,
  string,
  uint16,
} from "../wire-type.ts";

const keyValue = struct({ key: string, value: string });

const topicInfo = struct({
  name: string,
  partitions: int32,
  replicationFactor: int16,
  topicConfigs: array(keyValue),
});

const copartitionGroup = struct({
  sourceTopics: array(int16),
  sourceTopicRegex: array(int16),
  repartitionSourceTopics: array(int16),
});

const subtopology = struct({
  subtopologyId: string,
  sourceTopics: array(string),
  sourceTopicRegex: array(string),
  stateChangelogTopics: array(topicInfo),
  repartitionSinkTopics: array(string),
  repartitionSourceTopics: array(topicInfo),
  copartitionGroups: array(copartitionGroup),
});

const taskIds = struct({ subtopologyId: string, partitions: array(int32) });

const endpoint = { host: string, port: uint16 };

const taskOffset = struct({ subtopologyId: string, partition: int32, offset: int64 });

const topicPartition = struct({ topic: string, partitions: array(int32) });

/**
 * A member of a streams application joins with its topology, reports its tasks and learns those it
 * is to run (KIP-1071). A field left null has not changed since the last heartbeat.
 */
export const StreamsGroupHeartbeat = api({
  key: 88,
  name: "StreamsGroupHeartbeat",
  versions: [0, 0],
  flexible: 0,
  request: {
    groupId: string,
    memberId: string,
    memberEpoch: int32,
    endpointInformationEpoch: int32,
    instanceId: defaulted(nullableString, null),
    rackId: defaulted(nullableString, null),
    rebalanceTimeoutMs: defaulted(int32, -1),
    topology: defaulted(nullableStruct({ epoch: int32, subtopologies: array(subtopology) }), null),
    activeTasks: defaulted(nullableArray(taskIds), null),
    standbyTasks: defaulted(nullableArray(taskIds), null),
    warmupTasks: defaulted(nullableArray(taskIds), null),
    processId: defaulted(nullableString, null),
    userEndpoint: defaulted(nullableStruct(endpoint), null),
    clientTags: defaulted(nullableArray(keyValue), null),
    taskOffsets: defaulted(nullableArray(taskOffset), null),
    taskEndOffsets: defaulted(nullableArray(taskOffset), null),
    shutdownApplication: defaulted(boolean, false),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: defaulted(nullableString, null),
    memberId: string,
    memberEpoch: int32,
    heartbeatIntervalMs: int32,
    acceptableRecoveryLag: int32,
    taskOffsetIntervalMs: int32,
    status: nullableArray(struct({ statusCode: int8, statusDetail: string })),
    activeTasks: defaulted(nullableArray(taskIds), null),
    standbyTasks: defaulted(nullableArray(taskIds), null),
    warmupTasks: defaulted(nullableArray(taskIds), null),
    endpointInformationEpoch: int32,
    partitionsByUserEndpoint: defaulted(
      nullableArray(
        struct({
          userEndpoint: struct(endpoint),
          activePartitions: array(topicPartition),
          standbyPartitions: array(topicPartition),
        }),
      ),
      null,
    ),
  },
});
