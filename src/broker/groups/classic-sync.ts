import type { BrokerErrorCode } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import type { ClassicGroup } from "./classic-group.ts";
import { noAssignment, type Ticket, type Turn } from "./classic-member.ts";
import { refusedSync, type SyncEvent } from "./classic-protocol.ts";
import { giveAssignment, rebalanceOrComplete, refuseAssignment } from "./classic-rebalance.ts";

/**
 * Takes in a SyncGroup (`GroupMetadataManager.classicGroupSyncToClassicGroup`): the leader's has the
 * assignment of all, and once that is stored everyone who waits gets his. The answer is among the
 * turn's, or comes with a later turn.
 */
export function syncGroup(
  group: ClassicGroup,
  { event, ticket }: { readonly event: SyncEvent; readonly ticket: Ticket },
  turn: Turn,
): void {
  const refuse = (error: BrokerErrorCode) =>
    void turn.syncs.push({ ticket, answer: refusedSync(error) });
  const error = syncError(group, event);
  if (error !== undefined) {
    refuse(error);
    return;
  }
  const member = group.member(event.memberId, event.groupInstanceId);
  switch (group.state) {
    case "Empty":
    case "Dead":
      refuse("UNKNOWN_MEMBER_ID");
      return;
    case "PreparingRebalance":
      refuse("REBALANCE_IN_PROGRESS");
      return;
    case "CompletingRebalance":
      // Where the member asks twice, nobody waits for the first answer any more.
      group.answerSync(member, "REBALANCE_IN_PROGRESS", turn);
      member.sync = ticket;
      hasSynced(group, event.memberId);
      if (group.leader === event.memberId) storeAssignment(group, event, turn);
      return;
    case "Stable":
      hasSynced(group, event.memberId);
      turn.syncs.push({
        ticket,
        answer: {
          error: undefined,
          protocolType: group.ownProtocolType ?? null,
          protocolName: group.protocolName ?? null,
          assignment: member.assignment,
        },
      });
  }
}

function syncError(group: ClassicGroup, event: SyncEvent): BrokerErrorCode | undefined {
  try {
    group.member(event.memberId, event.groupInstanceId);
    group.checkGeneration(event.generationId);
  } catch (error) {
    if (error instanceof BrokerError) return error.code;
    throw error;
  }
  const { ownProtocolType, protocolName } = group;
  const differs = (told: string | null, own: string | undefined) =>
    told !== null && own !== undefined && told !== own;
  return differs(event.protocolType, ownProtocolType) || differs(event.protocolName, protocolName)
    ? "INCONSISTENT_GROUP_PROTOCOL"
    : undefined;
}

function hasSynced(group: ClassicGroup, memberId: string): void {
  group.pendingSync.delete(memberId);
  if (group.pendingSync.size === 0) group.syncDeadline = undefined;
}

function storeAssignment(group: ClassicGroup, event: SyncEvent, turn: Turn): void {
  const { assignments, generationId } = event;
  const assignmentOf = ({ id }: { readonly id: string }) => assignments.get(id) ?? noAssignment;
  const settle = (error: BrokerErrorCode | undefined): void => {
    if (group.state !== "CompletingRebalance" || group.generation !== generationId) return;
    if (error !== undefined) {
      refuseAssignment(group, error, turn);
      rebalanceOrComplete(group, turn);
      return;
    }
    for (const member of group.members.values()) member.assignment = assignmentOf(member);
    giveAssignment(group, undefined, turn);
    group.become("Stable", turn.timestamp);
  };
  turn.stores.push({ record: group.record(assignmentOf), settle });
}
