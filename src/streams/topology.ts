import type { Deserializer, OffsetReset, Serializer } from "../client/index.ts";
import { TopologyError } from "../errors.ts";
import { type AsyncOptions, asyncSettings, longestCallMs } from "./async-options.ts";
import { type AsyncProcessorSupplier, asyncProcessorOperator } from "./async-processor.ts";
import {
  type StoreHandle,
  type StoreOf,
  type StoreTypes,
  storeNameOf,
} from "./dsl/store-handle.ts";
import { checkName } from "./name.ts";
import {
  type FixedKeyProcessorSupplier,
  fixedKeyOperator,
  type ProcessorSupplier,
  processorOperator,
} from "./processor.ts";
import type { Serde } from "./serde.ts";
import type { StoreBuilder } from "./stores/store-builder.ts";
import type { TimestampExtractor } from "./timestamp-extractor.ts";
import { TopologyBuilder, type TopologyOptions } from "./topology-builder.ts";
import { describeTopology } from "./topology-description.ts";
import type { StreamPartitioner, TopicExtractor } from "./topology-node.ts";

/** How a source reads. */
export interface SourceOptions<K, V> {
  readonly key: Deserializer<K>;
  readonly value: Deserializer<V>;
  readonly timestampExtractor?: TimestampExtractor<K, V> | undefined;
  readonly offsetReset?: OffsetReset | undefined;
}

/** How a sink writes. */
export interface SinkOptions<K, V> {
  readonly parents: readonly string[];
  readonly key: Serializer<K>;
  readonly value: Serializer<V>;
  readonly partitioner?: StreamPartitioner<K, V> | undefined;
}

/** Where a processor stands. */
export interface ProcessorOptions {
  readonly parents: readonly string[];
  /** Stores it uses: names of such as were added, or builders of such as are to be (KIP-401). */
  readonly stores?: readonly (string | StoreBuilder)[] | undefined;
}

/** Where an async processor stands, and how its calls are made. */
export interface AsyncProcessorOptions<K, V, R> extends ProcessorOptions, AsyncOptions<K, V, R> {
  /** Tells keys apart that are objects, to keep their order. */
  readonly key?: Serde<K> | undefined;
}

/**
 * A graph of sources, processors, sinks and stores: what an application runs. It is built node by
 * node, each with its parents' names (the Processor API), or comes from a `StreamsBuilder`.
 */
export class Topology<Stores extends StoreTypes = StoreTypes> {
  /** What the library's runtimes read. */
  readonly builder: TopologyBuilder;
  /** The types of stores by their names; exists for the compiler alone. */
  declare readonly storeTypes?: Stores;

  /** Begins an empty topology, or has one that a `StreamsBuilder` has made. */
  constructor(from: TopologyBuilder | TopologyOptions = {}) {
    this.builder = from instanceof TopologyBuilder ? from : new TopologyBuilder(from);
  }

  /** Adds a source of topics, given by names or by a pattern that must match a topic's whole name. */
  addSource<K, V>(
    name: string,
    topics: string | readonly string[] | RegExp,
    { key, value, timestampExtractor, offsetReset }: SourceOptions<K, V>,
  ): this {
    this.builder.addSource({
      name: checkName(name),
      topics: typeof topics === "string" ? [topics] : topics,
      key,
      value,
      timestampExtractor,
      offsetReset,
    });
    return this;
  }

  /** Adds a processor below its parents. */
  addProcessor<KIn, VIn, KOut, VOut>(
    name: string,
    supply: ProcessorSupplier<KIn, VIn, KOut, VOut>,
    { parents, stores = [] }: ProcessorOptions,
  ): this {
    const open = processorOperator(supply);
    this.builder.addProcessor(checkName(name), open, parents);
    this.builder.connect(name, ...stores);
    return this;
  }

  /** Adds a processor that keeps keys below its parents. */
  addFixedKeyProcessor<K, VIn, VOut>(
    name: string,
    supply: FixedKeyProcessorSupplier<K, VIn, VOut>,
    { parents, stores = [] }: ProcessorOptions,
  ): this {
    this.builder.addProcessor(checkName(name), fixedKeyOperator(supply), parents);
    this.builder.connect(name, ...stores);
    return this;
  }

