import { checkName } from "../name.ts";
import { int64 } from "../numeric-serdes.ts";
import {
  type Aggregator,
  counting,
  type Initializer,
  type Reducer,
} from "../operators/aggregation.ts";
import { aggregateStream } from "../operators/stream-aggregate.ts";
import { reduceStream } from "../operators/stream-reduce.ts";
import type { Serde } from "../serde.ts";
import { checkWindows, SessionWindows, type SlidingWindows, type Windows } from "../windows.ts";
import { CogroupedKStream } from "./cogrouped-stream.ts";
import { Grouping } from "./grouping.ts";
import type { KTable } from "./ktable.ts";
import {
  isMaterialized,
  nameStore,
  type StoreNames,
  type TableMaterializedOptions,
  tableStore,
  withStoreDefaults,
} from "./materialized.ts";
import type { Named, Place } from "./place.ts";
import { SessionWindowedKStream } from "./session-windowed-stream.ts";
import { openTable, StoredRows } from "./stored-rows.ts";
import { TimeWindowedKStream } from "./time-windowed-stream.ts";

/** Options of `KStream.groupByKey` and `KStream.groupBy` (`Grouped`). */
export interface GroupedOptions<K, V> {
  /** Names the repartition topic `<name>-repartition`, if there is to be one; after the store by default. */
  readonly name?: string | undefined;
  readonly key?: Serde<K> | undefined;
  readonly value?: Serde<V> | undefined;
}

/** Options of an aggregation whose values have a type of their own, and so need a serde. */
export type AggregateOptions<K, A> = Named &
  TableMaterializedOptions<K, A> & { readonly value: Serde<A> };

const aggregatePrefix = "KSTREAM-AGGREGATE-";
const reducePrefix = "KSTREAM-REDUCE-";

/**
 * The records of a stream by key, to be made into tables with a row per key, or per key and window.
 * Records without a key are dropped, and, but for time windows and sessions, those without a value.
 */
export class KGroupedStream<K, V> {
  /** What the operators of this library add aggregations to. */
  readonly grouping: Grouping<K, V>;

  /** Made by `KStream.groupByKey` and `KStream.groupBy`. */
  constructor(place: Place<K, V>, { name }: GroupedOptions<K, V> = {}) {
    this.grouping = new Grouping(place, checkName(name));
  }

  /** Counts the records of each key. */
  count(options: Named & TableMaterializedOptions<K, number> = {}): KTable<K, number> {
    const { graph } = this.grouping.place;
    // As the JVM's does, where a `Materialized` without a name is given.
    if (isMaterialized(options) && options.store === undefined) graph.storeName(aggregatePrefix);
    const store = nameStore(graph, aggregatePrefix, options);
    const rows = new StoredRows<K, number>(store.name, openTable);
    const open = aggregateStream<K, V, number>({
      store: store.name,
      retraction: rows,
      ...counting,
    });
    return this.#table(aggregatePrefix, store, rows, open, {
      ...options,
      value: options.value ?? int64,
    });
  }

  /** Makes one value of all that come under a key; the first is kept as it is. */
  reduce(
    reducer: Reducer<K, V>,
    options: Named & TableMaterializedOptions<K, V> = {},
  ): KTable<K, V> {
    const { graph, value } = this.grouping.place;
    const store = nameStore(graph, reducePrefix, options);
    const rows = new StoredRows<K, V>(store.name, openTable);
    const open = reduceStream({ store: store.name, retraction: rows, reducer });
    const withValue = { ...options, value: options.value ?? value };
    return this.#table(reducePrefix, store, rows, open, withValue);
  }

  /** Takes the records of each key into an aggregate, which begins with what the initializer gives. */
  aggregate<A>(
    initializer: Initializer<NoInfer<A>>,
    aggregator: Aggregator<K, V, NoInfer<A>>,
    options: AggregateOptions<K, A>,
  ): KTable<K, A> {
    const store = nameStore(this.grouping.place.graph, aggregatePrefix, options);
    const rows = new StoredRows<K, A>(store.name, openTable);
    const terms = { store: store.name, retraction: rows };
    const open = aggregateStream({ ...terms, initializer, aggregator });
    return this.#table(aggregatePrefix, store, rows, open, options);
  }

  /** Cuts the records of each key into windows. */
  windowedBy(windows: SessionWindows): SessionWindowedKStream<K, V>;
  windowedBy(windows: Windows | SlidingWindows): TimeWindowedKStream<K, V>;
  windowedBy(
    windows: Windows | SlidingWindows | SessionWindows,
  ): SessionWindowedKStream<K, V> | TimeWindowedKStream<K, V> {
    checkWindows(windows);
    return windows instanceof SessionWindows
      ? new SessionWindowedKStream(this.grouping, windows)
      : new TimeWindowedKStream(this.grouping, windows);
  }

  /** Begins an aggregation of several streams into one table (KIP-150), with how this one's values are taken in. */
  cogroup<A>(aggregator: Aggregator<K, V, A>): CogroupedKStream<K, A> {
    return new CogroupedKStream<K, A>(this.grouping.place.graph).cogroup(this, aggregator);
  }

  #table<A>(
    prefix: string,
    store: StoreNames,
    rows: StoredRows<K, A>,
    open: ReturnType<typeof aggregateStream<K, V, A>>,
    options: Named & TableMaterializedOptions<K, A>,
  ): KTable<K, A> {
    const { graph } = this.grouping.place;
    const name = graph.nodeName(prefix, checkName(options.name));
    const key = options.key ?? this.grouping.place.key;
    const { value } = options;
    const complete = withStoreDefaults(graph, { ...options, key });
    const builder = tableStore(store.name, name, complete);
    const isVersioned = options.versioned !== undefined;
    return this.grouping.addTable({ name, store, builder, open, rows, key, value, isVersioned });
  }
}
