import type { CaseOperator } from "../parity/case.ts";
import { Dice } from "../parity/dice.ts";
import type { InputRecord } from "./peer-scene.ts";

/** A topology that both engines run, and what it reads. */
export interface PeerTopology {
  readonly inputs: readonly string[];
  /** The operators, the last of which writes to this topic. */
  readonly writingTo: (output: string) => readonly CaseOperator[];
  /** The records of the inputs from one count to another, in the order of their times, which are all different. */
  readonly records: (from: number, to: number) => readonly InputRecord[];
}

/** Recent, since brokers delete what is old from changelogs of windows. */
const start = Date.now() - 3_600_000;
/** One record comes so much after the other. */
const stepMs = 1_000;
const keys = ["a", "b", "c", "d", "e", "f", "g"];

/** The record of a number: the same each time. */
function made(
  index: number,
  make: (dice: Dice) => Omit<InputRecord, "timestamp"> & { readonly late?: number },
): InputRecord {
  const { late = 0, ...record } = make(new Dice(index));
  return { ...record, timestamp: start + index * stepMs - late };
}

/** How much too late a record comes, if it does; no two records have the same time for it. */
function lateness(dice: Dice, index: number, mostSteps: number): number {
  return dice.percent(25) ? dice.below(mostSteps) * stepMs + (index % stepMs) : 0;
}

function numbered(from: number, to: number, make: (index: number) => InputRecord): InputRecord[] {
  return Array.from({ length: to - from }, (_, index) => make(from + index));
}

const text = { key: "string", value: "string" } as const;

/** Counts words, through a repartition topic. */
export const wordCount: PeerTopology = {
  inputs: ["lines"],
  writingTo: (topic) => [
    { id: "s", op: "stream", topics: ["lines"], ...text },
    { id: "w", op: "flatMapValues", of: "s", fn: ["split", " "] },
    { id: "g", op: "groupBy", of: "w", fn: ["value"], name: "by-word" },
    { id: "c", op: "count", of: "g", store: "counts" },
    { id: "o", op: "toStream", of: "c" },
    { op: "to", of: "o", topic },
  ],
  records: (from, to) =>
    numbered(from, to, (index) =>
      made(index, (dice) => ({
        topic: "lines",
        key: dice.pick(keys),
        value: `${dice.pick(keys)} ${dice.pick(keys)} ${dice.pick(keys)}`,
      })),
    ),
};

/** Counts by windows, some records of which come late, and tells each count once, when its window is closed. */
export const finalCounts: PeerTopology = {
  inputs: ["clicks"],
  writingTo: (topic) => [
    { id: "s", op: "stream", topics: ["clicks"], ...text },
    { id: "g", op: "groupByKey", of: "s" },
    { id: "w", op: "windowTime", of: "g", size: 20_000, advance: 10_000, grace: 10_000 },
    { id: "c", op: "count", of: "w", store: "windows" },
    { id: "f", op: "suppress", of: "c", until: "windowClose" },
    { id: "o", op: "toStream", of: "f" },
    { op: "to", of: "o", topic },
  ],
  records: (from, to) =>
    numbered(from, to, (index) =>
      made(index, (dice) => ({
        topic: "clicks",
        key: dice.pick(keys),
        value: `v${index}`,
        late: lateness(dice, index, 60),
      })),
    ),
};

/** Joins two streams within windows that are longer before than after. */
export const streamJoin: PeerTopology = {
  inputs: ["views", "buys"],
  writingTo: (topic) => [
    { id: "l", op: "stream", topics: ["views"], ...text },
    { id: "r", op: "stream", topics: ["buys"], ...text },
    {
      ...{ id: "j", op: "join", of: "l", with: "r", joiner: ["pair"] },
      ...{ before: 30_000, after: 10_000, grace: 5_000 },
    },
    { op: "to", of: "j", topic },
  ],
  records: (from, to) =>
    numbered(from, to, (index) =>
      made(index, (dice) => ({
        topic: dice.pick(["views", "buys"]),
        key: dice.pick(keys),
        value: `v${index}`,
      })),
    ),
};

/** Counts in sessions. */
export const sessions: PeerTopology = {
  inputs: ["visits"],
  writingTo: (topic) => [
    { id: "s", op: "stream", topics: ["visits"], ...text },
    { id: "g", op: "groupByKey", of: "s" },
    { id: "w", op: "windowSession", of: "g", gap: 6_000, grace: 20_000 },
    { id: "c", op: "aggregate", of: "w", fn: ["add"], store: "visits" },
    { id: "o", op: "toStream", of: "c" },
    { op: "to", of: "o", topic },
  ],
  records: (from, to) =>
    numbered(from, to, (index) =>
      made(index, (dice) => ({
        topic: "visits",
        key: dice.pick(keys),
        value: `v${index}`,
        late: lateness(dice, index, 30),
      })),
    ),
};

