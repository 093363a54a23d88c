import type { Change, Headers } from "../message.ts";
import type { NodeContext, Operator, TaskContext } from "../node.ts";
import type {
  Row,
  TimestampedWindowStore,
  ValueAndTimestamp,
  Windowed,
} from "../stores/state-store.ts";
import type { EmitStrategy, SlidingWindows } from "../windows.ts";
import type { Aggregation } from "./aggregation.ts";
import { finalChange, finalEmitter } from "./emit-final.ts";
import { changeForwarder, type ForwardChange } from "./forward-change.ts";

/** An aggregation by sliding windows. */
export interface SlidingAggregation<K, V, A> extends Aggregation<K, V, A> {
  readonly windows: SlidingWindows;
  readonly emitStrategy: EmitStrategy;
}

/** A window's row: its start, and the aggregate with the time of its latest record. */
type WindowRow<A> = Row<number, ValueAndTimestamp<A>>;

/**
 * Takes each record into all windows that hold it, and makes the two that begin with it: the left one,
 * which ends at the record, and, where later records are within it, the right one, which begins 1 ms after
 * it; also the right one of the record before. Records without key or value are dropped, and windows that
 * have closed are left as they are (KIP-450, `KStreamSlidingWindowAggregate`).
 */
export function aggregateSliding<K, V, A>(
  aggregation: SlidingAggregation<K, V, A>,
): Operator<K, V, Windowed<K>, Change<A>> {
  const { terms, windows, emitStrategy } = aggregation;
  const { differenceMs, graceMs } = windows;
  return (context) => {
    const { task } = context;
    const { store: name, sendsOldValues } = terms;
    const store = context.store<TimestampedWindowStore<K, A>>(name);
    const isFinal = emitStrategy === "on-window-close";
    const forward = isFinal ? undefined : changeForwarder(context, store, sendsOldValues);
    const emitFinal = isFinal ? slidingEmitter(context, name, store, differenceMs) : undefined;
    const arrivals = { aggregation, task, store, forward };
    let streamTime = -1;
    return {
      process({ key, value, timestamp, headers }) {
        if (key === null || value === null) {
          task.dropped({ why: key === null ? "null-key" : "null-value" });
          return;
        }
        streamTime = Math.max(streamTime, timestamp);
        const closeTime = streamTime - graceMs;
        const end = timestamp + differenceMs;
        if (end < closeTime) {
          const lateMs = closeTime - end;
          task.dropped({ why: "late", windowStart: timestamp, windowEnd: end, lateMs });
          return;
        }
        const arrival = new Arrival(arrivals, key, value, timestamp, headers, closeTime);
        if (timestamp < differenceMs) {
          // As on the JVM, such a record does not let results be sent on.
          arrival.processEarly();
          return;
        }
        arrival.process();
        emitFinal?.(closeTime, headers);
      },
    };
  };
}

interface ArrivalTerms<K, V, A> {
  readonly aggregation: SlidingAggregation<K, V, A>;
  readonly task: TaskContext;
  readonly store: TimestampedWindowStore<K, A>;
  /** Undefined where results are sent on when windows close, or out of a cache. */
  readonly forward: ForwardChange<Windowed<K>, A> | undefined;
}

/** A record on its way into its windows. */
class Arrival<K, V, A> {
  readonly #terms: ArrivalTerms<K, V, A>;
  readonly #key: K;
  readonly #value: V;
  readonly #timestamp: number;
  readonly #headers: Headers;
  readonly #closeTime: number;
  readonly #differenceMs: number;

  constructor(
    terms: ArrivalTerms<K, V, A>,
    key: K,
    value: V,
    timestamp: number,
    headers: Headers,
    closeTime: number,
  ) {
    this.#terms = terms;
    this.#key = key;
    this.#value = value;
    this.#timestamp = timestamp;
    this.#headers = headers;
    this.#closeTime = closeTime;
    this.#differenceMs = terms.aggregation.windows.differenceMs;
  }

