import { partitionName, type TopicPartition } from "../../topic-partition.ts";
import type { AssignableTopics } from "../assignor.ts";
import { compareText } from "./member-order.ts";

/** What a sticky assignor knows of a member. */
export interface StickyMember {
  readonly memberId: string;
  readonly topics: readonly string[];
  /** What it has or had last. */
  readonly owned: readonly TopicPartition[];
  /** The generation in which it had them, −1 if unknown: of two who claim a partition, the later has it. */
  readonly generationId: number;
}

/** How partitions are shared out, and which of them members of one generation both claim to have. */
export interface StickyShares {
  readonly partitions: ReadonlyMap<string, readonly TopicPartition[]>;
  readonly contested: ReadonlySet<string>;
}

/**
 * Shares partitions out evenly and moves as few as it can. Nobody is left with two partitions fewer
 * than someone who has one that it could take; among members with equal subscriptions, a partition
 * changes hands only where the balance demands it.
 */
export function shareOut(topics: AssignableTopics, members: readonly StickyMember[]): StickyShares {
  const ordered = [...members].sort((a, b) => compareText(a.memberId, b.memberId));
  const seats = ordered.map((member): Seat => ({ member, load: 0, held: new Map() }));
  const { homes, contested } = claims(seats);
  const pools = poolsOf(topics, seats, homes);
  for (const pool of pools) for (const slot of pool.slots) seatAtHome(slot);
  // Those that few want go first: later ones can be put elsewhere.
  const scarceFirst = pools.toSorted((a, b) => a.seats.length - b.seats.length);
  for (const { seats: takers, slots } of scarceFirst) {
    for (const slot of slots) if (!slot.holder) put(slot, leastLoaded(takers));
  }
  levelOut(seats);
  for (const pool of pools) bringHome(pool);
  const partitions = new Map(seats.map((seat) => [seat.member.memberId, partitionsOf(seat)]));
  return { partitions, contested };
}

/** A member and what it holds, by pool. */
interface Seat {
  readonly member: StickyMember;
  load: number;
  readonly held: Map<Pool, Set<Slot>>;
}

/** The partitions of all topics that the same members want: they are alike but for whom they were with. */
interface Pool {
  readonly seats: readonly Seat[];
  readonly slots: Slot[];
}

interface Slot extends TopicPartition {
  readonly pool: Pool;
  /** Who had it last. */
  readonly home: Seat | undefined;
  holder: Seat | undefined;
}

function claims(seats: readonly Seat[]) {
  const homes = new Map<string, Seat>();
  const contested = new Set<string>();
  for (const seat of seats) {
    for (const { topic, partition } of seat.member.owned) {
      const name = partitionName(topic, partition);
      const other = homes.get(name);
      const lead = other ? seat.member.generationId - other.member.generationId : 1;
      if (lead > 0) homes.set(name, seat);
      if (lead > 0) contested.delete(name);
      if (lead === 0 && other !== seat) contested.add(name);
    }
  }
  for (const name of contested) homes.delete(name);
  return { homes, contested };
}

function poolsOf(
  topics: AssignableTopics,
  seats: readonly Seat[],
  homes: ReadonlyMap<string, Seat>,
): Pool[] {
  const takers = new Map<string, Seat[]>([...topics.keys()].map((topic) => [topic, []]));
  for (const seat of seats) {
    for (const topic of new Set(seat.member.topics)) takers.get(topic)?.push(seat);
  }
  const places = new Map(seats.map((seat, place) => [seat, place]));
  const pools = new Map<string, Pool>();
  for (const topic of [...topics.keys()].sort(compareText)) {
    const wanting = takers.get(topic) ?? [];
    if (wanting.length === 0) continue;
    const key = wanting.map((seat) => places.get(seat)).join();
    const pool = pools.get(key) ?? { seats: wanting, slots: [] };
    pools.set(key, pool);
    for (const { partition } of topics.get(topic) ?? []) {
      const home = homes.get(partitionName(topic, partition));
      pool.slots.push({ topic, partition, pool, home, holder: undefined });
    }
  }
  return [...pools.values()];
}

function seatAtHome(slot: Slot): void {
  const { home, pool } = slot;
  if (home && pool.seats.includes(home)) put(slot, home);
}

function put(slot: Slot, seat: Seat): void {
  const { holder, pool } = slot;
  if (holder) {
    holder.load -= 1;
    holder.held.get(pool)?.delete(slot);
  }
  slot.holder = seat;
  seat.load += 1;
  const held = seat.held.get(pool) ?? new Set();
  seat.held.set(pool, held.add(slot));
}

function leastLoaded(seats: readonly Seat[]): Seat {
  return seats.reduce((least, seat) => (seat.load < least.load ? seat : least));
}

/** Moves partitions from the most loaded to the least loaded for as long as that evens them out. */
function levelOut(seats: readonly Seat[]): void {
  const highest = () => seats.reduce((load, seat) => Math.max(load, seat.load), 0);
  let level = highest();
  while (level > 1) {
    const givers = seats.filter(({ load }) => load === level);
    let hasMoved = false;
    for (const giver of givers) if (relieve(giver)) hasMoved = true;
    // A move may have made room for someone above who could not give before. Each lessens the sum
    // of the squared loads, so this ends.
    level = hasMoved ? highest() : level - 1;
  }
}

/** Moves one partition to the least loaded who can take one and stays below; says whether there was one. */
function relieve(giver: Seat): boolean {
  let choice: { readonly pool: Pool; readonly taker: Seat } | undefined;
  for (const [pool, slots] of giver.held) {
    if (slots.size === 0) continue;
    const taker = leastLoaded(pool.seats);
    if (taker.load + 1 >= giver.load) continue;
    if (!choice || taker.load < choice.taker.load) choice = { pool, taker };
  }
  if (!choice) return false;
  put(chooseSlot(giver, choice.pool, choice.taker), choice.taker);
  return true;
}

/**
 * Which partition to part with: best one that was the taker's, next one that was not the giver's;
 * among equals one of the topic that the giver has most of.
 */
function chooseSlot(giver: Seat, pool: Pool, taker: Seat): Slot {
  const slots = [...(giver.held.get(pool) ?? [])];
  const rank = ({ home }: Slot) => (home === taker ? 0 : home !== giver ? 1 : 2);
  const best = Math.min(...slots.map(rank));
  const candidates = slots.filter((slot) => rank(slot) === best);
  const byTopic = Map.groupBy(slots, ({ topic }) => topic);
  const count = ({ topic }: Slot) => byTopic.get(topic)?.length ?? 0;
  return candidates.reduce((chosen, slot) => (count(slot) >= count(chosen) ? slot : chosen));
}

/** Swaps partitions of a pool back to whom they were with, where the other has one to give in return. */
function bringHome({ slots, seats }: Pool): void {
  for (const slot of slots) {
    const { home, holder, pool } = slot;
    if (!home || !holder || home === holder || !seats.includes(home)) continue;
    const stranger = [...(home.held.get(pool) ?? [])].find((one) => one.home !== home);
    if (!stranger) continue;
    put(slot, home);
    put(stranger, holder);
  }
}

function partitionsOf({ held }: Seat): TopicPartition[] {
  const slots = [...held.values()].flatMap((pool) => [...pool]);
  return slots.map(({ topic, partition }) => ({ topic, partition }));
}
