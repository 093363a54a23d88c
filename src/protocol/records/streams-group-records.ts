import { message } from "../api.ts";
import { defaulted, nullableStruct, struct, tagged } from "../schema.ts";
import {
  array,
  int8,
  int16,
  int32,
  int64,
  nullableArray,
  nullableString,
  string,
  uint16,
} from "../wire-type.ts";
import { hash64 } from "./hash64.ts";

/**
 * The kinds of records that streams groups (KIP-1071) keep in `__consumer_offsets`: the int16 that a
 * record's key begins with, after which the key itself follows, as a value follows its version.
 */
export const streamsGroupRecordKind = {
  metadata: 17,
  memberMetadata: 19,
  targetAssignmentMetadata: 20,
  targetAssignmentMember: 21,
  currentMemberAssignment: 22,
  topology: 23,
} as const;

const key = { versions: [0, 0], isFlexible: () => false } as const;
const value = { versions: [0, 0], isFlexible: () => true } as const;
const keyValue = struct({ key: string, value: string });

/** The key of what a streams group keeps once: kinds 17, 20 and 23. */
export const StreamsGroupKey = message(
  { ...key, name: "StreamsGroupMetadataKey" },
  struct({ groupId: string }),
);

/** The key of what a streams group keeps for each member: kinds 19, 21 and 22. */
export const StreamsGroupMemberKey = message(
  { ...key, name: "StreamsGroupMemberMetadataKey" },
  struct({ groupId: string, memberId: string }),
);

/**
 * The group epoch, the hash of the topology's topics, the topology epoch that was found valid (−1 for
 * none), and the settings that the last assignment was made with.
 */
export const StreamsGroupMetadataValue = message(
  { ...value, name: "StreamsGroupMetadataValue" },
  struct({
    epoch: int32,
    metadataHash: hash64,
    validatedTopologyEpoch: tagged(0, 0, int32, -1),
    lastAssignmentConfigs: tagged(1, 0, nullableArray(keyValue), []),
  }),
);

/** What a member said of itself. */
export const StreamsGroupMemberMetadataValue = message(
  { ...value, name: "StreamsGroupMemberMetadataValue" },
  struct({
    instanceId: nullableString,
    rackId: nullableString,
    clientId: string,
    clientHost: string,
    rebalanceTimeoutMs: defaulted(int32, -1),
    topologyEpoch: int32,
    processId: string,
    userEndpoint: defaulted(nullableStruct({ host: string, port: uint16 }), null),
    clientTags: array(keyValue),
  }),
);

/** The epoch of the target assignment, and when it was made by the wall clock (KIP-1263). */
export const StreamsGroupTargetAssignmentMetadataValue = message(
  { ...value, name: "StreamsGroupTargetAssignmentMetadataValue" },
  struct({ assignmentEpoch: int32, assignmentTimestamp: tagged(0, 0, int64, 0, "ignorable") }),
);

const taskIds = array(struct({ subtopologyId: string, partitions: array(int32) }));

/** The tasks that a member is to have. */
export const StreamsGroupTargetAssignmentMemberValue = message(
  { ...value, name: "StreamsGroupTargetAssignmentMemberValue" },
  struct({ activeTasks: taskIds, standbyTasks: taskIds, warmupTasks: taskIds }),
);

const taskIdsWithEpochs = array(
  struct({
    subtopologyId: string,
    partitions: array(int32),
    /** Since which epoch the member has each of `partitions`; for active tasks only. */
    assignmentEpochs: tagged(0, 0, nullableArray(int32), []),
  }),
);

/** The tasks that a member has, and those that it is to give up. `state` is `MemberState`'s number. */
export const StreamsGroupCurrentMemberAssignmentValue = message(
  { ...value, name: "StreamsGroupCurrentMemberAssignmentValue" },
  struct({
    memberEpoch: int32,
    previousMemberEpoch: int32,
    state: int8,
    activeTasks: taskIdsWithEpochs,
    standbyTasks: taskIdsWithEpochs,
    warmupTasks: taskIdsWithEpochs,
    activeTasksPendingRevocation: taskIdsWithEpochs,
    standbyTasksPendingRevocation: taskIdsWithEpochs,
    warmupTasksPendingRevocation: taskIdsWithEpochs,
  }),
);

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

/** The topology that the group's members run. Indexes in `copartitionGroups` point into the subtopology's own lists. */
export const StreamsGroupTopologyValue = message(
  { ...value, name: "StreamsGroupTopologyValue" },
  struct({ epoch: int32, subtopologies: array(subtopology) }),
);
