import type { BrokerErrorCode } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import type { ClassicGroup } from "./classic-group.ts";
import {
  type ClassicMember,
  hasProtocols,
  newMember,
  type Ticket,
  type Turn,
} from "./classic-member.ts";
import { type JoinEvent, refusedJoin } from "./classic-protocol.ts";
import {
  completeWhenAllJoined,
  keepAlive,
  prepareRebalance,
  rebalanceOrComplete,
} from "./classic-rebalance.ts";

/** From this version of JoinGroup on, who has no id is given one and must come back with it (KIP-394). */
const memberIdRequiredFrom = 4;
/** From this version on, a leader can be told that there is nothing to assign (KIP-814). */
const skipAssignmentFrom = 9;
/** How long someone new may wait in a join phase: he cannot send heartbeats, and may be gone. */
const newMemberJoinTimeoutMs = 5 * 60 * 1000;

/** A JoinGroup under way: what was asked, and where its answer goes. */
interface Join {
  readonly event: JoinEvent;
  readonly ticket: Ticket;
  /** The id for a member that has none. */
  readonly newId: string;
}

/**
 * Takes in a JoinGroup (`GroupMetadataManager.classicGroupJoinToClassicGroup`). Its answer is among the
 * turn's, or comes with a later turn.
 */
export function joinGroup(group: ClassicGroup, join: Join, turn: Turn): void {
  const { event, ticket } = join;
  const refuse = (error: BrokerErrorCode, memberId: string) =>
    void turn.joins.push({ ticket, answer: refusedJoin(error, memberId) });
  if (!hasRoomFor(group, event.memberId, turn)) {
    group.remove(event.memberId);
    refuse("GROUP_MAX_SIZE_REACHED", "");
  } else if (!group.supports(event.protocolType, event.protocols)) {
    refuse("INCONSISTENT_GROUP_PROTOCOL", event.memberId);
  } else if (event.memberId === "") joinNew(group, join, turn);
  else if (group.pendingJoin.has(event.memberId)) {
    // Ids are given out to dynamic members only, so this is a client's mistake that has no code.
    if (event.groupInstanceId !== null) refuse("UNKNOWN_SERVER_ERROR", "");
    else addMember(group, join, event.memberId, turn);
  } else {
    try {
      rejoin(group, join, group.member(event.memberId, event.groupInstanceId), turn);
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      refuse(error.code, event.memberId);
    }
  }
}

/** Whether the group is not full. While it rebalances, the first who join again are those who stay. */
function hasRoomFor(group: ClassicGroup, memberId: string, { settings }: Turn): boolean {
  const member = group.members.get(memberId);
  switch (group.state) {
    case "Empty":
    case "Dead":
      return true;
    case "PreparingRebalance":
      return member?.join !== undefined || group.awaitingJoin < settings.maxSize;
    case "CompletingRebalance":
    case "Stable":
      return member !== undefined || group.members.size < settings.maxSize;
  }
}

function joinNew(group: ClassicGroup, join: Join, turn: Turn): void {
  const { event, ticket, newId } = join;
  const { groupInstanceId } = event;
  const existing = groupInstanceId === null ? undefined : group.staticMembers.get(groupInstanceId);
  const old = existing === undefined ? undefined : group.members.get(existing);
  if (old !== undefined) replaceStatic(group, join, old, turn);
  else if (groupInstanceId !== null || event.apiVersion < memberIdRequiredFrom) {
    addMember(group, join, newId, turn);
  } else {
    group.pendingJoin.set(newId, turn.deadline(event.sessionTimeoutMs));
    turn.joins.push({ ticket, answer: refusedJoin("MEMBER_ID_REQUIRED", newId) });
  }
}

function addMember(group: ClassicGroup, join: Join, id: string, turn: Turn): void {
  const member = { ...newMember(join.event, id), isNew: true, join: join.ticket };
  if (group.isInitialRebalance) group.hasNewMember = true;
  group.add(member);
  keepAlive(member, turn, newMemberJoinTimeoutMs);
  rebalanceOrComplete(group, turn);
}

/** A member comes back: into a rebalance under way, or to begin one, or for the answer that it missed. */
function rejoin(group: ClassicGroup, join: Join, member: ClassicMember, turn: Turn): void {
  const { event, ticket } = join;
  const isUnchanged = hasProtocols(member, event.protocols);
  switch (group.state) {
    case "CompletingRebalance":
    case "Stable": {
      // A leader that joins again wants a new assignment, say since topics have grown.
      const mustRebalance = group.state === "Stable" && group.leader === member.id;
      if (isUnchanged && !mustRebalance) {
        turn.joins.push({ ticket, answer: group.joinAnswer(member.id) });
        return;
      }
      break;
    }
    case "PreparingRebalance":
      break;
    case "Empty":
    case "Dead":
      turn.joins.push({ ticket, answer: refusedJoin("UNKNOWN_MEMBER_ID", member.id) });
      return;
  }
  group.update(member, event, ticket, turn);
  rebalanceOrComplete(group, turn);
}

/** A static member has started again: it takes its own place under another id (KIP-345). */
function replaceStatic(group: ClassicGroup, join: Join, old: ClassicMember, turn: Turn): void {
  const { event, newId } = join;
  const formerLeader = group.leader;
  const member = group.replace(old, newId, turn);
  keepAlive(member, turn);
  group.update(member, event, join.ticket, turn);
  switch (group.state) {
    case "Stable":
      if (group.protocolName === group.selectProtocol()) {
        storeReplacement(group, join, { old, member, formerLeader }, turn);
      } else rebalanceOrComplete(group, turn);
      return;
    case "CompletingRebalance":
      // The leader may have been told of the old id, and would assign to that.
      prepareRebalance(group, turn);
      return;
    case "PreparingRebalance":
      completeWhenAllJoined(group, turn);
      return;
    case "Empty":
    case "Dead":
      throw new BrokerError("UNKNOWN_MEMBER_ID", `group "${group.id}" has no members to replace`);
  }
}

/** Keeps the generation and its assignments: only the new id has to be stored before the answer goes out. */
function storeReplacement(
  group: ClassicGroup,
  { event, newId }: Join,
  change: {
    readonly old: ClassicMember;
    readonly member: ClassicMember;
    readonly formerLeader: string | undefined;
  },
  turn: Turn,
): void {
  const { old, member, formerLeader } = change;
  const settle = (error: BrokerErrorCode | undefined): void => {
    if (error === undefined) {
      const isLeader = group.leader === newId;
      const answer = group.joinAnswer(newId);
      const isSkipping = event.apiVersion >= skipAssignmentFrom;
      // Older clients must not learn that they lead, or they would assign what is assigned already.
      const told = isSkipping
        ? { ...answer, skipAssignment: isLeader }
        : { ...answer, members: [], leader: formerLeader ?? "" };
      group.answerJoin(member, told, turn);
      return;
    }
    const refusal = { ...refusedJoin(error, ""), leader: formerLeader ?? "" };
    group.answerJoin(member, refusal, turn);
    group.update(member, old, undefined, turn);
    keepAlive(group.replace(member, old.id, turn), turn);
  };
  turn.stores.push({ record: group.record(({ assignment }) => assignment), settle });
}
