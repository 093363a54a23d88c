import type { OffsetReset } from "../../client/index.ts";
import { TopologyError } from "../../errors.ts";
import { GraphNode } from "../graph/graph-node.ts";
import { type Optimization, type StoreFormat, StreamGraph } from "../graph/stream-graph.ts";
import { type ProcessorSupplier, processorOperator } from "../processor.ts";
import type { ProcessorWrapper } from "../processor-wrapper.ts";
import type { Serde } from "../serde.ts";
import type { StoreType } from "../stores/builder-options.ts";
import type { StoreBuilder } from "../stores/store-builder.ts";
import type { TimestampExtractor } from "../timestamp-extractor.ts";
import { Topology } from "../topology.ts";
import {
  type GlobalKTable,
  type GlobalTableOptions,
  globalTableFromTopic,
} from "./global-table.ts";
import { KStream } from "./kstream.ts";
import type { KTable } from "./ktable.ts";
import { tableSourceNames } from "./materialized.ts";
import type { Named } from "./place.ts";
import { type TableOptions, tableFromTopic } from "./table-source.ts";

/** How a topic is read. */
export interface ConsumedOptions<K, V> extends Named {
  readonly key: Serde<K>;
  readonly value: Serde<V>;
  /** Says when each record happened; its own timestamp by default. */
  readonly timestampExtractor?: TimestampExtractor<K, V> | undefined;
  /** Where to begin without a committed offset; as the application's consumer by default. */
  readonly offsetReset?: OffsetReset | undefined;
}

/** What {@link StreamsBuilder.build} takes. */
export interface BuildOptions {
  /** Which optimisations to apply to the topology; none by default, as on the JVM. */
  readonly optimization?: "none" | "all" | readonly Optimization[] | undefined;
  /** Whether all stores and internal topics must have names of the program's own (KIP-1111); false by default. */
  readonly ensureExplicitInternalResourceNaming?: boolean | undefined;
}

/** What a program can be begun with. */
export interface StreamsBuilderOptions {
  /** The serde of keys of which nothing else says how they become bytes (`default.key.serde`); none by default. */
  readonly defaultKey?: Serde<unknown> | undefined;
  /** The same for values (`default.value.serde`). */
  readonly defaultValue?: Serde<unknown> | undefined;
  /** Where tables and joins keep their rows (`default.dsl.store`); "persistent" by default. */
  readonly storeType?: StoreType | undefined;
  /**
   * What the rows of tables keep beside their values (`dsl.store.format`, KIP-1285): "timestamped" by default. With
   * "headers", the changelogs' deletions bear the headers of the records that they follow from, and results of
   * sessions bear none, as in Kafka Streams 4.3.
   */
  readonly storeFormat?: StoreFormat | undefined;
  /** Put around every processor of the program, also those of its operators (KIP-1112); none by default. */
  readonly processorWrapper?: ProcessorWrapper | undefined;
}

const allOptimizations: readonly Optimization[] = [
  "reuse.ktable.source.topics",
  "merge.repartition.topics",
  "single.store.self.join",
];

/**
 * Where a program of streams and tables begins. What it declares becomes a {@link Topology} with
 * {@link StreamsBuilder.build}.
 */
export class StreamsBuilder {
  readonly #graph: StreamGraph;

  /** Begins an empty program. Default serdes are taken where nothing else says how keys or values become bytes. */
  constructor({ defaultKey: key, defaultValue: value, ...defaults }: StreamsBuilderOptions = {}) {
    this.#graph = new StreamGraph({ ...defaults, key, value });
  }

  /** A stream of the records of one topic or several, or of all whose whole names match a pattern. */
  stream<K, V>(
    topics: string | readonly string[] | RegExp,
    options: ConsumedOptions<K, V>,
  ): KStream<K, V> {
    const { key, value, timestampExtractor, offsetReset } = options;
    const graph = this.#graph;
    const name = graph.nodeName("KSTREAM-SOURCE-", options.name);
    const list = typeof topics === "string" ? [topics] : topics;
    const node = new GraphNode(name, {
      role: { is: "source", topics: list, offsetReset },
      write: (topology) =>
        topology.addSource({ name, topics: list, key, value, timestampExtractor, offsetReset }),
    });
    graph.add(node);
    const sources = new Set([name]);
    return new KStream({ graph, node, name, key, value, sources, needsRepartition: false });
  }

  /**
   * A table of a topic, whose records are its changes: a null value deletes the row of its key. Records
   * with a null key are dropped.
   */
  table<K, V>(topic: string, options: TableOptions<K, V>): KTable<K, V> {
    return tableFromTopic(this.#graph, topic, options);
  }

  /** A table of a topic that every instance has whole, from all of the topic's partitions. */
  globalTable<K, V>(topic: string, options: GlobalTableOptions<K, V>): GlobalKTable<K, V> {
    return globalTableFromTopic(this.#graph, topic, options);
  }

  /** Adds a store that processors of the program can use by its name. */
  addStateStore(store: StoreBuilder): this {
    const write = new GraphNode(store.name, { write: (topology) => topology.addStore(store) });
    this.#graph.add(write);
    return this;
  }

  /**
   * Adds a store that every instance fills from all partitions of a topic, by a processor of the
   * program's, which is run again when the store is restored: it must not do anything else.
   */
  addGlobalStore<K, V>(
    store: StoreBuilder,
    topic: string,
    supply: ProcessorSupplier<K, V>,
    options: ConsumedOptions<K, V>,
  ): this {
    const graph = this.#graph;
    const { key, value, timestampExtractor } = options;
    const { source, name } = tableSourceNames(graph, options.name);
    const node = new GraphNode(store.name, {
      write: (topology) =>
        topology.addGlobalStore({
          source: { name: source, topics: [topic], key, value, timestampExtractor },
          processor: { name, open: processorOperator(supply) },
          store,
          reprocessOnRestore: true,
        }),
    });
    graph.add(node);
    return this;
  }

  /** The program as a topology. Nothing can be added afterwards. Throws `TopologyError` for what cannot be. */
  build({
    optimization = "none",
    ensureExplicitInternalResourceNaming,
  }: BuildOptions = {}): Topology {
    const chosen =
      optimization === "none" ? [] : optimization === "all" ? allOptimizations : optimization;
    for (const one of chosen) {
      if (allOptimizations.includes(one)) continue;
      throw new TopologyError(
        "INVALID_TOPOLOGY",
        `there is no optimization ${one}: choose from ${allOptimizations.join(", ")}`,
      );
    }
    const requiresNames = ensureExplicitInternalResourceNaming;
    return new Topology(this.#graph.build(new Set(chosen), { requiresNames }));
  }
}
