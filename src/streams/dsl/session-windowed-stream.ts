import { int64 } from "../numeric-serdes.ts";
import {
  type Aggregator,
  counting,
  type Initializer,
  type Merger,
  type Reducer,
  reducing,
} from "../operators/aggregation.ts";
import {
  aggregateSessions,
  type SessionAggregation,
} from "../operators/session-window-aggregate.ts";
import type { Windowed } from "../stores/state-store.ts";
import { sessionWindowed } from "../windowed-serde.ts";
import { checkEmitStrategy, type EmitStrategy, type SessionWindows } from "../windows.ts";
import type { Grouping } from "./grouping.ts";
import { isMaterialized, nameStore, type WindowedMaterializedOptions } from "./materialized.ts";
import type { Named } from "./place.ts";
import { openSessions, StoredRows } from "./stored-rows.ts";
import { addWindowedTable, type WindowedAggregateOptions } from "./windowed-aggregation.ts";
import { sessionsStore } from "./windowed-materialized.ts";
import { SessionWindowedKTable } from "./windowed-table.ts";

const aggregatePrefix = "KSTREAM-AGGREGATE-";
const reducePrefix = "KSTREAM-REDUCE-";

/**
 * The records of a stream by key and session, to be made into tables with a row for each. When sessions
 * become one, the rows of the old ones are deleted. Records without a value count too.
 */
export class SessionWindowedKStream<K, V> {
  readonly #grouping: Grouping<K, V>;
  readonly #windows: SessionWindows;
  readonly #emitStrategy: EmitStrategy;

  /** Made by `KGroupedStream.windowedBy`. */
  constructor(
    grouping: Grouping<K, V>,
    windows: SessionWindows,
    emitStrategy: EmitStrategy = "on-window-update",
  ) {
    this.#grouping = grouping;
    this.#windows = windows;
    this.#emitStrategy = emitStrategy;
  }

  /** Counts the records of each session. */
  count(
    options: Named & WindowedMaterializedOptions<K, number> = {},
  ): SessionWindowedKTable<K, number> {
    const { graph } = this.#grouping.place;
    // As the JVM's does, where a `Materialized` without a name is given.
    if (isMaterialized(options) && options.store === undefined) graph.storeName(aggregatePrefix);
    const value = options.value ?? int64;
    return this.#table(aggregatePrefix, counting, { ...options, value });
  }

  /** Makes one value of all of a session; the first is kept as it is. Sessions that become one are reduced too. */
  reduce(
    reducer: Reducer<K, V>,
    options: Named & WindowedMaterializedOptions<K, V> = {},
  ): SessionWindowedKTable<K, V> {
    const value = options.value ?? this.#grouping.place.value;
    const parts = reducing(reducer) as Parts<K, V, V>;
    return this.#table(reducePrefix, parts, { ...options, value });
  }

  /**
   * Takes the records of each session into an aggregate, which begins with what the initializer gives; the
   * merger makes one of two, also of the initial one and that of the first session found.
   */
  aggregate<A>(
    initializer: Initializer<NoInfer<A>>,
    aggregator: Aggregator<K, V, NoInfer<A>>,
    merger: Merger<K, NoInfer<A>>,
    options: WindowedAggregateOptions<K, A>,
  ): SessionWindowedKTable<K, A> {
    return this.#table(aggregatePrefix, { initializer, aggregator, merger }, options);
  }

  /**
   * Sends results on at every update (the default), or once when their sessions close (KIP-825). Where stream time
   * leaps over the store's retention, sessions are gone before they are found closed, as on the JVM: where input can
   * pause for longer than gap and grace, give the store a longer `retention`.
   */
  emitStrategy(strategy: EmitStrategy): SessionWindowedKStream<K, V> {
    checkEmitStrategy(strategy);
    return new SessionWindowedKStream(this.#grouping, this.#windows, strategy);
  }

  #table<A>(
    prefix: string,
    { initializer, aggregator, merger }: Parts<K, V, A>,
    options: Named & WindowedMaterializedOptions<K, A>,
  ): SessionWindowedKTable<K, A> {
    const windows = this.#windows;
    const emitStrategy = this.#emitStrategy;
    const store = nameStore(this.#grouping.place.graph, prefix, options);
    const rows = new StoredRows<Windowed<K>, A>(store.name, openSessions);
    const terms = { store: store.name, retraction: rows, initializer, aggregator, merger };
    const table = addWindowedTable(this.#grouping, {
      prefix,
      store,
      rows,
      open: aggregateSessions({ ...terms, windows, emitStrategy }),
      graceMs: windows.gapMs + windows.graceMs,
      options,
      windowedKey: (key) => sessionWindowed(key),
      storeBuilder: (operator, complete) =>
        sessionsStore(store.name, operator, windows, emitStrategy, complete),
    });
    return new SessionWindowedKTable(table.place, table.rows, table.queryableStoreName);
  }
}

type Parts<K, V, A> = Pick<SessionAggregation<K, V, A>, "initializer" | "aggregator" | "merger">;
