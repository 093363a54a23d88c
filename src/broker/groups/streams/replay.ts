import {
  StreamsGroupCurrentMemberAssignmentValue,
  StreamsGroupMemberMetadataValue,
  StreamsGroupMetadataValue,
  StreamsGroupTargetAssignmentMemberValue,
  StreamsGroupTargetAssignmentMetadataValue,
  StreamsGroupTopologyValue,
} from "../../../protocol/index.ts";
import { decodeValue } from "../coordinator-record.ts";
import { leaveEpoch, type Member, type MemberState, newMember } from "./member.ts";
import { sortedMap, stateNumbers } from "./records.ts";
import type { StreamsGroup } from "./streams-group.ts";
import { type EpochTaskSet, noTasks, taskSetOf } from "./tasks.ts";
import { topologyOf } from "./topology.ts";

/** Takes in the record of a group's epoch. */
export function replayMetadata(group: StreamsGroup, bytes: Buffer): void {
  const value = decodeValue(StreamsGroupMetadataValue, bytes);
  group.setMetadata({
    epoch: value.epoch,
    metadataHash: value.metadataHash,
    validatedTopologyEpoch: value.validatedTopologyEpoch,
    assignmentConfigs: sortedMap(value.lastAssignmentConfigs ?? []),
  });
}

/** Takes in the record of a group's topology; null is its end. */
export function replayTopology(group: StreamsGroup, bytes: Buffer | null): void {
  group.setTopology(
    bytes === null ? undefined : topologyOf(decodeValue(StreamsGroupTopologyValue, bytes)),
  );
}

/** Takes in the record of a target assignment's epoch; null is its end. */
export function replayTargetMetadata(group: StreamsGroup, bytes: Buffer | null): void {
  if (bytes === null) {
    group.setTargetMetadata({ epoch: -1, timestamp: 0 });
    return;
  }
  const value = decodeValue(StreamsGroupTargetAssignmentMetadataValue, bytes);
  group.setTargetMetadata({ epoch: value.assignmentEpoch, timestamp: value.assignmentTimestamp });
}

/** Takes in the record of what one member is to have; null is its end. */
export function replayTarget(group: StreamsGroup, memberId: string, bytes: Buffer | null): void {
  if (bytes === null) {
    group.setTarget(memberId, undefined);
    return;
  }
  const value = decodeValue(StreamsGroupTargetAssignmentMemberValue, bytes);
  group.setTarget(memberId, {
    active: taskSetOf(value.activeTasks),
    standby: taskSetOf(value.standbyTasks),
    warmup: taskSetOf(value.warmupTasks),
  });
}

/** Takes in the record of what a member said of itself; null is its end. */
export function replayMember(group: StreamsGroup, memberId: string, bytes: Buffer | null): void {
  if (bytes === null) {
    group.removeMember(memberId);
    return;
  }
  const value = decodeValue(StreamsGroupMemberMetadataValue, bytes);
  group.putMember({
    ...(group.members.get(memberId) ?? newMember(memberId)),
    instanceId: value.instanceId,
    rackId: value.rackId,
    clientId: value.clientId,
    clientHost: value.clientHost,
    rebalanceTimeoutMs: value.rebalanceTimeoutMs,
    topologyEpoch: value.topologyEpoch,
    processId: value.processId,
    userEndpoint: value.userEndpoint,
    clientTags: sortedMap(value.clientTags),
  });
}

/** Takes in the record of what a member has; null is its end. */
export function replayCurrentAssignment(
  group: StreamsGroup,
  memberId: string,
  bytes: Buffer | null,
): void {
  const before = group.members.get(memberId);
  if (bytes !== null) group.putMember(withAssignment(before ?? newMember(memberId), bytes));
  else if (before !== undefined) {
    group.putMember({
      ...before,
      epoch: leaveEpoch,
      previousEpoch: leaveEpoch,
      assigned: noTasks,
      pendingRevocation: noTasks,
    });
  }
}

type CurrentAssignmentValue = ReturnType<typeof StreamsGroupCurrentMemberAssignmentValue.decode>;

function withAssignment(member: Member, bytes: Buffer): Member {
  const value = decodeValue(StreamsGroupCurrentMemberAssignmentValue, bytes);
  return {
    ...member,
    epoch: value.memberEpoch,
    previousEpoch: value.previousMemberEpoch,
    state: stateByNumber.get(value.state) ?? "unknown",
    assigned: {
      active: withEpochs(value.activeTasks, value.memberEpoch),
      standby: taskSetOf(value.standbyTasks),
      warmup: taskSetOf(value.warmupTasks),
    },
    pendingRevocation: {
      active: withEpochs(value.activeTasksPendingRevocation, value.memberEpoch),
      standby: taskSetOf(value.standbyTasksPendingRevocation),
      warmup: taskSetOf(value.warmupTasksPendingRevocation),
    },
  };
}

const stateByNumber = new Map<number, MemberState>(
  (Object.keys(stateNumbers) as MemberState[]).map((state) => [stateNumbers[state], state]),
);

/** Records of Kafka 4.1 have no epochs: the member's own stands for them. */
function withEpochs(
  list: CurrentAssignmentValue["activeTasks"],
  memberEpoch: number,
): EpochTaskSet {
  return new Map(
    list.map(({ subtopologyId, partitions, assignmentEpochs }) => {
      const known = assignmentEpochs?.length === partitions.length ? assignmentEpochs : [];
      const epochs = partitions.map((one, index) => [one, known[index] ?? memberEpoch] as const);
      return [subtopologyId, new Map(epochs)] as const;
    }),
  );
}
