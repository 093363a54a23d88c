import {
  streamsGroupRecordKind as kinds,
  StreamsGroupCurrentMemberAssignmentValue,
  StreamsGroupKey,
  StreamsGroupMemberKey,
  StreamsGroupMemberMetadataValue,
  StreamsGroupMetadataValue,
  StreamsGroupTargetAssignmentMemberValue,
  StreamsGroupTargetAssignmentMetadataValue,
  StreamsGroupTopologyValue,
} from "../../../protocol/index.ts";
import { type CoordinatorRecord, encodePart } from "../coordinator-record.ts";
import type { Member, MemberState } from "./member.ts";
import { type EpochTaskSet, listTasks, type Tasks } from "./tasks.ts";
import type { TopologyValue } from "./topology.ts";

/** The numbers of a member's states (`MemberState`). */
export const stateNumbers = {
  stable: 1,
  "unrevoked-tasks": 2,
  "unreleased-tasks": 3,
  unknown: 127,
} as const satisfies Record<MemberState, number>;

/** What a group's own record says: kind 17. */
export interface GroupMetadata {
  readonly epoch: number;
  /** 16 hexadecimal digits. */
  readonly metadataHash: string;
  /** −1 for none. */
  readonly validatedTopologyEpoch: number;
  /** The settings that the last assignment was made with, in the order of their names. */
  readonly assignmentConfigs: ReadonlyMap<string, string>;
}

/** Tells the epoch of the group and what its topics looked like then. */
export function metadataRecord(groupId: string, metadata: GroupMetadata): CoordinatorRecord {
  const { epoch, metadataHash, validatedTopologyEpoch, assignmentConfigs } = metadata;
  return {
    key: groupKey(kinds.metadata, groupId),
    value: encodePart(StreamsGroupMetadataValue, 0, {
      epoch,
      metadataHash,
      validatedTopologyEpoch,
      lastAssignmentConfigs: keyValues(assignmentConfigs),
    }),
  };
}

/** Tells what a member says of itself. */
export function memberRecord(groupId: string, member: Member): CoordinatorRecord {
  return {
    key: memberKey(kinds.memberMetadata, groupId, member.id),
    value: encodePart(StreamsGroupMemberMetadataValue, 0, {
      instanceId: member.instanceId,
      rackId: member.rackId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeoutMs: member.rebalanceTimeoutMs,
      topologyEpoch: member.topologyEpoch,
      processId: member.processId,
      userEndpoint: member.userEndpoint,
      clientTags: keyValues(member.clientTags),
    }),
  };
}

/** Tells the topology that the group's members run. */
export function topologyRecord(groupId: string, value: TopologyValue): CoordinatorRecord {
  return {
    key: groupKey(kinds.topology, groupId),
    value: encodePart(StreamsGroupTopologyValue, 0, value),
  };
}

/** Tells the tasks that a member is to have. */
export function targetRecord(groupId: string, memberId: string, target: Tasks): CoordinatorRecord {
  return {
    key: memberKey(kinds.targetAssignmentMember, groupId, memberId),
    value: encodePart(StreamsGroupTargetAssignmentMemberValue, 0, {
      activeTasks: listTasks(target.active),
      standbyTasks: listTasks(target.standby),
      warmupTasks: listTasks(target.warmup),
    }),
  };
}

/** Tells the epoch of the target assignment, and when it was made by the wall clock. */
export function targetMetadataRecord(
  groupId: string,
  assignmentEpoch: number,
  assignmentTimestamp: number,
): CoordinatorRecord {
  return {
    key: groupKey(kinds.targetAssignmentMetadata, groupId),
    value: encodePart(StreamsGroupTargetAssignmentMetadataValue, 0, {
      assignmentEpoch,
      assignmentTimestamp,
    }),
  };
}

/** Tells the tasks that a member has, and its epoch. */
export function currentAssignmentRecord(groupId: string, member: Member): CoordinatorRecord {
  const { assigned, pendingRevocation } = member;
  return {
    key: memberKey(kinds.currentMemberAssignment, groupId, member.id),
    value: encodePart(StreamsGroupCurrentMemberAssignmentValue, 0, {
      memberEpoch: member.epoch,
      previousMemberEpoch: member.previousEpoch,
      state: stateNumbers[member.state],
      activeTasks: listWithEpochs(assigned.active),
      standbyTasks: listTasks(assigned.standby),
      warmupTasks: listTasks(assigned.warmup),
      activeTasksPendingRevocation: listWithEpochs(pendingRevocation.active),
      standbyTasksPendingRevocation: listTasks(pendingRevocation.standby),
      warmupTasksPendingRevocation: listTasks(pendingRevocation.warmup),
    }),
  };
}

/** Takes a member out of the group. */
export function memberTombstones(groupId: string, memberId: string): CoordinatorRecord[] {
  return [
    tombstone(memberKey(kinds.currentMemberAssignment, groupId, memberId)),
    tombstone(memberKey(kinds.targetAssignmentMember, groupId, memberId)),
    tombstone(memberKey(kinds.memberMetadata, groupId, memberId)),
  ];
}

/** Takes the whole group away, in the order in which Kafka's replay accepts it. */
export function groupTombstones(
  groupId: string,
  memberIds: readonly string[],
): CoordinatorRecord[] {
  const ofMembers = (kind: number) =>
    memberIds.map((memberId) => tombstone(memberKey(kind, groupId, memberId)));
  return [
    ...ofMembers(kinds.currentMemberAssignment),
    ...ofMembers(kinds.targetAssignmentMember),
    tombstone(groupKey(kinds.targetAssignmentMetadata, groupId)),
    ...ofMembers(kinds.memberMetadata),
    tombstone(groupKey(kinds.metadata, groupId)),
    tombstone(groupKey(kinds.topology, groupId)),
  ];
}

/** Pairs as a map in the order of their keys. */
export function sortedMap(
  pairs: readonly { readonly key: string; readonly value: string }[],
): ReadonlyMap<string, string> {
  const entries = pairs.map(({ key, value }) => [key, value] as const);
  return new Map(entries.sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0)));
}

function tombstone(key: Buffer): CoordinatorRecord {
  return { key, value: null };
}

function groupKey(kind: number, groupId: string): Buffer {
  return encodePart(StreamsGroupKey, kind, { groupId }, 0);
}

function memberKey(kind: number, groupId: string, memberId: string): Buffer {
  return encodePart(StreamsGroupMemberKey, kind, { groupId, memberId }, 0);
}

function keyValues(entries: ReadonlyMap<string, string>): { key: string; value: string }[] {
  return [...entries].map(([key, value]) => ({ key, value }));
}

function listWithEpochs(tasks: EpochTaskSet) {
  return listTasks(tasks).map(({ subtopologyId, partitions }) => ({
    subtopologyId,
    partitions,
    assignmentEpochs: partitions.map((one) => tasks.get(subtopologyId)?.get(one) ?? 0),
  }));
}
