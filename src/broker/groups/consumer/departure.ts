import type { Decision } from "../group-kind.ts";
import { epochRecord, memberTombstones, regexTombstone } from "./consumer-group-record.ts";
import { canDowngrade, downgrade } from "./downgrade.ts";
import { type Member, regexOf } from "./member.ts";
import type { Operation } from "./operation.ts";
import { subscriptionsOf } from "./subscriptions.ts";

/**
 * Removes members that leave or are fenced (`consumerGroupFenceMembers`), and bumps the group's epoch,
 * so that others get what they had. Where only members of the classic protocol remain, the group becomes
 * a classic one.
 */
export function removeMembers(
  operation: Operation,
  leaving: readonly Member[],
): Omit<Decision<unknown>, "result"> {
  const { group, records, surroundings } = operation;
  if (leaving.length === 0) return { records };
  const remaining = new Map(group.members);
  for (const { id } of leaving) remaining.delete(id);
  if (canDowngrade(operation, remaining)) {
    return downgrade(operation, remaining, { rebalance: true });
  }
  for (const { id } of leaving) records.push(...memberTombstones(group.id, id));
  const { topics, regexes } = subscriptionsOf(remaining, group.regexes);
  for (const regex of new Set(leaving.flatMap((member) => regexOf(member) ?? []))) {
    if (!regexes.has(regex)) records.push(regexTombstone(group.id, regex));
  }
  const hash = surroundings.hashes.of(topics.keys(), surroundings.image());
  records.push(epochRecord(group.id, group.epoch + 1, hash));
  return { records };
}
