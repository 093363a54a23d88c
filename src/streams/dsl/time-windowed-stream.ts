import { TopologyError } from "../../errors.ts";
import { int64 } from "../numeric-serdes.ts";
import {
  type Aggregation,
  type Aggregator,
  counting,
  type Initializer,
  type Reducer,
  reducing,
} from "../operators/aggregation.ts";
import { aggregateSliding } from "../operators/sliding-window-aggregate.ts";
import { aggregateWindows } from "../operators/window-aggregate.ts";
import type { Windowed } from "../stores/state-store.ts";
import { windowed } from "../windowed-serde.ts";
import {
  checkEmitStrategy,
  type EmitStrategy,
  SlidingWindows,
  TimeWindows,
  type Windows,
} from "../windows.ts";
import type { Grouping } from "./grouping.ts";
import { isMaterialized, nameStore, type WindowedMaterializedOptions } from "./materialized.ts";
import type { Named } from "./place.ts";
import { openWindows, StoredRows } from "./stored-rows.ts";
import { addWindowedTable, type WindowedAggregateOptions } from "./windowed-aggregation.ts";
import { windowedStore } from "./windowed-materialized.ts";
import { TimeWindowedKTable } from "./windowed-table.ts";

const aggregatePrefix = "KSTREAM-AGGREGATE-";
const reducePrefix = "KSTREAM-REDUCE-";

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
    const { graph } = this.#grouping.place;
    // As the JVM's does, where a `Materialized` without a name is given, but not for sliding windows.
    const isUnnamed = isMaterialized(options) && options.store === undefined;
    if (isUnnamed && !(this.#windows instanceof SlidingWindows)) graph.storeName(aggregatePrefix);
    const value = options.value ?? int64;
    return this.#table(aggregatePrefix, counting, { ...options, value });
  }

  /** Makes one value of all of a key and window; the first is kept as it is. */
  reduce(
    reducer: Reducer<K, V>,
    options: Named & WindowedMaterializedOptions<K, V> = {},
  ): TimeWindowedKTable<K, V> {
    const value = options.value ?? this.#grouping.place.value;
    const parts = reducing(reducer) as Parts<K, V, V>;
    return this.#table(reducePrefix, parts, { ...options, value });
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
    parts: Parts<K, V, A>,
    options: Named & WindowedMaterializedOptions<K, A>,
  ): TimeWindowedKTable<K, A> {
    const windows = this.#windows;
    const emitStrategy = this.#emitStrategy;
    const store = nameStore(this.#grouping.place.graph, prefix, options);
    const rows = new StoredRows<Windowed<K>, A>(store.name, openWindows);
    const { initializer, aggregator } = parts;
    const terms = { store: store.name, retraction: rows, initializer, aggregator, emitStrategy };
    const isSliding = windows instanceof SlidingWindows;
    const size = isSliding ? windows.differenceMs : windows.sizeMs;
    const table = addWindowedTable(this.#grouping, {
      prefix,
      store,
      rows,
      open: isSliding
        ? aggregateSliding({ ...terms, windows })
        : aggregateWindows({ ...terms, windows }),
      graceMs: windows.graceMs,
      options,
      windowedKey: (key) => windowed(key, { size }),
      storeBuilder: (operator, complete) =>
        windowedStore(store.name, operator, windows, emitStrategy, complete),
    });
    return new TimeWindowedKTable(table.place, table.rows, table.queryableStoreName);
  }
}

type Parts<K, V, A> = Pick<Aggregation<K, V, A>, "initializer" | "aggregator">;
