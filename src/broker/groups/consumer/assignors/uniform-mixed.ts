import type { Partitions } from "../assignment.ts";
import {
  type AssignorInput,
  addPartition,
  copyOf,
  type OpenPartitions,
  removePartition,
} from "./assignor.ts";
import { MemberLoads } from "./member-loads.ts";

/**
 * How often all topics are gone through to even things out. Where subscriptions overlap in part, each
 * round about halves what is uneven, so that this is near enough.
 */
const maxRounds = 16;

/**
 * Shares partitions out to members with different subscriptions (`UniformHeterogeneousAssignmentBuilder`):
 * what members had stays where it was, what is free goes to the subscribers that have least, and then
 * partitions move from those with most to those with least until each topic's subscribers differ by one.
 */
export function uniformMixed(input: AssignorInput): Map<string, Partitions> {
  const plan = new Plan(input);
  plan.assignFree();
  plan.balance();
  return plan.assignment;
}

/** Topics with what is known of them: the owner of each partition, −1 for none, and the subscribers. */
interface Topic {
  readonly id: string;
  readonly owners: number[];
  readonly subscribers: number[];
}

/** An assignment in the making. Members are numbered in the order of the input. */
class Plan {
  readonly assignment = new Map<string, OpenPartitions>();
  readonly #members: OpenPartitions[] = [];
  readonly #sizes: number[] = [];
  readonly #topics: readonly Topic[];

  constructor({ members, partitionCount }: AssignorInput) {
    const topics = new Map<string, Topic>();
    for (const [memberId, { topicIds, previous }] of members) {
      const member = this.#members.length;
      for (const id of topicIds) {
        const topic = topics.get(id) ?? {
          id,
          owners: new Array<number>(partitionCount(id)).fill(-1),
          subscribers: [],
        };
        topic.subscribers.push(member);
        topics.set(id, topic);
      }
      const kept = copyOf(previous);
      for (const topicId of previous.keys()) if (!topicIds.has(topicId)) kept.delete(topicId);
      this.assignment.set(memberId, kept);
      this.#members.push(kept);
      this.#sizes.push(0);
    }
    for (const [member, partitions] of this.#members.entries()) {
      for (const [topicId, of] of partitions) {
        const topic = topics.get(topicId);
        for (const partition of of) if (topic !== undefined) topic.owners[partition] = member;
        this.#sizes[member] = (this.#sizes[member] ?? 0) + of.size;
      }
    }
    this.#topics = [...topics.values()].sort(byNeed);
  }

  /** Gives the partitions that nobody has to the subscribers that have least. */
  assignFree(): void {
    for (const topic of this.#topics) {
      const loads = new MemberLoads(this.#sizes, topic.subscribers);
      for (const [partition, owner] of topic.owners.entries()) {
        if (owner === -1) this.#assign(topic, partition, loads.takeLeast());
      }
    }
  }

  /** Moves partitions until no topic can be shared out more evenly, or the rounds are used up. */
  balance(): void {
    const movable = this.#topics.filter(({ subscribers }) => subscribers.length >= 2);
    let lastMoved = -1;
    for (let round = 0; round < maxRounds; round += 1) {
      for (const [index, topic] of movable.entries()) {
        // All topics have been gone through since the last move.
        if (index === lastMoved) return;
        if (this.#balanceTopic(topic) > 0 || lastMoved === -1) lastMoved = index;
      }
    }
  }

  #balanceTopic(topic: Topic): number {
    const loads = new MemberLoads(this.#sizes, topic.subscribers);
    if (loads.imbalance <= 1) return 0;
    const owned = new Map<number, number[]>();
    for (const [partition, owner] of topic.owners.entries()) {
      const partitions = owned.get(owner);
      if (partitions === undefined) owned.set(owner, [partition]);
      else partitions.push(partition);
    }
    let moved = 0;
    for (;;) {
      const partition = takeFromFullest(loads, owned);
      if (partition === undefined) return moved;
      const receiver = loads.takeLeast();
      if (loads.isBalanced) return moved;
      this.#assign(topic, partition, receiver);
      moved += 1;
    }
  }

  #assign({ id, owners }: Topic, partition: number, member: number): void {
    const owner = owners[partition] ?? -1;
    const previous = this.#members[owner];
    if (previous !== undefined) {
      removePartition(previous, id, partition);
      this.#sizes[owner] = (this.#sizes[owner] ?? 0) - 1;
    }
    const partitions = this.#members[member];
    if (partitions !== undefined) addPartition(partitions, id, partition);
    owners[partition] = member;
    this.#sizes[member] = (this.#sizes[member] ?? 0) + 1;
  }
}

/** A partition of the member that has most among those that have any of the topic. */
function takeFromFullest(
  loads: MemberLoads,
  owned: ReadonlyMap<number, number[]>,
): number | undefined {
  for (;;) {
    const giver = loads.takeMost();
    if (giver === undefined) return undefined;
    const partition = owned.get(giver)?.pop();
    if (partition !== undefined) return partition;
    loads.excludeMost();
  }
}

/** Topics with most partitions for each subscriber first, as they weigh most; then those with few subscribers. */
function byNeed(left: Topic, right: Topic): number {
  const perSubscriber = ({ owners, subscribers }: Topic) => owners.length / subscribers.length;
  return (
    perSubscriber(right) - perSubscriber(left) ||
    left.subscribers.length - right.subscribers.length ||
    (left.id < right.id ? -1 : 1)
  );
}
