import { message } from "../api.ts";
import { defaulted, struct, tagged, taggedNullableStruct } from "../schema.ts";
import {
  array,
  bytes,
  int8,
  int32,
  int64,
  nullableArray,
  nullableString,
  string,
  uuid,
} from "../wire-type.ts";
import { hash64, zeroHash } from "./hash64.ts";

/**
 * The kinds of records that consumer groups (KIP-848) keep in `__consumer_offsets`: the int16 that a
 * record's key begins with, after which the key itself follows, as a value follows its version.
 */
export const consumerGroupRecordKind = {
  metadata: 3,
  /** Written by Kafka up to 4.0 only; gone since the group's hash took its place (KIP-1101). */
  partitionMetadata: 4,
  memberMetadata: 5,
  targetAssignmentMetadata: 6,
  targetAssignmentMember: 7,
  currentMemberAssignment: 8,
  regularExpression: 16,
} as const;

const key = { versions: [0, 0], isFlexible: () => false } as const;
const value = { versions: [0, 0], isFlexible: () => true } as const;

/** The key of what a consumer group keeps once: kinds 3, 4 and 6. */
export const ConsumerGroupKey = message(
  { ...key, name: "ConsumerGroupMetadataKey" },
  struct({ groupId: string }),
);

/** The key of what a consumer group keeps for each member: kinds 5, 7 and 8. */
export const ConsumerGroupMemberKey = message(
  { ...key, name: "ConsumerGroupMemberMetadataKey" },
  struct({ groupId: string, memberId: string }),
);

/** The key of a resolved regular expression. */
export const ConsumerGroupRegularExpressionKey = message(
  { ...key, name: "ConsumerGroupRegularExpressionKey" },
  struct({ groupId: string, regularExpression: string }),
);

/** The group epoch, and the hash of the topics that the group is subscribed to (KIP-1101). */
export const ConsumerGroupMetadataValue = message(
  { ...value, name: "ConsumerGroupMetadataValue" },
  struct({ epoch: int32, metadataHash: tagged(0, 0, hash64, zeroHash) }),
);

/** What a member said of itself; `classicMemberMetadata` is there for those that speak the classic protocol. */
export const ConsumerGroupMemberMetadataValue = message(
  { ...value, name: "ConsumerGroupMemberMetadataValue" },
  struct({
    instanceId: nullableString,
    rackId: nullableString,
    clientId: string,
    clientHost: string,
    subscribedTopicNames: array(string),
    subscribedTopicRegex: nullableString,
    rebalanceTimeoutMs: defaulted(int32, -1),
    serverAssignor: nullableString,
    classicMemberMetadata: tagged(
      0,
      0,
      taggedNullableStruct({
        sessionTimeoutMs: int32,
        supportedProtocols: array(struct({ name: string, metadata: bytes })),
      }),
      // So that null is written out: a record without the field tells Kafka of a classic member.
      { sessionTimeoutMs: 0, supportedProtocols: [] },
    ),
  }),
);

/** The epoch of the target assignment, and when it was made by the wall clock (KIP-1263). */
export const ConsumerGroupTargetAssignmentMetadataValue = message(
  { ...value, name: "ConsumerGroupTargetAssignmentMetadataValue" },
  struct({ assignmentEpoch: int32, assignmentTimestamp: tagged(0, 0, int64, 0, "ignorable") }),
);

/** What a member is to have. */
export const ConsumerGroupTargetAssignmentMemberValue = message(
  { ...value, name: "ConsumerGroupTargetAssignmentMemberValue" },
  struct({ topicPartitions: array(struct({ topicId: uuid, partitions: array(int32) })) }),
);

const topicPartitions = struct({
  topicId: uuid,
  partitions: array(int32),
  /** Since when the member has each of `partitions` (KIP-1251). */
  assignmentEpochs: tagged(0, 0, nullableArray(int32), null),
});

/** What a member has, and what it is to give up. `state` is `MemberState`'s number. */
export const ConsumerGroupCurrentMemberAssignmentValue = message(
  { ...value, name: "ConsumerGroupCurrentMemberAssignmentValue" },
  struct({
    memberEpoch: int32,
    previousMemberEpoch: int32,
    state: int8,
    assignedPartitions: array(topicPartitions),
    partitionsPendingRevocation: array(topicPartitions),
  }),
);

/** The topics that a regular expression stood for at some version of the cluster's metadata. */
export const ConsumerGroupRegularExpressionValue = message(
  { ...value, name: "ConsumerGroupRegularExpressionValue" },
  struct({ topics: array(string), version: int64, timestamp: int64 }),
);