/** Joins a table with another by a foreign key, deletions included. */
export const foreignKeys: PeerTopology = {
  inputs: ["orders", "customers"],
  writingTo: (topic) => [
    { id: "l", op: "table", topic: "orders", ...text, store: "orders" },
    { id: "r", op: "table", topic: "customers", ...text, store: "customers" },
    {
      ...{ id: "j", op: "leftJoin", of: "l", with: "r", joiner: ["pair"] },
      ...{ foreignKey: ["first"], store: "joined" },
    },
    { id: "o", op: "toStream", of: "j" },
    { op: "to", of: "o", topic },
  ],
  records: (from, to) =>
    numbered(from, to, (index) =>
      made(index, (dice) => {
        const isOrder = dice.percent(60);
        const value = `${dice.pick(keys)}${index}`;
        return {
          topic: isOrder ? "orders" : "customers",
          key: isOrder ? `order-${dice.below(20)}` : dice.pick(keys),
          value: dice.percent(15) ? null : value,
        };
      }),
    ),
};

/** Groups a table anew: each change goes through a repartition topic as what it takes away and what it adds. */
export const regrouped: PeerTopology = {
  inputs: ["homes"],
  writingTo: (topic) => [
    { id: "t", op: "table", topic: "homes", ...text, store: "homes" },
    { id: "g", op: "groupBy", of: "t", fn: ["firstAndValue"], name: "by-town" },
    { id: "c", op: "count", of: "g", store: "people" },
    { id: "o", op: "toStream", of: "c" },
    { op: "to", of: "o", topic },
  ],
  records: (from, to) =>
    numbered(from, to, (index) =>
      made(index, (dice) => ({
        topic: "homes",
        key: `person-${dice.below(20)}`,
        value: dice.percent(10) ? null : `${dice.pick(keys)}${index}`,
      })),
    ),
};

/** Looks each record up in a versioned table, as of its own time. */
export const versions: PeerTopology = {
  inputs: ["trades", "rates"],
  writingTo: (topic) => [
    { id: "s", op: "stream", topics: ["trades"], ...text },
    {
      id: "t",
      op: "table",
      topic: "rates",
      ...text,
      store: "rates",
      kind: "versioned",
      history: 600_000,
    },
    { id: "j", op: "leftJoin", of: "s", with: "t", joiner: ["pairKey"] },
    { op: "to", of: "j", topic },
  ],
  records: (from, to) =>
    numbered(from, to, (index) =>
      made(index, (dice) => ({
        topic: dice.pick(["trades", "rates"]),
        key: dice.pick(keys),
        value: `v${index}`,
        late: lateness(dice, index, 20),
      })),
    ),
};

/** Looks each record up in a global table, under a key of its own. */
export const globalJoin: PeerTopology = {
  inputs: ["events"],
  writingTo: (topic) => [
    { id: "s", op: "stream", topics: ["events"], ...text },
    { id: "t", op: "globalTable", topic: "places", ...text, store: "places" },
    { id: "j", op: "leftJoin", of: "s", with: "t", fn: ["first"], joiner: ["pairKey"] },
    { op: "to", of: "j", topic },
  ],
  records: (from, to) =>
    numbered(from, to, (index) =>
      made(index, (dice) => ({
        topic: "events",
        key: dice.pick(keys),
        value: `${dice.pick(keys)}${index}`,
      })),
    ),
};

/** What a global table has before anything is looked up. */
export const places: readonly InputRecord[] = keys
  .slice(0, 5)
  .map((key, index) => ({ topic: "places", key, value: `place-${key}`, timestamp: start + index }));

/** The same over records that come in the order of their times. */
export function inOrder(peer: PeerTopology): PeerTopology {
  const all = peer.records(0, 1_000).toSorted((one, other) => one.timestamp - other.timestamp);
  return { ...peer, records: (from, to) => all.slice(from, to) };
}

/** The same over inputs of other names. */
export function renamed(
  peer: PeerTopology,
  names: { readonly [input: string]: string },
): PeerTopology {
  const nameOf = (topic: string) => names[topic] ?? topic;
  return {
    inputs: peer.inputs.map(nameOf),
    writingTo: (output) =>
      peer.writingTo(output).map(({ topic, topics, ...one }) => ({
        ...one,
        ...(topic !== undefined && { topic: nameOf(topic) }),
        ...(topics && { topics: topics.map(nameOf) }),
      })),
    records: (from, to) =>
      peer.records(from, to).map((one) => ({ ...one, topic: nameOf(one.topic) })),
  };
}
