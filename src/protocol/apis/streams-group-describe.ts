import { api } from "../api.ts";
import { defaulted, nullableStruct, struct } from "../schema.ts";
import {
  array,
  boolean,
  int16,
  int32,
  int64,
  nullableArray,
  nullableString,
  string,
  uint16,
} from "../wire-type.ts";
import { operationsNotAsked } from "./authorized-operations.ts";

const keyValue = struct({ key: string, value: string });

const topicInfo = struct({
  name: string,
  partitions: int32,
  replicationFactor: int16,
  topicConfigs: array(keyValue),
});

const subtopology = struct({
  subtopologyId: string,
  sourceTopics: array(string),
  repartitionSinkTopics: array(string),
  stateChangelogTopics: array(topicInfo),
  repartitionSourceTopics: array(topicInfo),
});

const taskOffset = struct({ subtopologyId: string, partition: int32, offset: int64 });

const taskIds = struct({ subtopologyId: string, partitions: array(int32) });

const assignment = struct({
  activeTasks: array(taskIds),
  standbyTasks: array(taskIds),
  warmupTasks: array(taskIds),
});

const member = struct({
  memberId: string,
  memberEpoch: int32,
  instanceId: defaulted(nullableString, null),
  rackId: defaulted(nullableString, null),
  clientId: string,
  clientHost: string,
  topologyEpoch: int32,
  processId: string,
  userEndpoint: defaulted(nullableStruct({ host: string, port: uint16 }), null),
  clientTags: array(keyValue),
  taskOffsets: array(taskOffset),
  taskEndOffsets: array(taskOffset),
  assignment,
  targetAssignment: assignment,
  isClassic: boolean,
});

const group = struct({
  errorCode: int16,
  errorMessage: defaulted(nullableString, null),
  groupId: string,
  groupState: string,
  groupEpoch: int32,
  assignmentEpoch: int32,
  topology: defaulted(
    nullableStruct({
      epoch: int32,
      subtopologies: defaulted(nullableArray(subtopology), null),
    }),
    null,
  ),
  members: array(member),
  authorizedOperations: defaulted(int32, operationsNotAsked),
});

/**
 * Describes streams groups: the topology, and the tasks that each member has and is to have
 * (KIP-1071).
 */
export const StreamsGroupDescribe = api({
  key: 89,
  name: "StreamsGroupDescribe",
  versions: [0, 0],
  flexible: 0,
  request: {
    groupIds: array(string),
    includeAuthorizedOperations: boolean,
  },
  response: {
    throttleTimeMs: int32,
    groups: array(group),
  },
});
