import { checkName } from "../name.ts";
import { int64 } from "../numeric-serdes.ts";
import {
  type Aggregator,
  counting,
  type Initializer,
  type Reducer,
  reducing,
} from "../operators/aggregation.ts";
import type { Serde } from "../serde.ts";
import { checkWindows, SessionWindows, type SlidingWindows, type Windows } from "../windows.ts";
import { byKey } from "./aggregation-kind.ts";
import { CogroupedKStream } from "./cogrouped-stream.ts";
import { Cogrouping } from "./cogrouping.ts";
import { aggregatePrefix, Grouping, reducePrefix } from "./grouping.ts";
import type { KTable } from "./ktable.ts";
import {
  type AggregateOptions,
  skipStoreName,
  type TableMaterializedOptions,
} from "./materialized.ts";
import type { Named, Place } from "./place.ts";
import { SessionWindowedKStream } from "./session-windowed-stream.ts";
import { TimeWindowedKStream } from "./time-windowed-stream.ts";

/** Options of `KStream.groupByKey` and `KStream.groupBy` (`Grouped`). */
export interface GroupedOptions<K, V> {
  /** Names the repartition topic `<name>-repartition`, if there is to be one; after the store by default. */
  readonly name?: string | undefined;
  readonly key?: Serde<K> | undefined;
  readonly value?: Serde<V> | undefined;
}

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
    skipStoreName(this.grouping.place.graph, aggregatePrefix, options);
    const withValue = { ...options, value: options.value ?? int64 };
    return this.grouping.aggregate(aggregatePrefix, byKey(withValue), counting, withValue);
  }

  /** Makes one value of all that come under a key; the first is kept as it is. */
  reduce(
    reducer: Reducer<K, V>,
    options: Named & TableMaterializedOptions<K, V> = {},
  ): KTable<K, V> {
    const withValue = { ...options, value: options.value ?? this.grouping.place.value };
    return this.grouping.aggregate(reducePrefix, byKey(withValue), reducing(reducer), withValue);
  }

  /** Takes the records of each key into an aggregate, which begins with what the initializer gives. */
  aggregate<A>(
    initializer: Initializer<NoInfer<A>>,
    aggregator: Aggregator<K, V, NoInfer<A>>,
    options: AggregateOptions<K, A>,
  ): KTable<K, A> {
    const parts = { initializer, aggregator };
    return this.grouping.aggregate(aggregatePrefix, byKey(options), parts, options);
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
    return new CogroupedKStream<K, A>(new Cogrouping(this.grouping.place.graph)).cogroup(
      this,
      aggregator,
    );
  }
}
