import { BrokerError } from "../../../errors.ts";
import { containsAll, type PartitionList, withEpoch } from "./assignment.ts";
import type { ConsumerGroup } from "./consumer-group.ts";
import {
  currentRecord,
  memberRecord,
  memberTombstones,
  targetRecord,
} from "./consumer-group-record.ts";
import { leaveStaticEpoch, type Member, newMember } from "./member.ts";
import type { Operation } from "./operation.ts";

/** Who comes to a group. */
export interface Arrival {
  readonly memberId: string;
  readonly instanceId: string | null;
  /** The member's epoch; 0 to join. Not looked at for members that speak the classic protocol. */
  readonly memberEpoch: number;
  /** What the member says that it has; undefined where it did not say. */
  readonly owned: PartitionList | undefined;
  readonly isJoining: boolean;
  readonly isClassic: boolean;
}

/** Throws GROUP_MAX_SIZE_REACHED where there is no room for one who is not a member yet. */
export function checkRoom({ group, surroundings }: Operation, memberId: string): void {
  const { maxSize } = surroundings.settings;
  if (group.members.size < maxSize || group.members.has(memberId)) return;
  const message = `The consumer group has reached its maximum capacity of ${maxSize} members.`;
  throw new BrokerError("GROUP_MAX_SIZE_REACHED", message);
}

/**
 * Finds the member that comes, or makes it where it joins; a static member that returns under another
 * id takes the place of the old one. Throws UNKNOWN_MEMBER_ID, FENCED_MEMBER_EPOCH,
 * UNRELEASED_INSTANCE_ID or FENCED_INSTANCE_ID.
 */
export function admit(operation: Operation, arrival: Arrival): Member {
  const { group } = operation;
  const { memberId, instanceId, isJoining, isClassic } = arrival;
  if (instanceId === null) {
    const known = group.members.get(memberId);
    const member = isJoining ? (known ?? newMember(memberId)) : group.member(memberId);
    if (!isClassic) checkEpoch(member, arrival);
    return member;
  }
  const existing = group.staticMember(instanceId);
  if (!isJoining) {
    const member = checkInstance(existing, memberId, instanceId);
    if (!isClassic) checkEpoch(member, arrival);
    return member;
  }
  if (existing === undefined) return group.members.get(memberId) ?? newMember(memberId);
  if (!isClassic && existing.classic === undefined && existing.epoch !== leaveStaticEpoch) {
    const message = `Static member ${memberId} with instance id ${instanceId} cannot join the group because the instance id is owned by ${existing.id} member.`;
    throw new BrokerError("UNRELEASED_INSTANCE_ID", message);
  }
  return replace(operation, existing, memberId);
}

/** Finds a static member; throws UNKNOWN_MEMBER_ID, or FENCED_INSTANCE_ID where another has its place. */
export function checkInstance(
  member: Member | undefined,
  memberId: string,
  instanceId: string,
): Member {
  if (member === undefined) {
    throw new BrokerError("UNKNOWN_MEMBER_ID", `Instance id ${instanceId} is unknown.`);
  }
  if (member.id === memberId) return member;
  const message = `Static member ${memberId} with instance id ${instanceId} was fenced by member ${member.id}.`;
  throw new BrokerError("FENCED_INSTANCE_ID", message);
}

/** What a static member that leaves for a while becomes: its partitions wait for whoever takes its place. */
export function absent(member: Member): Member {
  return {
    ...member,
    epoch: leaveStaticEpoch,
    pendingRevocation: new Map(),
    assigned: withEpoch(member.assigned, 0),
  };
}

/** Part of the target assignment that is meant for a member, or for the static one that it takes over from. */
export function targetOf(group: ConsumerGroup, { id, instanceId }: Member) {
  return group.target(group.staticMember(instanceId)?.id ?? id);
}

function checkEpoch(member: Member, { memberEpoch, owned }: Arrival): void {
  if (memberEpoch === 0 || memberEpoch === member.epoch) return;
  // The answer that told of the new epoch may have been lost: then the member has no more than it was told.
  const isOneBehind = memberEpoch < member.epoch && memberEpoch === member.previousEpoch;
  if (isOneBehind && owned !== undefined && containsAll(member.assigned, owned)) return;
  const comparison = memberEpoch > member.epoch ? "greater" : "smaller";
  const message = `The consumer group member has a ${comparison} member epoch (${memberEpoch}) than the one known by the group coordinator (${member.epoch}). The member must abandon all its partitions and rejoin.`;
  throw new BrokerError("FENCED_MEMBER_EPOCH", message);
}

function replace({ group, records }: Operation, existing: Member, memberId: string): Member {
  const member: Member = { ...existing, id: memberId, epoch: 0, previousEpoch: 0 };
  records.push(
    ...memberTombstones(group.id, existing.id),
    memberRecord(group.id, member),
    targetRecord(group.id, memberId, group.target(existing.id)),
    currentRecord(group.id, member),
  );
  return member;
}
