import type { ClassicGroup } from "./classic-group.ts";
import { type ClassicMember, isKeptWaiting, noAssignment, type Turn } from "./classic-member.ts";
import { refusedJoin } from "./classic-protocol.ts";

/** Begins a rebalance where the group can, else ends the join phase where all are there. */
export function rebalanceOrComplete(group: ClassicGroup, turn: Turn): void {
  if (group.canRebalance) prepareRebalance(group, turn);
  else completeWhenAllJoined(group, turn);
}

/**
 * Calls all members back in (`GroupMetadataManager.prepareRebalance`). A new group first waits a
 * while for more members; any other one waits for its members as long as they said it may take.
 */
export function prepareRebalance(group: ClassicGroup, turn: Turn): void {
  if (group.state === "CompletingRebalance") {
    refuseAssignment(group, "REBALANCE_IN_PROGRESS", turn);
  }
  group.pendingSync.clear();
  group.syncDeadline = undefined;
  const wasEmpty = group.isEmpty;
  if (wasEmpty) {
    const delayMs = turn.settings.initialRebalanceDelayMs;
    const remainingMs = Math.max(group.rebalanceTimeoutMs - delayMs, 0);
    group.joinDeadline = { at: turn.deadline(delayMs), initial: { delayMs, remainingMs } };
  }
  group.become("PreparingRebalance", turn.timestamp);
  if (wasEmpty) return;
  if (group.haveAllJoined) completeJoin(group, turn);
  else waitForMembers(group, turn);
}

/** Ends the join phase where everyone has joined; an initial one only ends by time. */
export function completeWhenAllJoined(group: ClassicGroup, turn: Turn): void {
  if (group.state !== "PreparingRebalance" || group.isInitialRebalance) return;
  if (group.haveAllJoined) completeJoin(group, turn);
}

/** Takes back the assignments of the members, and answers those that wait for theirs with an error. */
export function refuseAssignment(
  group: ClassicGroup,
  error: Parameters<ClassicGroup["answerSync"]>[1],
  turn: Turn,
): void {
  for (const member of group.members.values()) member.assignment = noAssignment;
  giveAssignment(group, error, turn);
}

/** Answers all members that wait for their assignment, and begins their sessions anew. */
export function giveAssignment(
  group: ClassicGroup,
  error: Parameters<ClassicGroup["answerSync"]>[1],
  turn: Turn,
): void {
  for (const member of group.members.values()) {
    if (group.answerSync(member, error, turn)) keepAlive(member, turn);
  }
}

/** Begins a member's session anew, or another time until it counts as gone. */
export function keepAlive(
  member: ClassicMember,
  turn: Turn,
  timeoutMs: number = member.sessionTimeoutMs,
): void {
  member.expiresAt = turn.deadline(timeoutMs);
}

/** Removes a member that has left or fallen silent; if it waits to join, it may try again. */
export function removeMember(group: ClassicGroup, member: ClassicMember, turn: Turn): void {
  group.answerJoin(member, refusedJoin("UNKNOWN_MEMBER_ID", ""), turn);
  group.remove(member.id);
}

/** Does what has become due: sessions, the join phase, assignments that nobody asked for. */
export function passTime(group: ClassicGroup, turn: Turn): void {
  for (const [memberId, expiresAt] of [...group.pendingJoin]) {
    if (expiresAt > turn.now) continue;
    group.remove(memberId);
    completeAfterRemoval(group, turn);
  }
  for (const member of [...group.members.values()]) {
    if (member.expiresAt === undefined || member.expiresAt > turn.now) continue;
    // It may be that what was done for another member has removed this one.
    if (!group.members.has(member.id)) continue;
    member.expiresAt = undefined;
    if (isKeptWaiting(member)) continue;
    removeMember(group, member, turn);
    if (group.state === "Stable" || group.state === "CompletingRebalance") {
      prepareRebalance(group, turn);
    } else completeAfterRemoval(group, turn);
  }
  const join = group.joinDeadline;
  if (join !== undefined && join.at <= turn.now) endJoinPhase(group, join.initial, turn);
  const sync = group.syncDeadline;
  if (sync !== undefined && sync <= turn.now) dropUnsynced(group, turn);
}

/** When {@link passTime} has something to do next. */
export function nextDeadline(group: ClassicGroup): number {
  let next = Math.min(
    group.joinDeadline?.at ?? Number.POSITIVE_INFINITY,
    group.syncDeadline ?? Number.POSITIVE_INFINITY,
  );
  for (const at of group.pendingJoin.values()) if (at < next) next = at;
  for (const { expiresAt } of group.members.values()) {
    if (expiresAt !== undefined && expiresAt < next) next = expiresAt;
  }
  return next;
}

/**
 * Removes who has not joined again, static members aside, and begins the next generation
 * (`GroupMetadataManager.completeClassicGroupJoin`). Where nobody at all has joined, it waits on until
 * sessions end.
 */
function completeJoin(group: ClassicGroup, turn: Turn): void {
  group.joinDeadline = undefined;
  for (const member of [...group.members.values()]) {
    if (member.join === undefined && member.groupInstanceId === null) group.remove(member.id);
  }
  if (!group.electJoinedLeader() && group.members.size > 0) {
    waitForMembers(group, turn);
    return;
  }
  group.beginGeneration(turn.timestamp);
  if (group.isEmpty) {
    // Should this not be stored, the generation before it comes back after a restart, and runs out.
    turn.stores.push({ record: group.record(({ assignment }) => assignment), settle: () => {} });
    return;
  }
  for (const member of group.members.values()) {
    group.answerJoin(member, group.joinAnswer(member.id), turn);
    keepAlive(member, turn);
    member.isNew = false;
    group.pendingSync.add(member.id);
  }
  group.syncDeadline = turn.deadline(group.rebalanceTimeoutMs);
}

function waitForMembers(group: ClassicGroup, turn: Turn): void {
  group.joinDeadline = { at: turn.deadline(group.rebalanceTimeoutMs), initial: undefined };
}

function completeAfterRemoval(group: ClassicGroup, turn: Turn): void {
  if (group.state === "PreparingRebalance" && group.haveAllJoined) completeJoin(group, turn);
}

/** Ends the join phase, unless the group is new and someone has come since: then it waits once more. */
function endJoinPhase(
  group: ClassicGroup,
  initial: { readonly delayMs: number; readonly remainingMs: number } | undefined,
  turn: Turn,
): void {
  if (initial === undefined || !group.hasNewMember || initial.remainingMs === 0) {
    completeJoin(group, turn);
    return;
  }
  group.hasNewMember = false;
  const delayMs = Math.min(turn.settings.initialRebalanceDelayMs, initial.remainingMs);
  const remainingMs = Math.max(initial.remainingMs - initial.delayMs, 0);
  group.joinDeadline = { at: turn.deadline(delayMs), initial: { delayMs, remainingMs } };
}

/** Removes the members that never asked for their assignment, and rebalances without them. */
function dropUnsynced(group: ClassicGroup, turn: Turn): void {
  group.syncDeadline = undefined;
  if (group.state !== "CompletingRebalance" && group.state !== "Stable") return;
  if (group.pendingSync.size === 0) return;
  for (const memberId of [...group.pendingSync]) group.remove(memberId);
  prepareRebalance(group, turn);
}
