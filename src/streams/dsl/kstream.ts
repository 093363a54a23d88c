import { type AsyncProcessorSupplier, asyncProcessorOperator } from "../async-processor.ts";
import { type GraphFlags, operatorNode } from "../graph/graph-node.ts";
import { checkName } from "../name.ts";
import type { Operator } from "../node.ts";
import type { AsyncTerms } from "../operators/async/async-operator.ts";
import {
  type AsyncMapper,
  filterAsync,
  flatMapValuesAsync,
  foreachAsync,
  mapValuesAsync,
} from "../operators/async/async-values.ts";
import {
  filter,
  filterNot,
  flatMap,
  flatMapValues,
  foreach,
  map,
  mapValues,
  type Pair,
  type Predicate,
  passThrough,
  peek,
  selectKey,
  type ValueMapper,
} from "../operators/stateless.ts";
import {
  type FixedKeyProcessorSupplier,
  fixedKeyOperator,
  type ProcessorSupplier,
  processorOperator,
} from "../processor.ts";
import type { Serde } from "../serde.ts";
import type { StreamPartitioner, TopicExtractor } from "../topology-node.ts";
import { type AsyncProcessOptions, type AsyncStreamOptions, asyncStream } from "./async.ts";
import { BranchedStream } from "./branched-stream.ts";
import type { GlobalKTable } from "./global-table.ts";
import { type GroupedOptions, KGroupedStream } from "./grouped-stream.ts";
import { type GlobalJoinOptions, joinAny } from "./join-choice.ts";
import type { KTable } from "./ktable.ts";
import type { TableMaterializedOptions } from "./materialized.ts";
import { checkSameBuilder, type Named, type Place, withDefaults } from "./place.ts";
import { type ProcessOptions, processStream } from "./processing.ts";
import { checkPartitions, repartitionNode } from "./repartition.ts";
import { type ProducedOptions, writeStream } from "./sink.ts";
import type { StreamJoinOptions } from "./stream-join.ts";
import type { StreamTableJoinOptions } from "./stream-table-join.ts";
import { streamToTable } from "./table-source.ts";

/** How keys and values become bytes from here on, where the operator cannot know it from the ones before. */
export interface StreamSerdes<K, V> {
  readonly key?: Serde<K> | undefined;
  readonly value?: Serde<V> | undefined;
}

/** Options of {@link KStream.repartition}. */
export interface RepartitionOptions<K, V> extends Named, StreamSerdes<K, V> {
  /** How many partitions the topic has; by default as many as the topics the stream comes from. */
  readonly numPartitions?: number | undefined;
  /** Chooses partitions; by default the hash of the key does. */
  readonly partitioner?: StreamPartitioner<K, V> | undefined;
}

/**
 * A stream of records, each a fact of its own. Every operator gives a new stream and changes none.
 * Callbacks get the value first, then the key. A null key or value is null in callbacks too.
 */
export class KStream<K, V> {
  /** Where it stands in the graph; for the operators of this library. */
  readonly place: Place<K, V>;

  /** Made by a `StreamsBuilder` and by operators. */
  constructor(place: Place<K, V>) {
    this.place = withDefaults(place);
  }

  /** Keeps the records that the predicate is true for. */
  filter(keep: Predicate<K, V>, { name }: Named = {}): KStream<K, V> {
    return this.append("KSTREAM-FILTER-", name, filter(keep), this.place);
  }

  /** Drops the records that the predicate is true for. */
  filterNot(drop: Predicate<K, V>, { name }: Named = {}): KStream<K, V> {
    return this.append("KSTREAM-FILTER-", name, filterNot(drop), this.place);
  }

  /** Gives each record another key. What needs keys afterwards, such as a join, repartitions first. */
  selectKey<L>(
    select: ValueMapper<K, V, L>,
    { name, key }: Named & Pick<StreamSerdes<L, V>, "key"> = {},
  ): KStream<L, V> {
    const { value } = this.place;
    const next = { key, value, needsRepartition: true };
    return this.append("KSTREAM-KEY-SELECT-", name, selectKey(select), next, changesKey);
  }

