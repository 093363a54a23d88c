import { changeSerde } from "../change-serde.ts";
import { GraphNode } from "../graph/graph-node.ts";
import type { Change } from "../message.ts";
import type { Operator } from "../node.ts";
import { int64 } from "../numeric-serdes.ts";
import {
  type Aggregator,
  counting,
  type Initializer,
  type Reducer,
  reducing,
} from "../operators/aggregation.ts";
import { openRowStore } from "../operators/row-store.ts";
import { aggregateTable } from "../operators/table-aggregate.ts";
import { failOnInvalidTimestamp } from "../timestamp-extractor.ts";
import type { GroupedOptions } from "./grouped-stream.ts";
import { KTable } from "./ktable.ts";
import {
  type AggregateOptions,
  nameStore,
  type StoreNames,
  type TableMaterializedOptions,
  tableStore,
} from "./materialized.ts";
import { type Named, type Place, withDefaults } from "./place.ts";
import { needed } from "./repartition.ts";
import { StoredRows } from "./stored-rows.ts";

/** An aggregation, where it keeps its results, and what it is called. */
interface GroupAggregation<K, V, A> {
  readonly prefix: string;
  readonly store: StoreNames;
  readonly rows: StoredRows<K, A>;
  readonly open: Operator<K, Change<V>, K, Change<A>>;
}

/**
 * The rows of a table by another key, to be made into a table with a row for each group: whenever a row
 * changes, its old value is taken back from its old group, and its new one added to the new group. Rows that
 * are given a null key or value are in no group.
 */
export class KGroupedTable<K, V> {
  readonly #place: Place<K, V>;
  readonly #topicName: string | undefined;
  #repartition: GraphNode | undefined;

  /** Made by `KTable.groupBy`. */
  constructor(place: Place<K, V>, { name }: GroupedOptions<K, V>) {
    this.#place = withDefaults(place);
    this.#topicName = name;
  }

  /** Counts the rows of each group. */
  count(options: Named & TableMaterializedOptions<K, number> = {}): KTable<K, number> {
    const store = this.#nameStore(options);
    const rows = new StoredRows<K, number>(store.name, openRowStore);
    const open = aggregateTable<K, V, number>({
      terms: rows,
      initializer: counting.initializer,
      adder: counting.aggregator,
      subtractor: (count) => count - 1,
    });
    const withValue = { ...options, value: options.value ?? int64 };
    return this.#table({ prefix: "KTABLE-AGGREGATE-", store, rows, open }, withValue);
  }

  /** Makes one value of all rows of a group: `adder` takes a value in, `subtractor` takes an old one out. */
  reduce(
    adder: Reducer<K, V>,
    subtractor: Reducer<K, V>,
    options: Named & TableMaterializedOptions<K, V> = {},
  ): KTable<K, V> {
    const store = this.#nameStore(options);
    const rows = new StoredRows<K, V>(store.name, openRowStore);
    const { initializer, aggregator } = reducing(adder);
    const open = aggregateTable({ terms: rows, initializer, adder: aggregator, subtractor });
    const withValue = { ...options, value: options.value ?? this.#place.value };
    return this.#table({ prefix: "KTABLE-REDUCE-", store, rows, open }, withValue);
  }

  /**
   * Takes the rows of each group into an aggregate, which begins with what the initializer gives: `adder`
   * takes a value in, `subtractor` takes an old one out. Null deletes the aggregate.
   */
  aggregate<A>(
    initializer: Initializer<NoInfer<A>>,
    adder: Aggregator<K, V, NoInfer<A>>,
    subtractor: Aggregator<K, V, NoInfer<A>>,
    options: AggregateOptions<K, A>,
  ): KTable<K, A> {
    const store = this.#nameStore(options);
    const rows = new StoredRows<K, A>(store.name, openRowStore);
    const open = aggregateTable({ terms: rows, initializer, adder, subtractor });
    return this.#table({ prefix: "KTABLE-AGGREGATE-", store, rows, open }, options);
  }

  /** All three name their stores alike, as in Kafka. */
  #nameStore(options: Pick<TableMaterializedOptions<K, V>, "store" | "changelog">): StoreNames {
    return nameStore(this.#place.graph, "KTABLE-AGGREGATE-", options);
  }

  #table<A>(
    { prefix, store, rows, open }: GroupAggregation<K, V, A>,
    options: Named & TableMaterializedOptions<K, A>,
  ): KTable<K, A> {
    const { graph } = this.#place;
    const given = options.name;
    const suffixed = (suffix: string) => given && `${given}${suffix}`;
    const sink = graph.nodeName("KSTREAM-SINK-", suffixed("-sink"));
    const source = graph.nodeName("KSTREAM-SOURCE-", suffixed("-source"));
    const name = graph.nodeName(prefix, given);
    const topic = `${this.#topicName ?? store.name}-repartition`;
    if (!this.#repartition || this.#topicName === undefined) {
      this.#repartition = this.#repartitionNode(sink, source, topic);
    }
    const repartition = this.#repartition;
    graph.add(repartition, this.#place.node);
    const node = new GraphNode(name, {
      isVersioned: options.versioned !== undefined,
      write(topology, parents) {
        const { key, value } = table.place;
        topology.addProcessor(name, open, parents);
        const at = { graph, name: store.name, operator: name };
        topology.addStore(tableStore(at, { ...options, key, value }), name);
      },
    });
    graph.add(node, repartition);
    const sources = new Set([repartition.name]);
    const key = options.key ?? this.#place.key;
    const { value } = options;
    const place = { graph, node, name, key, value, sources, needsRepartition: false };
    const table = new KTable(place, rows, store.queryable);
    return table;
  }

  #repartitionNode(sink: string, source: string, topic: string): GraphNode {
    const { key: keySerde, value: valueSerde } = this.#place;
    return new GraphNode(source, {
      write(topology, parents) {
        const key = needed(keySerde, "keys", topic);
        const value = changeSerde(needed(valueSerde, "values", topic));
        topology.addRepartitionTopic({ name: topic, numPartitions: undefined });
        topology.addSink({ name: sink, topic, key, value, parents });
        const timestampExtractor = failOnInvalidTimestamp;
        topology.addSource({ name: source, topics: [topic], key, value, timestampExtractor });
      },
    });
  }
}
