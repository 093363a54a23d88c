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
import { decodeKey, decodeValue, recordKindOf } from "../coordinator-record.ts";
import { noPartitionEpochs, type PartitionEpochs, partitionsOf } from "./assignment.ts";
import { ConsumerGroup } from "./consumer-group.ts";
import { memberStateNumber } from "./consumer-group-record.ts";
import { leaveEpoch, type Member, type MemberState, newMember, topicNames } from "./member.ts";
import type { MemberTimers } from "./member-timers.ts";

type Groups = Map<string, ConsumerGroup>;

/**
 * Takes a record of a consumer group in (`GroupMetadataManager.replay`). The first of a group makes it;
 * tombstones of what is not there are ignored.
 */
export function replayRecord(
  groups: Groups,
  timers: MemberTimers,
  key: Buffer,
  value: Buffer | null,
): void {
  const kind = recordKindOf(key);
  switch (kind) {
    case kinds.memberMetadata:
    case kinds.targetAssignmentMember:
    case kinds.currentMemberAssignment: {
      const { groupId, memberId } = decodeKey(ConsumerGroupMemberKey, key);
      const group = groupFor(groups, groupId, value);
      if (group === undefined) return;
      if (kind === kinds.memberMetadata) replayMember(group, timers, memberId, value);
      else if (kind === kinds.targetAssignmentMember) replayTarget(group, memberId, value);
      else replayCurrent(group, memberId, value);
      return;
    }
    case kinds.regularExpression: {
      const { groupId, regularExpression } = decodeKey(ConsumerGroupRegularExpressionKey, key);
      const group = groupFor(groups, groupId, value);
      if (group !== undefined) replayRegex(group, regularExpression, value);
      return;
    }
    default: {
      const { groupId } = decodeKey(ConsumerGroupKey, key);
      const group = groupFor(groups, groupId, value);
      if (group === undefined) return;
      if (kind === kinds.targetAssignmentMetadata) replayTargetEpoch(group, value);
      else if (kind === kinds.partitionMetadata) group.hasPartitionMetadata = value !== null;
      else if (value !== null) replayEpoch(group, value);
      else {
        groups.delete(groupId);
        timers.cancelGroup(groupId);
      }
    }
  }
}

function groupFor(
  groups: Groups,
  groupId: string,
  value: Buffer | null,
): ConsumerGroup | undefined {
  const known = groups.get(groupId);
  if (known !== undefined || value === null) return known;
  const group = new ConsumerGroup(groupId);
  groups.set(groupId, group);
  return group;
}

function replayEpoch(group: ConsumerGroup, value: Buffer): void {
  const { epoch, metadataHash } = decodeValue(ConsumerGroupMetadataValue, value);
  group.epoch = epoch;
  group.metadataHash = metadataHash;
}

function replayMember(
  group: ConsumerGroup,
  timers: MemberTimers,
  memberId: string,
  value: Buffer | null,
): void {
  if (value === null) {
    group.removeMember(memberId);
    timers.cancelMember(group.id, memberId);
    return;
  }
  const said = decodeValue(ConsumerGroupMemberMetadataValue, value);
  const classic = said.classicMemberMetadata;
  group.setMember({
    ...(group.members.get(memberId) ?? newMember(memberId)),
    instanceId: said.instanceId,
    rackId: said.rackId,
    clientId: said.clientId,
    clientHost: said.clientHost,
    subscribedTopicNames: topicNames(said.subscribedTopicNames),
    subscribedTopicRegex: said.subscribedTopicRegex,
    rebalanceTimeoutMs: said.rebalanceTimeoutMs,
    serverAssignor: said.serverAssignor,
    classic:
      classic === null
        ? undefined
        : {
            sessionTimeoutMs: classic.sessionTimeoutMs,
            // What is replayed lies in a buffer that is used again.
            supportedProtocols: classic.supportedProtocols.map(({ name, metadata }) => ({
              name,
              metadata: Buffer.from(metadata),
            })),
          },
  });
}

function replayTargetEpoch(group: ConsumerGroup, value: Buffer | null): void {
  const said =
    value === null ? undefined : decodeValue(ConsumerGroupTargetAssignmentMetadataValue, value);
  group.assignmentEpoch = said?.assignmentEpoch ?? -1;
  group.assignmentTimestamp = said?.assignmentTimestamp ?? 0;
}

function replayTarget(group: ConsumerGroup, memberId: string, value: Buffer | null): void {
  if (value === null) group.setTarget(memberId, undefined);
  else {
    const { topicPartitions } = decodeValue(ConsumerGroupTargetAssignmentMemberValue, value);
    group.setTarget(memberId, partitionsOf(topicPartitions));
  }
}

function replayCurrent(group: ConsumerGroup, memberId: string, value: Buffer | null): void {
  if (value === null) {
    const member = group.members.get(memberId);
    if (member !== undefined) group.setMember(gone(member));
    return;
  }
  const said = decodeValue(ConsumerGroupCurrentMemberAssignmentValue, value);
  group.setMember({
    ...(group.members.get(memberId) ?? newMember(memberId)),
    epoch: said.memberEpoch,
    previousEpoch: said.previousMemberEpoch,
    state: stateOf(said.state),
    assigned: epochsOf(said.assignedPartitions, said.memberEpoch),
    pendingRevocation: epochsOf(said.partitionsPendingRevocation, said.memberEpoch),
  });
}

function replayRegex(group: ConsumerGroup, regex: string, value: Buffer | null): void {
  if (value === null) group.setRegex(regex, undefined);
  else {
    const said = decodeValue(ConsumerGroupRegularExpressionValue, value);
    group.setRegex(regex, { ...said, topics: new Set(said.topics) });
  }
}

function gone(member: Member): Member {
  return {
    ...member,
    epoch: leaveEpoch,
    previousEpoch: leaveEpoch,
    assigned: noPartitionEpochs,
    pendingRevocation: noPartitionEpochs,
  };
}

function stateOf(number: number): MemberState {
  const states = Object.keys(memberStateNumber) as MemberState[];
  return states.find((state) => memberStateNumber[state] === number) ?? "unknown";
}

/** Records from before Kafka 4.3 have no epochs of partitions: the member's own stands in, or 0 for one that is away. */
function epochsOf(
  list: readonly {
    readonly topicId: string;
    readonly partitions: readonly number[];
    readonly assignmentEpochs: readonly number[] | null;
  }[],
  memberEpoch: number,
): PartitionEpochs {
  const fallback = Math.max(memberEpoch, 0);
  return new Map(
    list.map(({ topicId, partitions, assignmentEpochs }) => {
      const isComplete = assignmentEpochs?.length === partitions.length;
      const epochOf = (index: number) => (isComplete ? assignmentEpochs[index] : fallback);
      const epochs = partitions.map(
        (partition, at) => [partition, epochOf(at) ?? fallback] as const,
      );
      return [topicId, new Map(epochs)];
    }),
  );
}
