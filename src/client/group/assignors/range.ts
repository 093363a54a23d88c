import type { TopicPartition } from "../../topic-partition.ts";
import type {
  AssignablePartition,
  AssignableTopics,
  Assignment,
  Assignor,
  GroupMember,
} from "../assignor.ts";
import { byTopicAndNumber } from "../partition-set.ts";
import { inOrder } from "./member-order.ts";

/**
 * Cuts each topic into one range of partitions a member, so that partitions of the same number go
 * to the same member where topics have as many partitions and subscribers. Where members tell their
 * racks and partitions differ in theirs, it prefers replicas nearby (KIP-881). The same as Kafka's
 * RangeAssignor.
 */
export const range: Assignor = { name: "range", protocols: ["eager"], assign: assignRanges };

function assignRanges(
  topics: AssignableTopics,
  members: readonly GroupMember[],
): ReadonlyMap<string, Assignment> {
  const given = new Map<string, TopicPartition[]>(members.map(({ memberId }) => [memberId, []]));
  const ordered = inOrder(members);
  const shares: TopicShare[] = [];
  for (const [topic, partitions] of topics) {
    const subscribers = ordered.filter((member) => member.topics.includes(topic));
    if (subscribers.length > 0) shares.push(new TopicShare(topic, partitions, subscribers, given));
  }
  const isRackAware = shares.some(({ needsRacks }) => needsRacks);
  if (isRackAware) assignNearby(shares);
  for (const share of shares) share.assignRanges(() => true);
  if (isRackAware) for (const partitions of given.values()) partitions.sort(byTopicAndNumber);
  return new Map([...given].map(([memberId, partitions]) => [memberId, { partitions }]));
}

/** Topics alike in subscribers and partition count are handled together, to keep them co-partitioned. */
function assignNearby(shares: readonly TopicShare[]): void {
  const alike = Map.groupBy(shares, ({ size, members }) =>
    JSON.stringify([size, ...members.map(({ memberId }) => memberId)]),
  );
  for (const group of alike.values()) {
    const [first] = group as [TopicShare];
    if (group.length > 1) assignTogether(group, first);
    else if (first.needsRacks) first.assignRanges((member, at) => first.isNear(member, at));
  }
}

function assignTogether(group: readonly TopicShare[], { members, size }: TopicShare): void {
  let remaining = [...members];
  for (let at = 0; at < size && remaining.length > 0; at += 1) {
    const fits = (member: GroupMember) =>
      group.every((share) => share.isNear(member, at) && share.room(member) > 0);
    const nearest = remaining.find(fits);
    if (!nearest) continue;
    for (const share of group) share.give(nearest, [at]);
    if (group.every((share) => share.room(nearest) === 0)) {
      remaining = remaining.filter((member) => member !== nearest);
    }
  }
}

/** How far a topic has been shared out. Partitions go by their place in the topic's list. */
class TopicShare {
  readonly topic: string;
  readonly members: readonly GroupMember[];
  readonly size: number;
  /** Whether it matters for this topic who is near. */
  readonly needsRacks: boolean;
  readonly #partitions: readonly AssignablePartition[];
  readonly #given: ReadonlyMap<string, TopicPartition[]>;
  readonly #counts = new Map<GroupMember, number>();
  readonly #quota: number;
  readonly #unassigned: Set<number>;
  #extras: number;

  constructor(
    topic: string,
    partitions: readonly AssignablePartition[],
    members: readonly GroupMember[],
    given: ReadonlyMap<string, TopicPartition[]>,
  ) {
    this.topic = topic;
    this.members = members;
    this.size = partitions.length;
    this.needsRacks = differInRacks(partitions, members);
    this.#partitions = partitions;
    this.#given = given;
    this.#quota = Math.floor(partitions.length / members.length);
    this.#extras = partitions.length % members.length;
    this.#unassigned = new Set(partitions.keys());
  }

  /** How many more partitions the member may get. */
  room(member: GroupMember): number {
    const limit = this.#quota + (this.#extras > 0 ? 1 : 0);
    return Math.max(0, limit - (this.#counts.get(member) ?? 0));
  }

  isNear({ rackId }: GroupMember, at: number): boolean {
    return !rackId || (this.#partitions[at]?.racks.includes(rackId) ?? false);
  }

  assignRanges(mayHave: (member: GroupMember, at: number) => boolean): void {
    for (const member of this.members) {
      const possible = [...this.#unassigned].filter((at) => mayHave(member, at));
      const taken = possible.slice(0, this.room(member));
      if (taken.length > 0) this.give(member, taken);
    }
  }

  give(member: GroupMember, places: readonly number[]): void {
    const partitions = this.#given.get(member.memberId);
    for (const at of places) {
      const { partition } = this.#partitions[at] as AssignablePartition;
      partitions?.push({ topic: this.topic, partition });
      this.#unassigned.delete(at);
    }
    const count = (this.#counts.get(member) ?? 0) + places.length;
    this.#counts.set(member, count);
    if (count > this.#quota) this.#extras -= 1;
  }
}

/** Racks matter where some member is in a rack with replicas, and not all racks have all partitions. */
function differInRacks(
  partitions: readonly AssignablePartition[],
  members: readonly GroupMember[],
): boolean {
  const racks = new Set(partitions.flatMap((one) => one.racks));
  const isAnyoneNear = members.some(({ rackId }) => rackId && racks.has(rackId));
  return isAnyoneNear && partitions.some((one) => new Set(one.racks).size !== racks.size);
}