  /** Gives each record another value; the key, and so the partition, stays. */
  mapValues<W>(
    mapper: ValueMapper<K, V, W>,
    { name, value }: Named & Pick<StreamSerdes<K, W>, "value"> = {},
  ): KStream<K, W> {
    const next = { ...this.place, value };
    return this.append("KSTREAM-MAPVALUES-", name, mapValues(mapper), next, changesValue);
  }

  /** Gives each record another key and value. What needs keys afterwards repartitions first. */
  map<L, W>(
    mapper: ValueMapper<K, V, Pair<L, W>>,
    { name, key, value }: Named & StreamSerdes<L, W> = {},
  ): KStream<L, W> {
    const next = { key, value, needsRepartition: true };
    return this.append("KSTREAM-MAP-", name, map(mapper), next, changesKey);
  }

  /** Gives any number of keys and values for each record. What needs keys afterwards repartitions first. */
  flatMap<L, W>(
    mapper: ValueMapper<K, V, Iterable<Pair<L, W>>>,
    { name, key, value }: Named & StreamSerdes<L, W> = {},
  ): KStream<L, W> {
    const next = { key, value, needsRepartition: true };
    return this.append("KSTREAM-FLATMAP-", name, flatMap(mapper), next, changesKey);
  }

  /** Gives any number of values for each record, under its key. */
  flatMapValues<W>(
    mapper: ValueMapper<K, V, Iterable<W>>,
    { name, value }: Named & Pick<StreamSerdes<K, W>, "value"> = {},
  ): KStream<K, W> {
    const next = { ...this.place, value };
    return this.append("KSTREAM-FLATMAPVALUES-", name, flatMapValues(mapper), next, changesValue);
  }

  /** Shows each record to `look` on its way; after a failure it may be shown again. */
  peek(look: (value: V, key: K) => void, { name }: Named = {}): KStream<K, V> {
    return this.append("KSTREAM-PEEK-", name, peek(look), this.place);
  }

  /** Ends in a side effect for each record; after a failure it may happen again. */
  foreach(act: (value: V, key: K) => void, { name }: Named = {}): void {
    this.append("KSTREAM-FOREACH-", name, foreach(act), this.place);
  }

  /**
   * Writes each record to `write` (the console by default) as `[label]: key, value`; the label is the
   * name of the stream by default.
   */
  print({
    name,
    label = this.place.name,
    write = (line) => console.log(line),
    format = (value: V, key: K) => `${key}, ${value}`,
  }: Named & {
    readonly label?: string | undefined;
    readonly write?: ((line: string) => void) | undefined;
    readonly format?: ((value: V, key: K) => string) | undefined;
  } = {}): void {
    const act = (value: V, key: K) => write(`[${label}]: ${format(value, key)}`);
    this.append("KSTREAM-PRINTER-", name, foreach(act), this.place);
  }

  /** Begins to split the stream: each record goes to the first branch whose predicate is true for it. */
  split({ name }: Named = {}): BranchedStream<K, V> {
    return new BranchedStream(this, name);
  }

  /** The records of both streams, in no order between them. */
  merge(
    other: KStream<K, V>,
    { name, key, value }: Named & StreamSerdes<K, V> = {},
  ): KStream<K, V> {
    checkSameBuilder(this.place, other);
    const { graph, node, sources, needsRepartition } = this.place;
    const merged = graph.nodeName("KSTREAM-MERGE-", name);
    const both = operatorNode(merged, passThrough(), { isMerge: true });
    graph.add(both, node, other.place.node);
    return new KStream({
      graph,
      node: both,
      name: merged,
      // Either's would do for its own records only.
      key,
      value,
      sources: new Set([...sources, ...other.place.sources]),
      needsRepartition: needsRepartition || other.place.needsRepartition,
    });
  }

  /** Sends the stream through an internal topic, so that equal keys meet in one partition (KIP-221). */
  repartition(options: RepartitionOptions<K, V> = {}): KStream<K, V> {
    const { graph, node: parent } = this.place;
    const { name, numPartitions, partitioner } = options;
    checkPartitions(numPartitions);
    const prefix = checkName(name) ?? graph.nodeName("KSTREAM-REPARTITION-");
    const key = options.key ?? this.place.key;
    const value = options.value ?? this.place.value;
    const isNamed = name !== undefined;
    const terms = { graph, prefix, isNamed, key, value, numPartitions, partitioner };
    const node = graph.add(repartitionNode({ ...terms, isOptimizable: false }), parent);
    const sources = new Set([node.name]);
    return new KStream({
      graph,
      node,
      name: node.name,
      key,
      value,
      sources,
      needsRepartition: false,
    });
  }

