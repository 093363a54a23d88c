import { BrokerError } from "../../../errors.ts";
import { epochRecord, regexRecord, regexTombstone } from "./consumer-group-record.ts";
import { type Member, regexOf } from "./member.ts";
import type { Operation } from "./operation.ts";
import type { RegexRefresh } from "./regex-refreshes.ts";
import { type ResolvedRegex, subscriptionsOf } from "./subscriptions.ts";
import { type TopicPattern, topicPattern } from "./topic-pattern.ts";

/** What has become of a member's regular expression: "resolved" where its topics are known already. */
export type RegexChange = "none" | "updated" | "resolved";

/** In milliseconds: how long what was looked up holds at least. */
const minRefreshIntervalMs = 10_000;
/** In milliseconds: when topics are looked at again of which nothing was heard; as good as never. */
export const metadataRefreshIntervalMs = 2 ** 31 - 1;

/**
 * Takes in that a member has another regular expression, perhaps, and has those of the group looked up
 * where that is due (`maybeUpdateRegularExpressions`); not for members of whom `isVisible` is not known.
 * Throws INVALID_REGULAR_EXPRESSION.
 */
export function updateRegex(
  operation: Operation,
  member: Member,
  updated: Member,
  isVisible: RegexRefresh["isVisible"] | undefined,
): RegexChange {
  const { group, records, surroundings } = operation;
  const { regexes } = group.subscriptions;
  const before = regexOf(member);
  const after = regexOf(updated);
  let change: RegexChange = "none";
  let isNew = false;
  if (member.subscribedTopicRegex !== updated.subscribedTopicRegex) {
    change = "updated";
    if (before !== undefined && regexes.get(before) === 1) {
      records.push(regexTombstone(group.id, before));
    }
    if (after === undefined) change = before === undefined ? change : "resolved";
    else if (!regexes.has(after)) {
      topicPattern(after);
      isNew = true;
    } else if (group.regexes.has(after)) change = "resolved";
  }
  if (isVisible === undefined || (!isNew && regexes.size === 0)) return change;
  const { refreshes } = surroundings;
  if (refreshes.isWaiting(group.id)) return change;
  const wanted = new Map(regexes);
  if (before !== undefined) count(wanted, before, -1);
  if (after !== undefined) count(wanted, after, 1);
  if (wanted.size > 0 && isRefreshDue(operation, isNew, wanted.size)) {
    refreshes.add(group.id, { regexes: [...wanted.keys()], isVisible }, operation.now);
  }
  return change;
}

function count(counts: Map<string, number>, regex: string, step: 1 | -1): void {
  const sum = (counts.get(regex) ?? 0) + step;
  if (sum <= 0) counts.delete(regex);
  else counts.set(regex, sum);
}

function isRefreshDue({ group, surroundings }: Operation, isNew: boolean, wanted: number): boolean {
  const [last] = group.regexes.values();
  if (last === undefined) return true;
  const timestamp = surroundings.timestamp();
  if (timestamp <= last.timestamp + minRefreshIntervalMs) return false;
  return (
    isNew ||
    wanted !== group.regexes.size ||
    last.version < surroundings.refreshes.version ||
    timestamp > last.timestamp + surroundings.settings.regexRefreshIntervalMs
  );
}

/** Looks the regular expressions of a group up, and bumps its epoch where its topics are others now. */
export function resolveRegexes(operation: Operation, { regexes, isVisible }: RegexRefresh): void {
  const { group, records, surroundings, now } = operation;
  const image = surroundings.image();
  const resolved = new Map(group.regexes);
  let isChanged = false;
  for (const [regex, topics] of matches(regexes, [...image.topics.keys()].filter(isVisible))) {
    if (!group.subscriptions.regexes.has(regex)) continue;
    const entry: ResolvedRegex = {
      topics,
      version: surroundings.refreshes.version,
      timestamp: surroundings.timestamp(),
    };
    isChanged ||= !isSameTopics(group.regexes.get(regex)?.topics ?? new Set(), topics);
    resolved.set(regex, entry);
    records.push(regexRecord(group.id, regex, entry));
  }
  const subscriptions = subscriptionsOf(group.members, resolved);
  const hash = surroundings.hashes.of(subscriptions.topics.keys(), image);
  if (!isChanged && hash === group.metadataHash) return;
  const epoch = group.epoch + 1;
  records.push(epochRecord(group.id, epoch, hash));
  group.refreshAt(now + metadataRefreshIntervalMs, epoch);
}

function matches(
  regexes: readonly string[],
  topicNames: readonly string[],
): [regex: string, topics: ReadonlySet<string>][] {
  return regexes.flatMap((regex) => {
    const pattern = validPattern(regex);
    return pattern === undefined ? [] : [[regex, new Set(topicNames.filter(pattern))] as const];
  }) as [string, ReadonlySet<string>][];
}

/** All have been compiled when they came; one that came into the log otherwise stands for nothing. */
function validPattern(regex: string): TopicPattern | undefined {
  try {
    return topicPattern(regex);
  } catch (error) {
    if (error instanceof BrokerError) return undefined;
    throw error;
  }
}

function isSameTopics(left: ReadonlySet<string>, right: ReadonlySet<string>): boolean {
  return left.size === right.size && left.isSubsetOf(right);
}
