import type { BrokerErrorCode } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import type { ClassicGroup } from "./classic-group.ts";
import type { Turn } from "./classic-member.ts";
import type { HeartbeatEvent, LeaveAnswer, LeaveEvent } from "./classic-protocol.ts";
import {
  completeWhenAllJoined,
  keepAlive,
  rebalanceOrComplete,
  removeMember,
} from "./classic-rebalance.ts";

/** Takes in a Heartbeat: begins the member's session anew, and tells it of a rebalance. */
export function heartbeat(
  group: ClassicGroup,
  event: HeartbeatEvent,
  turn: Turn,
): BrokerErrorCode | undefined {
  const member = group.member(event.memberId, event.groupInstanceId);
  group.checkGeneration(event.generationId);
  keepAlive(member, turn);
  return group.state === "PreparingRebalance" ? "REBALANCE_IN_PROGRESS" : undefined;
}

/** Takes in a LeaveGroup: removes each member named, and rebalances without them. */
export function leaveGroup(group: ClassicGroup, event: LeaveEvent, turn: Turn): LeaveAnswer {
  const answers = event.members.map((one) => ({
    memberId: one.memberId,
    groupInstanceId: one.groupInstanceId,
    error: removeOne(group, one, turn),
  }));
  if (answers.every(({ error }) => error !== undefined)) return answers;
  if (group.state === "Stable" || group.state === "CompletingRebalance") {
    rebalanceOrComplete(group, turn);
  } else completeWhenAllJoined(group, turn);
  return answers;
}

function removeOne(
  group: ClassicGroup,
  { memberId, groupInstanceId }: LeaveEvent["members"][number],
  turn: Turn,
): BrokerErrorCode | undefined {
  if (group.pendingJoin.has(memberId)) {
    group.remove(memberId);
    return undefined;
  }
  // An operator removes a static member without knowing its id (KIP-345).
  const owner = groupInstanceId === null ? undefined : group.staticMembers.get(groupInstanceId);
  if (memberId === "" && owner === undefined) return "UNKNOWN_MEMBER_ID";
  try {
    const id = memberId === "" && owner !== undefined ? owner : memberId;
    removeMember(group, group.member(id, groupInstanceId), turn);
    return undefined;
  } catch (error) {
    if (error instanceof BrokerError) return error.code;
    throw error;
  }
}
