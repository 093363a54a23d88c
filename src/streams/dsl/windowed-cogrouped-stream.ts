import type { Initializer, Merger } from "../operators/aggregation.ts";
import type { SessionWindows, SlidingWindows, Windows } from "../windows.ts";
import { bySession, byTime } from "./aggregation-kind.ts";
import type { Cogrouped, Cogrouping } from "./cogrouping.ts";
import { SessionWindowedKTable, TimeWindowedKTable } from "./ktable.ts";
import type { WindowedAggregateOptions } from "./materialized.ts";

/** As on the JVM, results of cogroups are sent on at every update. */
const emitStrategy = "on-window-update";

/** Several grouped streams by key and time window, to be aggregated into one table. */
export class TimeWindowedCogroupedKStream<K, A> {
  readonly #cogrouping: Cogrouping<K>;
  readonly #inputs: readonly Cogrouped<K, A>[];
  readonly #windows: Windows | SlidingWindows;

  /** Made by `CogroupedKStream.windowedBy`. */
  constructor(
    cogrouping: Cogrouping<K>,
    inputs: readonly Cogrouped<K, A>[],
    windows: Windows | SlidingWindows,
  ) {
    this.#cogrouping = cogrouping;
    this.#inputs = inputs;
    this.#windows = windows;
  }

  /** Takes the records of all streams into the aggregate of their key and window. */
  aggregate(
    initializer: Initializer<A>,
    options: WindowedAggregateOptions<K, A>,
  ): TimeWindowedKTable<K, A> {
    const kind = byTime<K, A>(this.#windows, emitStrategy);
    const table = this.#cogrouping.aggregate(this.#inputs, kind, initializer, options);
    return new TimeWindowedKTable(table.place, table.rows, table.queryableStoreName);
  }
}

/** Several grouped streams by key and session, to be aggregated into one table. */
export class SessionWindowedCogroupedKStream<K, A> {
  readonly #cogrouping: Cogrouping<K>;
  readonly #inputs: readonly Cogrouped<K, A>[];
  readonly #windows: SessionWindows;

  /** Made by `CogroupedKStream.windowedBy`. */
  constructor(
    cogrouping: Cogrouping<K>,
    inputs: readonly Cogrouped<K, A>[],
    windows: SessionWindows,
  ) {
    this.#cogrouping = cogrouping;
    this.#inputs = inputs;
    this.#windows = windows;
  }

  /** Takes the records of all streams into the aggregate of their key and session; the merger makes one of two. */
  aggregate(
    initializer: Initializer<A>,
    merger: Merger<K, A>,
    options: WindowedAggregateOptions<K, A>,
  ): SessionWindowedKTable<K, A> {
    const kind = bySession<K, A>(this.#windows, emitStrategy, merger);
    const table = this.#cogrouping.aggregate(this.#inputs, kind, initializer, options);
    return new SessionWindowedKTable(table.place, table.rows, table.queryableStoreName);
  }
}