  /** The records by their key, to be aggregated; they are repartitioned first if the key has changed. */
  groupByKey(options: GroupedOptions<K, V> = {}): KGroupedStream<K, V> {
    const key = options.key ?? this.place.key;
    const value = options.value ?? this.place.value;
    return new KGroupedStream({ ...this.place, key, value }, options);
  }

  /** The records by another key, to be aggregated; they are always repartitioned first. */
  groupBy<L>(
    select: ValueMapper<K, V, L>,
    { name, key, value = this.place.value }: GroupedOptions<L, V> = {},
  ): KGroupedStream<L, V> {
    const next = { key, value, needsRepartition: true };
    const keyed = this.append("KSTREAM-KEY-SELECT-", name, selectKey(select), next, changesKey);
    return new KGroupedStream(keyed.place, { name });
  }

  /**
   * Writes the stream to a topic, which must exist, or to the topic that a function names for each
   * record.
   */
  to(topic: string | TopicExtractor<K, V>, options: ProducedOptions<K, V> = {}): void {
    writeStream(this.place, topic, options);
  }

  /**
   * The stream as changes of a table (KIP-523): each record replaces the row of its key, and a null value
   * deletes it.
   */
  toTable(
    options: Named & TableMaterializedOptions<K, NonNullable<V>> = {},
  ): KTable<K, NonNullable<V>> {
    return streamToTable(this.place, options);
  }

  /**
   * Joins with another stream: each record with those of its key that are near enough in time. With a
   * table: each record with the row of its key at that moment. With a global table: by the key that `by` gives.
   */
  join<W, Out>(
    other: KStream<K, W>,
    joiner: (left: V, right: W, key: K) => Out,
    options: StreamJoinOptions<K, V, W>,
  ): KStream<K, Out>;
  join<W, Out>(
    other: KTable<K, W>,
    joiner: (left: V, right: W, key: K) => Out,
    options?: StreamTableJoinOptions<K, V>,
  ): KStream<K, Out>;
  join<L, W, Out>(
    other: GlobalKTable<L, W>,
    joiner: (left: V, right: W, key: K) => Out,
    options: GlobalJoinOptions<K, V, L>,
  ): KStream<K, Out>;
  join(other: never, joiner: never, options: object = {}): never {
    return joinAny("inner", this as never, other, joiner, options) as never;
  }

  /** Joins like {@link KStream.join}, but every record goes on: the right value is null where there is none. */
  leftJoin<W, Out>(
    other: KStream<K, W>,
    joiner: (left: V, right: W | null, key: K) => Out,
    options: StreamJoinOptions<K, V, W>,
  ): KStream<K, Out>;
  leftJoin<W, Out>(
    other: KTable<K, W>,
    joiner: (left: V, right: W | null, key: K) => Out,
    options?: StreamTableJoinOptions<K, V>,
  ): KStream<K, Out>;
  leftJoin<L, W, Out>(
    other: GlobalKTable<L, W>,
    joiner: (left: V, right: W | null, key: K) => Out,
    options: GlobalJoinOptions<K, V, L>,
  ): KStream<K, Out>;
  leftJoin(other: never, joiner: never, options: object = {}): never {
    return joinAny("left", this as never, other, joiner, options) as never;
  }

  /** Joins with another stream; records of both go on without a partner too, with null in its place. */
  outerJoin<W, Out>(
    other: KStream<K, W>,
    joiner: (left: V | null, right: W | null, key: K) => Out,
    options: StreamJoinOptions<K, V, W>,
  ): KStream<K, Out> {
    return joinAny("outer", this as never, other as never, joiner as never, options) as never;
  }

  /**
   * Runs a processor of the program's on each record. It may change keys, so that what needs them
   * afterwards repartitions first.
   */
  process<L = never, W = never>(
    supply: ProcessorSupplier<K, V, L, W>,
    options: ProcessOptions & StreamSerdes<L, W> = {},
  ): KStream<L, W> {
    const open = processorOperator(supply);
    const place = processStream(this.place, "KSTREAM-PROCESSOR-", open, options);
    const { key, value } = options;
    return new KStream({ ...place, key, value, needsRepartition: true });
  }

