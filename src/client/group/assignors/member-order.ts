import type { GroupMember } from "../assignor.ts";

/**
 * Puts members into the order in which Kafka serves them: static members by their names, so that
 * they get the same when they return under another id, then the others by their ids.
 */
export function inOrder(members: readonly GroupMember[]): GroupMember[] {
  return [...members].sort(compare);
}

function compare(left: GroupMember, right: GroupMember): number {
  if (left.groupInstanceId !== null && right.groupInstanceId !== null) {
    return compareText(left.groupInstanceId, right.groupInstanceId);
  }
  if (left.groupInstanceId !== null) return -1;
  if (right.groupInstanceId !== null) return 1;
  return compareText(left.memberId, right.memberId);
}

/** Orders texts by their UTF-16 units, as Java does. */
export function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
