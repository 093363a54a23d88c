import { type Member, regexOf } from "./member.ts";

/** The topics that a regular expression stood for when it was last looked up. */
export interface ResolvedRegex {
  readonly topics: ReadonlySet<string>;
  /** Rises whenever topics came. */
  readonly version: number;
  /** By the wall clock. */
  readonly timestamp: number;
}

/** What the members of a group are subscribed to, taken together. */
export interface Subscriptions {
  /** How many members name a topic, and how many regular expressions stand for it. */
  readonly topics: ReadonlyMap<string, { readonly byName: number; readonly byRegex: number }>;
  /** How many members have each regular expression. */
  readonly regexes: ReadonlyMap<string, number>;
  /** Whether all members are subscribed to the same topics (`ConsumerGroup.subscriptionType`). */
  readonly isHomogeneous: boolean;
}

/** Sums up what members are subscribed to; resolved expressions that none of them has do not count. */
export function subscriptionsOf(
  members: ReadonlyMap<string, Member>,
  resolved: ReadonlyMap<string, ResolvedRegex>,
): Subscriptions {
  const topics = new Map<string, { byName: number; byRegex: number }>();
  const regexes = new Map<string, number>();
  const count = (topic: string, by: "byName" | "byRegex") => {
    const known = topics.get(topic) ?? { byName: 0, byRegex: 0 };
    known[by] += 1;
    topics.set(topic, known);
  };
  for (const member of members.values()) {
    for (const name of member.subscribedTopicNames) count(name, "byName");
    const regex = regexOf(member);
    if (regex !== undefined) regexes.set(regex, (regexes.get(regex) ?? 0) + 1);
  }
  for (const regex of regexes.keys()) {
    for (const topic of resolved.get(regex)?.topics ?? []) count(topic, "byRegex");
  }
  return { topics, regexes, isHomogeneous: isHomogeneous(topics, regexes, members.size) };
}

function isHomogeneous(
  topics: Subscriptions["topics"],
  regexes: Subscriptions["regexes"],
  memberCount: number,
): boolean {
  const counts = [...topics.values()];
  const [first] = regexes.values();
  if (first === undefined) return counts.every(({ byName }) => byName === memberCount);
  return (
    first === memberCount && counts.every(({ byName, byRegex }) => byName === 0 && byRegex === 1)
  );
}

/** The topics that one member is subscribed to, by name and by regular expression. */
export function topicsOf(
  member: Member,
  resolved: ReadonlyMap<string, ResolvedRegex>,
): ReadonlySet<string> {
  const regex = regexOf(member);
  const matched = regex === undefined ? undefined : resolved.get(regex)?.topics;
  return new Set([...member.subscribedTopicNames, ...(matched ?? [])]);
}