  /** Adds a processor that waits for answers below its parents. */
  addAsyncProcessor<KIn, VIn, R, KOut, VOut>(
    name: string,
    supply: AsyncProcessorSupplier<KIn, VIn, R, KOut, VOut>,
    options: AsyncProcessorOptions<KIn, VIn, R>,
  ): this {
    const { parents, stores = [], key } = options;
    const settings = asyncSettings(options);
    const open = asyncProcessorOperator(supply, { settings, key });
    const traits = { longestCallMs: longestCallMs(settings) };
    this.builder.addProcessor(checkName(name), open, parents, traits);
    this.builder.connect(name, ...stores);
    return this;
  }

  /** Adds a sink that writes a topic, or the one that a function names for each record. */
  addSink<K, V>(
    name: string,
    topic: string | TopicExtractor<K, V>,
    { parents, key, value, partitioner }: SinkOptions<K, V>,
  ): this {
    this.builder.addSink({
      name: checkName(name),
      topic,
      key,
      value,
      partitioner,
      parents,
    });
    return this;
  }

  /** Adds a store for the processors named. */
  addStateStore(store: StoreBuilder, ...processors: readonly string[]): this {
    this.builder.addStore(store, ...processors);
    return this;
  }

  /** Lets a processor use stores; those that share one are in the same sub-topology. */
  connectProcessorAndStateStores(processor: string, ...stores: readonly string[]): this {
    this.builder.connect(processor, ...stores);
    return this;
  }

  /**
   * Adds a store that is fed from a topic by a processor and that others only read (KIP-813): the topic is
   * its changelog.
   */
  addReadOnlyStateStore<K, V>(
    store: StoreBuilder,
    source: SourceOptions<K, V> & { readonly name: string; readonly topic: string },
    processor: { readonly name: string; readonly supply: ProcessorSupplier<K, V> },
  ): this {
    this.addSource(source.name, source.topic, source);
    this.addProcessor(processor.name, processor.supply, { parents: [source.name] });
    this.builder.addStore(store, processor.name);
    this.builder.reuseSourceTopic(store.name, source.topic);
    return this;
  }

  /** Adds a store that every instance fills from all partitions of a topic, by a processor of the user's. */
  addGlobalStore<K, V>(
    store: StoreBuilder,
    source: SourceOptions<K, V> & { readonly name: string; readonly topic: string },
    processor: { readonly name: string; readonly supply: ProcessorSupplier<K, V> },
  ): this {
    const { name, topic, key, value, timestampExtractor } = source;
    this.builder.addGlobalStore({
      source: { name: checkName(name), topics: [topic], key, value, timestampExtractor },
      processor: {
        name: checkName(processor.name),
        open: processorOperator(processor.supply),
      },
      store,
      reprocessOnRestore: true,
    });
    return this;
  }

  /**
   * The same topology with the types of stores known by their names: after
   * `builder.build().withStores({ sales })`, where `sales` is the table with the store "sales" or that store's
   * builder, `app.store("sales")` is typed, and no other name compiles. Throws `TopologyError` UNKNOWN_STORE
   * where a store is not there or has another name.
   */
  withStores<Handles extends { readonly [name: string]: StoreHandle }>(
    handles: Handles,
  ): Topology<{ [Name in keyof Handles]: StoreOf<Handles[Name]> }> {
    const { stores, globalStores } = this.builder;
    for (const [name, handle] of Object.entries(handles)) {
      const own = storeNameOf(handle);
      if (own === name && (stores.has(name) || globalStores.has(name))) continue;
      const found =
        own === undefined ? "that table has none that can be asked" : `that is the store "${own}"`;
      const message = `the topology has no store "${name}": ${found}`;
      throw new TopologyError(
        "UNKNOWN_STORE",
        own === name ? `${message}, of another topology` : message,
      );
    }
    return this as unknown as Topology<never>;
  }

  /** The topology as text, as the JVM's `Topology.describe()` has it. */
  describe(): string {
    return describeTopology(this.builder);
  }
}
