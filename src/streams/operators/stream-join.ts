import type { Message } from "../message.ts";
import type { NodeContext, Operator } from "../node.ts";
import type { Unjoined, UnjoinedStore } from "../stores/list-value-store.ts";
import type { WindowStore } from "../stores/state-store.ts";

/** The setting that says how long results without a partner wait at least until they are looked for again. */
export const emitIntervalConfig = "__emit.interval.ms.kstreams.outer.join.spurious.results.fix__";
const defaultEmitIntervalMs = 1_000;

/** How far records of two streams may be apart, in milliseconds. */
export interface JoinSpan {
  /** By how much the right record may be before the left one, and after it. */
  readonly beforeMs: number;
  readonly afterMs: number;
  readonly graceMs: number;
}

/** What both sides of one join in one task share: the times that decide on results without a partner. */
interface JoinTimes {
  streamTime: number;
  /** The least timestamp of a record that waits for a partner, as far as is known. */
  minTime: number;
  nextTimeToEmit: number;
}

/** One side of a join of streams. */
export interface JoinSide<K, V, W, Out> {
  readonly side: "left" | "right";
  readonly span: JoinSpan;
  /** Whether records of this side go on without a partner too. */
  readonly isOuter: boolean;
  /** Takes the left value first. */
  readonly joiner: (left: V | W | null, right: V | W | null, key: K) => Out;
  /** Where the other side's records are kept. */
  readonly otherStore: string;
  /** Where records of an outer join wait for a partner; undefined for inner joins. */
  readonly unjoinedStore: string | undefined;
  /** One map for both sides: their shared times, by task. */
  readonly times: Map<string, JoinTimes>;
}

/** Joins each record with those of the other side that are near enough (`KStreamKStreamJoin`). */
export function joinStream<K, V, W, Out>(terms: JoinSide<K, V, W, Out>): Operator<K, V, K, Out> {
  return (context) => {
    const open = new OpenSide(terms, context);
    return {
      process: (message) => open.process(message),
      close: () => void terms.times.delete(context.task.taskId),
    };
  };
}

class OpenSide<K, V, W, Out> {
  readonly #terms: JoinSide<K, V, W, Out>;
  readonly #context: NodeContext<K, Out>;
  readonly #others: WindowStore<K, W>;
  readonly #unjoined: UnjoinedStore<K, V | W, V | W> | undefined;
  readonly #times: JoinTimes;
  readonly #beforeMs: number;
  readonly #afterMs: number;
  readonly #emitIntervalMs: number;

  constructor(terms: JoinSide<K, V, W, Out>, context: NodeContext<K, Out>) {
    const { side, span, otherStore, unjoinedStore, times } = terms;
    const { task } = context;
    this.#terms = terms;
    this.#context = context;
    this.#others = context.store(otherStore);
    this.#unjoined = unjoinedStore === undefined ? undefined : context.store(unjoinedStore);
    const known = times.get(task.taskId);
    this.#times = known ?? {
      streamTime: -1,
      minTime: Number.POSITIVE_INFINITY,
      nextTimeToEmit: 0,
    };
    times.set(task.taskId, this.#times);
    this.#beforeMs = side === "left" ? span.beforeMs : span.afterMs;
    this.#afterMs = side === "left" ? span.afterMs : span.beforeMs;
    this.#emitIntervalMs = Number(task.configs.get(emitIntervalConfig) ?? defaultEmitIntervalMs);
  }

  process(message: Message<K, V>): void {
    const { key, value, timestamp } = message;
    const times = this.#times;
    if (timestamp > times.streamTime) times.streamTime = timestamp;
    if (this.#terms.isOuter && key === null && value !== null) {
      this.#forward(message, this.#join(value, null, key), timestamp);
      return;
    }
    if (key === null || value === null) {
      this.#context.task.dropped({ why: key === null ? "null-key" : "null-value" });
      return;
    }
    // Results without a partner come first, so that they are in the order of their times.
    if (timestamp === times.streamTime) this.#emitUnjoined(message);
    const from = Math.max(0, timestamp - this.#beforeMs);
    const to = Math.max(0, timestamp + this.#afterMs);
    let isJoined = false;
    for (const [otherTime, other] of this.#others.fetchRange(key, from, to)) {
      isJoined = true;
      this.#unjoined?.removeIfPresent(otherTime, otherSide[this.#terms.side], key);
      this.#forward(message, this.#join(value, other, key), Math.max(timestamp, otherTime));
    }
    if (isJoined || !this.#terms.isOuter) return;
    if (!this.#unjoined || to < times.streamTime) {
      this.#forward(message, this.#join(value, null, key), timestamp);
      return;
    }
    if (timestamp < times.minTime) times.minTime = timestamp;
    this.#unjoined.add({ timestamp, key, side: this.#terms.side, value });
  }

  /** Hands on the records whose windows have closed without a partner. */
  #emitUnjoined(message: Message<K, V>): void {
    const store = this.#unjoined;
    const times = this.#times;
    const { span } = this.#terms;
    if (!store || times.minTime + this.#afterMs + span.graceMs >= times.streamTime) return;
    const now = this.#context.task.wallClockTime();
    if (now < times.nextTimeToEmit) return;
    times.nextTimeToEmit = now + this.#emitIntervalMs;
    times.minTime = Number.POSITIVE_INFINITY;
    const isOpen = { left: false, right: false };
    let previous: Unjoined<K, V | W, V | W> | undefined;
    for (const record of store.all()) {
      times.minTime = record.timestamp;
      if (isOpen.left && isOpen.right) break;
      const reachMs = record.side === "left" ? span.afterMs : span.beforeMs;
      if (times.minTime + reachMs + span.graceMs >= times.streamTime) {
        isOpen[record.side] = true;
        continue;
      }
      const isOwn = record.side === this.#terms.side;
      const result = isOwn
        ? this.#join(record.value as V, null, record.key)
        : this.#join(null, record.value as W, record.key);
      this.#forward({ ...message, key: record.key }, result, record.timestamp);
      if (previous && !isSame(previous, record)) this.#removeUnjoined(previous);
      previous = record;
    }
    if (previous) this.#removeUnjoined(previous);
  }

  #removeUnjoined({ timestamp, side, key }: Unjoined<K, V | W, V | W>): void {
    this.#unjoined?.remove(timestamp, side, key);
  }

  #join(own: V | null, other: W | null, key: K): Out {
    const { side, joiner } = this.#terms;
    return side === "left" ? joiner(own, other, key) : joiner(other, own, key);
  }

  #forward({ key, headers }: Message<K, V>, value: Out, timestamp: number): void {
    this.#context.forward({ key, value, timestamp, headers });
  }
}

const otherSide = { left: "right", right: "left" } as const;

function isSame<K, V>(one: Unjoined<K, V, V>, other: Unjoined<K, V, V>): boolean {
  return one.timestamp === other.timestamp && one.side === other.side && one.key === other.key;
}
