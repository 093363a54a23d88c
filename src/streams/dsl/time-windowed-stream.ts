import { TopologyError } from "../../errors.ts";
import { int64 } from "../numeric-serdes.ts";
import {
  type AggregationParts,
  type Aggregator,
  counting,
  type Initializer,
  type Reducer,
  reducing,
} from "../operators/aggregation.ts";
import {
  checkEmitStrategy,
  type EmitStrategy,
  SlidingWindows,
  TimeWindows,
  type Windows,
} from "../windows.ts";
import { byTime } from "./aggregation-kind.ts";
import { aggregatePrefix, type Grouping, reducePrefix } from "./grouping.ts";
import { TimeWindowedKTable } from "./ktable.ts";
import {
  skipStoreName,
  type WindowedAggregateOptions,
  type WindowedMaterializedOptions,
} from "./materialized.ts";
import type { Named } from "./place.ts";

/**
 * The records of a stream by key and time window, to be made into tables with a row for each. Where
 * windows follow from timestamps alone, records without a value count too; sliding windows drop them.
 */
export class TimeWindowedKStream<K, V> {
  readonly #grouping: Grouping<K, V>;
  readonly #windows: Windows | SlidingWindows;
  readonly #emitStrategy: EmitStrategy;

  /** Made by `KGroupedStream.windowedBy`. */
  constructor(
    grouping: Grouping<K, V>,
    windows: Windows | SlidingWindows,
    emitStrategy: EmitStrategy = "on-window-update",
  ) {
    this.#grouping = grouping;
    this.#windows = windows;
    this.#emitStrategy = emitStrategy;
  }

  /** Counts the records of each key and window. */
  count(
    options: Named & WindowedMaterializedOptions<K, number> = {},
  ): TimeWindowedKTable<K, number> {
    // Not for sliding windows, as on the JVM.
    if (!(this.#windows instanceof SlidingWindows)) {
      skipStoreName(this.#grouping.place.graph, aggregatePrefix, options);
    }
    const value = options.value ?? int64;
    return this.#table(aggregatePrefix, counting, { ...options, value });
  }

  /** Makes one value of all of a key and window; the first is kept as it is. */
  reduce(
    reducer: Reducer<K, V>,
    options: Named & WindowedMaterializedOptions<K, V> = {},
  ): TimeWindowedKTable<K, V> {
    const value = options.value ?? this.#grouping.place.value;
    return this.#table(reducePrefix, reducing(reducer), { ...options, value });
  }

  /** Takes the records of each key and window into an aggregate, which begins with what the initializer gives. */
  aggregate<A>(
    initializer: Initializer<NoInfer<A>>,
    aggregator: Aggregator<K, V, NoInfer<A>>,
    options: WindowedAggregateOptions<K, A>,
  ): TimeWindowedKTable<K, A> {
    return this.#table(aggregatePrefix, { initializer, aggregator }, options);
  }

  /**
   * Sends results on at every update (the default), or once when their windows close (KIP-825), which
   * windows without an end and windows of one's own cannot.
   */
  emitStrategy(strategy: EmitStrategy): TimeWindowedKStream<K, V> {
    checkEmitStrategy(strategy);
    const windows = this.#windows;
    const canClose = windows instanceof TimeWindows || windows instanceof SlidingWindows;
    if (strategy === "on-window-close" && !canClose) {
      const message = "only tumbling, hopping, sliding and session windows can be emitted on close";
      throw new TopologyError("INVALID_TOPOLOGY", message);
    }
    return new TimeWindowedKStream(this.#grouping, windows, strategy);
  }

  #table<A>(
    prefix: string,
    parts: AggregationParts<K, V, A>,
    options: Named & WindowedMaterializedOptions<K, A>,
  ): TimeWindowedKTable<K, A> {
    const kind = byTime<K, A>(this.#windows, this.#emitStrategy);
    const table = this.#grouping.aggregate(prefix, kind, parts, options);
    return new TimeWindowedKTable(table.place, table.rows, table.queryableStoreName);
  }
}
