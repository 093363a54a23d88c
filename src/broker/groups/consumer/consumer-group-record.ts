import {
  ConsumerGroupCurrentMemberAssignmentValue,
  ConsumerGroupKey,
  ConsumerGroupMemberKey,
  ConsumerGroupMemberMetadataValue,
  ConsumerGroupMetadataValue,
  ConsumerGroupRegularExpressionKey,
  ConsumerGroupRegularExpressionValue,
  ConsumerGroupTargetAssignmentMemberValue,
  ConsumerGroupTargetAssignmentMetadataValue,
  consumerGroupRecordKind as kinds,
} from "../../../protocol/index.ts";
import { type CoordinatorRecord, encodePart } from "../coordinator-record.ts";
import { type PartitionEpochs, type Partitions, partitionList } from "./assignment.ts";
import type { Member, MemberState } from "./member.ts";
import type { ResolvedRegex } from "./subscriptions.ts";

/** The numbers that stand for the states of members; all others are unknown. */
export const memberStateNumber = {
  stable: 0,
  "unrevoked-partitions": 1,
  "unreleased-partitions": 2,
  unknown: 127,
} as const satisfies Record<MemberState, number>;

/** The only version that the values have. */
const valueVersion = 0;

/** Says what a member told of itself (`newConsumerGroupMemberSubscriptionRecord`). */
export function memberRecord(groupId: string, member: Member): CoordinatorRecord {
  const { classic } = member;
  return {
    key: memberKey(kinds.memberMetadata, groupId, member.id),
    value: encodePart(ConsumerGroupMemberMetadataValue, valueVersion, {
      instanceId: member.instanceId,
      rackId: member.rackId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      subscribedTopicNames: member.subscribedTopicNames,
      subscribedTopicRegex: member.subscribedTopicRegex,
      rebalanceTimeoutMs: member.rebalanceTimeoutMs,
      serverAssignor: member.serverAssignor,
      classicMemberMetadata: classic ?? null,
    }),
  };
}

/** Says the group's epoch and the hash of its topics. */
export function epochRecord(
  groupId: string,
  epoch: number,
  metadataHash: string,
): CoordinatorRecord {
  return {
    key: groupKey(kinds.metadata, groupId),
    value: encodePart(ConsumerGroupMetadataValue, valueVersion, { epoch, metadataHash }),
  };
}

/** Says what a member is to have. */
export function targetRecord(
  groupId: string,
  memberId: string,
  target: Partitions,
): CoordinatorRecord {
  return {
    key: memberKey(kinds.targetAssignmentMember, groupId, memberId),
    value: encodePart(ConsumerGroupTargetAssignmentMemberValue, valueVersion, {
      topicPartitions: partitionList(target),
    }),
  };
}

/** Says the epoch of the target assignment, and when it was made by the wall clock. */
export function targetEpochRecord(
  groupId: string,
  assignmentEpoch: number,
  assignmentTimestamp: number,
): CoordinatorRecord {
  return {
    key: groupKey(kinds.targetAssignmentMetadata, groupId),
    value: encodePart(ConsumerGroupTargetAssignmentMetadataValue, valueVersion, {
      assignmentEpoch,
      assignmentTimestamp,
    }),
  };
}

/** Says what a member has, and what it is to give up. */
export function currentRecord(groupId: string, member: Member): CoordinatorRecord {
  return {
    key: memberKey(kinds.currentMemberAssignment, groupId, member.id),
    value: encodePart(ConsumerGroupCurrentMemberAssignmentValue, valueVersion, {
      memberEpoch: member.epoch,
      previousMemberEpoch: member.previousEpoch,
      state: memberStateNumber[member.state],
      assignedPartitions: listWithEpochs(member.assigned),
      partitionsPendingRevocation: listWithEpochs(member.pendingRevocation),
    }),
  };
}

/** Says the topics that a regular expression stands for. */
export function regexRecord(
  groupId: string,
  regex: string,
  { topics, version, timestamp }: ResolvedRegex,
): CoordinatorRecord {
  return {
    key: regexKey(groupId, regex),
    value: encodePart(ConsumerGroupRegularExpressionValue, valueVersion, {
      topics: [...topics].sort(),
      version,
      timestamp,
    }),
  };
}

/** Unsays a regular expression. */
export function regexTombstone(groupId: string, regex: string): CoordinatorRecord {
  return { key: regexKey(groupId, regex), value: null };
}

/** Unsays all that is said of a member, in the order in which Kafka replays it. */
export function memberTombstones(groupId: string, memberId: string): CoordinatorRecord[] {
  const order = [kinds.currentMemberAssignment, kinds.targetAssignmentMember, kinds.memberMetadata];
  return order.map((kind) => ({ key: memberKey(kind, groupId, memberId), value: null }));
}

/** Unsays what Kafka up to 4.0 said of a group's topics. */
export function partitionMetadataTombstone(groupId: string): CoordinatorRecord {
  return { key: groupKey(kinds.partitionMetadata, groupId), value: null };
}

/** Unsays a whole group (`createGroupTombstoneRecords`). */
export function groupTombstones(
  groupId: string,
  memberIds: readonly string[],
  regexes: readonly string[],
): CoordinatorRecord[] {
  const ofMembers = (kind: number) =>
    memberIds.map((memberId) => ({ key: memberKey(kind, groupId, memberId), value: null }));
  return [
    ...ofMembers(kinds.currentMemberAssignment),
    ...ofMembers(kinds.targetAssignmentMember),
    { key: groupKey(kinds.targetAssignmentMetadata, groupId), value: null },
    ...ofMembers(kinds.memberMetadata),
    ...regexes.map((regex) => regexTombstone(groupId, regex)),
    partitionMetadataTombstone(groupId),
    { key: groupKey(kinds.metadata, groupId), value: null },
  ];
}

function listWithEpochs(partitions: PartitionEpochs) {
  return partitionList(partitions).map(({ topicId, partitions: some }) => {
    const epochs = partitions.get(topicId);
    const assignmentEpochs = some.map((partition) => epochs?.get(partition) ?? 0);
    return { topicId, partitions: some, assignmentEpochs };
  });
}

function groupKey(kind: number, groupId: string): Buffer {
  return encodePart(ConsumerGroupKey, kind, { groupId }, 0);
}

function memberKey(kind: number, groupId: string, memberId: string): Buffer {
  return encodePart(ConsumerGroupMemberKey, kind, { groupId, memberId }, 0);
}

function regexKey(groupId: string, regularExpression: string): Buffer {
  const key = { groupId, regularExpression };
  return encodePart(ConsumerGroupRegularExpressionKey, kinds.regularExpression, key, 0);
}
