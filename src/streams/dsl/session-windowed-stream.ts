import { int64 } from "../numeric-serdes.ts";
import {
  type AggregationParts,
  type Aggregator,
  counting,
  type Initializer,
  type Merger,
  type Reducer,
  reducing,
} from "../operators/aggregation.ts";
import { checkEmitStrategy, type EmitStrategy, type SessionWindows } from "../windows.ts";
import { bySession } from "./aggregation-kind.ts";
import { aggregatePrefix, type Grouping, reducePrefix } from "./grouping.ts";
import { SessionWindowedKTable } from "./ktable.ts";
import {
  skipStoreName,
  type WindowedAggregateOptions,
  type WindowedMaterializedOptions,
} from "./materialized.ts";
import type { Named } from "./place.ts";

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
    skipStoreName(this.#grouping.place.graph, aggregatePrefix, options);
    const value = options.value ?? int64;
    return this.#table(aggregatePrefix, counting, { ...options, value });
  }

  /** Makes one value of all of a session; the first is kept as it is. Sessions that become one are reduced too. */
  reduce(
    reducer: Reducer<K, V>,
    options: Named & WindowedMaterializedOptions<K, V> = {},
  ): SessionWindowedKTable<K, V> {
    const value = options.value ?? this.#grouping.place.value;
    return this.#table(reducePrefix, reducing(reducer), { ...options, value });
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
    { merger, ...parts }: AggregationParts<K, V, A> & { readonly merger: Merger<K, A> },
    options: Named & WindowedMaterializedOptions<K, A>,
  ): SessionWindowedKTable<K, A> {
    const kind = bySession<K, A>(this.#windows, this.#emitStrategy, merger);
    const table = this.#grouping.aggregate(prefix, kind, parts, options);
    return new SessionWindowedKTable(table.place, table.rows, table.queryableStoreName);
  }
}
