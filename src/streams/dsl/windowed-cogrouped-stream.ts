import { checkName } from "../name.ts";
import type { Initializer, Merger } from "../operators/aggregation.ts";
import { aggregateSessions } from "../operators/session-window-aggregate.ts";
import { aggregateSliding } from "../operators/sliding-window-aggregate.ts";
import { aggregateWindows } from "../operators/window-aggregate.ts";
import type { Windowed } from "../stores/state-store.ts";
import { sessionWindowed, windowed } from "../windowed-serde.ts";
import { type SessionWindows, SlidingWindows, type Windows } from "../windows.ts";
import { type Cogrouped, type Cogrouping, cogroupPrefix, firstKey } from "./cogrouping.ts";
import { nameStore, withStoreDefaults } from "./materialized.ts";
import { openSessions, openWindows, StoredRows } from "./stored-rows.ts";
import type { WindowedAggregateOptions } from "./windowed-aggregation.ts";
import { sessionsStore, windowedStore } from "./windowed-materialized.ts";
import { SessionWindowedKTable, TimeWindowedKTable } from "./windowed-table.ts";

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
    const windows = this.#windows;
    const store = nameStore(this.#cogrouping.graph, cogroupPrefix, options);
    const rows = new StoredRows<Windowed<K>, A>(store.name, openWindows);
    const terms = { store: store.name, retraction: rows, initializer, emitStrategy } as const;
    const key = options.key ?? firstKey(this.#inputs);
    const complete = withStoreDefaults(this.#cogrouping.graph, { ...options, key });
    const operator = options.name ?? store.name;
    const size = windows instanceof SlidingWindows ? windows.differenceMs : windows.sizeMs;
    const table = this.#cogrouping.addTable<Windowed<K>, A>(this.#inputs, {
      name: checkName(options.name),
      store,
      builder: windowedStore(store.name, operator, windows, emitStrategy, complete),
      rows,
      key: key && windowed(key, { size }),
      value: options.value,
      graceMs: windows.graceMs,
      open: (aggregator) =>
        windows instanceof SlidingWindows
          ? aggregateSliding({ ...terms, aggregator, windows })
          : aggregateWindows({ ...terms, aggregator, windows }),
    });
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
    const windows = this.#windows;
    const store = nameStore(this.#cogrouping.graph, cogroupPrefix, options);
    const rows = new StoredRows<Windowed<K>, A>(store.name, openSessions);
    const parts = { initializer, merger, windows, emitStrategy } as const;
    const terms = { store: store.name, retraction: rows, ...parts };
    const key = options.key ?? firstKey(this.#inputs);
    const complete = withStoreDefaults(this.#cogrouping.graph, { ...options, key });
    const operator = options.name ?? store.name;
    const table = this.#cogrouping.addTable<Windowed<K>, A>(this.#inputs, {
      name: checkName(options.name),
      store,
      builder: sessionsStore(store.name, operator, windows, emitStrategy, complete),
      rows,
      key: key && sessionWindowed(key),
      value: options.value,
      graceMs: windows.gapMs + windows.graceMs,
      open: (aggregator) => aggregateSessions({ ...terms, aggregator }),
    });
    return new SessionWindowedKTable(table.place, table.rows, table.queryableStoreName);
  }
}