  /** Goes over the key's windows around the record from the latest to the earliest that matters. */
  process(): void {
    const timestamp = this.#timestamp;
    const differenceMs = this.#differenceMs;
    const { store } = this.#terms;
    const from = Math.max(0, timestamp - 2 * differenceMs);
    const starts: number[] = [];
    // Updated only when all have been read: a write may move the rows of a cache.
    const holding: WindowRow<A>[] = [];
    let right: ValueAndTimestamp<A> | undefined;
    let left: ValueAndTimestamp<A> | undefined;
    let hasLeft = false;
    let hasRight = false;
    let previous: number | undefined;
    // One more, to see whether the record's right window is there already.
    for (const row of store.backwardFetchRange(this.#key, from, timestamp + 1)) {
      const [start, aggregate] = row;
      const end = start + differenceMs;
      starts.push(start);
      if (start === timestamp + 1) {
        hasRight = true;
      } else if (end > timestamp) {
        right ??= aggregate;
        holding.push(row);
      } else if (end === timestamp) {
        hasLeft = true;
        holding.push(row);
        if (aggregate.timestamp >= timestamp) {
          // There was a record at this very time: all windows of this one are there.
          this.#updateAll(holding);
          return;
        }
        previous = aggregate.timestamp;
      } else {
        left = aggregate;
        previous = aggregate.timestamp;
        break;
      }
    }
    this.#updateAll(holding);
    if (previous !== undefined) this.#makeRightOfPrevious(previous, starts, true);
    if (!hasLeft) {
      const isShared = previous !== undefined && timestamp - differenceMs <= previous;
      const before = isShared && left ? left.value : this.#initial();
      this.#update(timestamp - differenceMs, before, timestamp);
    }
    if (!hasRight) this.#makeRight(right);
  }

  /** The same for a record at a time before the difference, whose left window would begin below 0: it is `[0, difference]`. */
  processEarly(): void {
    const timestamp = this.#timestamp;
    const { store } = this.#terms;
    const starts: number[] = [];
    const holding: WindowRow<A>[] = [];
    let combined: ValueAndTimestamp<A> | undefined;
    let right: ValueAndTimestamp<A> | undefined;
    let hasRight = false;
    let previous: number | undefined;
    for (const row of store.fetchRange(this.#key, 0, timestamp + 1)) {
      const [start, aggregate] = row;
      starts.push(start);
      if (start === 0) {
        combined = aggregate;
        // Where a later record is in the window, the previous one's right window is there already.
        if (aggregate.timestamp < timestamp) previous = aggregate.timestamp;
      } else if (start <= timestamp) {
        right = aggregate;
        holding.push(row);
      } else {
        hasRight = true;
      }
    }
    this.#updateAll(holding);
    // All records of the combined window are then later than this one.
    if (!right && combined && combined.timestamp > timestamp) right = combined;
    if (!hasRight) this.#makeRight(right);
    if (previous !== undefined) this.#makeRightOfPrevious(previous, starts, false);
    if (combined) this.#update(0, combined.value, combined.timestamp);
    else this.#update(0, this.#initial(), timestamp);
  }

  /** Makes the window that begins after the record, with what is in it already, if anything is. */
  #makeRight(right: ValueAndTimestamp<A> | undefined): void {
    if (!right || right.timestamp <= this.#timestamp) return;
    const { store, forward } = this.#terms;
    const start = this.#timestamp + 1;
    store.put(this.#key, right, start);
    forward?.(this.#windowed(start), right.value, null, right.timestamp, this.#headers);
  }

  /** Makes the window that begins after the record before this one, unless it is there or does not reach this one. */
  #makeRightOfPrevious(previous: number, starts: readonly number[], mustReach: boolean): void {
    const start = previous + 1;
    if (starts.includes(start)) return;
    if (mustReach && start + this.#differenceMs < this.#timestamp) return;
    this.#update(start, this.#initial(), this.#timestamp);
  }

  #updateAll(rows: readonly WindowRow<A>[]): void {
    for (const [start, { value, timestamp }] of rows) this.#update(start, value, timestamp);
  }

  /** Takes the record into a window, unless it has closed. */
  #update(start: number, aggregate: A | null, aggregateTime: number): void {
    const { aggregation, task, store, forward } = this.#terms;
    const end = start + this.#differenceMs;
    if (end < this.#closeTime) {
      const lateMs = this.#closeTime - end;
      task.dropped({ why: "late", windowStart: start, windowEnd: end, lateMs });
      return;
    }
    const fresh = aggregation.aggregator(aggregate as A, this.#value, this.#key) ?? null;
    const time = aggregate === null ? this.#timestamp : Math.max(this.#timestamp, aggregateTime);
    store.put(this.#key, fresh === null ? null : { value: fresh, timestamp: time }, start);
    forward?.(this.#windowed(start), fresh, aggregate, time, this.#headers);
  }

  #initial(): A {
    return this.#terms.aggregation.initializer();
  }

  #windowed(start: number): Windowed<K> {
    return { key: this.#key, window: { start, end: start + this.#differenceMs } };
  }
}

/** Sends the results of windows on that end before the close time and did not at the last one. */
function slidingEmitter<K, A>(
  context: NodeContext<Windowed<K>, Change<A>>,
  name: string,
  store: TimestampedWindowStore<K, A>,
  differenceMs: number,
) {
  return finalEmitter(context.task, name, {
    range(closeTime, lastCloseTime) {
      const to = closeTime - differenceMs - 1;
      if (to < 0) return undefined;
      return [lastCloseTime === -1 ? 0 : Math.max(0, lastCloseTime - differenceMs), to];
    },
    emit(from, to, headers) {
      for (const [key, { value, timestamp }] of store.fetchAll(from, to)) {
        context.forward({ key, value: finalChange(value), timestamp, headers });
      }
    },
  });
}