  /** Runs a processor of the program's on each record that keeps the key (KIP-820). */
  processValues<W = never>(
    supply: FixedKeyProcessorSupplier<K, V, W>,
    options: ProcessOptions & Pick<StreamSerdes<K, W>, "value"> = {},
  ): KStream<K, W> {
    const open = fixedKeyOperator(supply);
    const place = processStream(this.place, "KSTREAM-PROCESSVALUES-", open, options);
    const { key, needsRepartition } = this.place;
    return new KStream({ ...place, key, value: options.value, needsRepartition });
  }

  /** Gives each record a value that is waited for, such as the answer of a service; see {@link AsyncOptions}. */
  mapValuesAsync<W>(
    mapper: AsyncMapper<K, V, W>,
    options: AsyncStreamOptions<K, V, W> & Pick<StreamSerdes<K, W>, "value"> = {},
  ): KStream<K, W> {
    const make = (terms: AsyncTerms<K, V, W>) => mapValuesAsync(mapper, terms);
    const place = asyncStream(this.place, "KSTREAM-MAPVALUES-ASYNC-", options, make, changesValue);
    return new KStream({ ...this.place, ...place, value: options.value });
  }

  /** Gives any number of values for each record, once they are there, under its key. */
  flatMapValuesAsync<W>(
    mapper: AsyncMapper<K, V, Iterable<W>>,
    options: AsyncStreamOptions<K, V, Iterable<W>> & Pick<StreamSerdes<K, W>, "value"> = {},
  ): KStream<K, W> {
    const make = (terms: AsyncTerms<K, V, Iterable<W>>) => flatMapValuesAsync(mapper, terms);
    const prefix = "KSTREAM-FLATMAPVALUES-ASYNC-";
    const place = asyncStream(this.place, prefix, options, make, changesValue);
    return new KStream({ ...this.place, ...place, value: options.value });
  }

  /** Keeps the records of which the answer is true. */
  filterAsync(
    keep: AsyncMapper<K, V, boolean>,
    options: AsyncStreamOptions<K, V, boolean> = {},
  ): KStream<K, V> {
    const make = (terms: AsyncTerms<K, V, boolean>) => filterAsync(keep, terms);
    const place = asyncStream(this.place, "KSTREAM-FILTER-ASYNC-", options, make);
    return new KStream({ ...this.place, ...place });
  }

  /** Ends in something that is waited for, for each record; after a failure it may be done again. */
  foreachAsync(
    act: AsyncMapper<K, V, unknown>,
    options: AsyncStreamOptions<K, V, unknown> = {},
  ): void {
    const make = (terms: AsyncTerms<K, V, unknown>) => foreachAsync(act, terms);
    asyncStream(this.place, "KSTREAM-FOREACH-ASYNC-", options, make);
  }

  /** Runs a processor of the program's that waits for answers. As with {@link process}, it may change keys. */
  processAsync<R, L = never, W = never>(
    supply: AsyncProcessorSupplier<K, V, R, L, W>,
    options: AsyncProcessOptions<K, V, R> & StreamSerdes<L, W> = {},
  ): KStream<L, W> {
    const make = (terms: AsyncTerms<K, V, R>) => asyncProcessorOperator(supply, terms);
    const place = asyncStream(this.place, "KSTREAM-PROCESSOR-ASYNC-", options, make);
    const { key, value } = options;
    return new KStream({ ...place, key, value, needsRepartition: true });
  }

  /** Adds an operator below this stream; what a new operator of this library is made with. */
  append<L, W>(
    prefix: string,
    given: string | undefined,
    open: Operator<K, V, L, W>,
    { key, value, needsRepartition }: Pick<Place<L, W>, "key" | "value" | "needsRepartition">,
    flags: GraphFlags = {},
  ): KStream<L, W> {
    const { graph, node: parent, sources } = this.place;
    const name = graph.nodeName(prefix, given);
    const node = graph.add(operatorNode(name, open, flags), parent);
    return new KStream({ graph, node, name, key, value, sources, needsRepartition });
  }
}

const changesKey = { isKeyChanging: true };
const changesValue = { isValueChanging: true };
