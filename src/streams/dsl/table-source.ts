import type { OffsetReset } from "../../client/index.ts";
import { GraphNode, type GraphRole } from "../graph/graph-node.ts";
import type { StreamGraph } from "../graph/stream-graph.ts";
import { tableSource } from "../operators/table-source.ts";
import type { Serde } from "../serde.ts";
import type { TimestampExtractor } from "../timestamp-extractor.ts";
import { KTable } from "./ktable.ts";
import {
  nameStore,
  type TableMaterializedOptions,
  tableSourceNames,
  tableStore,
} from "./materialized.ts";
import type { Named, Place } from "./place.ts";
import { repartitionNode } from "./repartition.ts";
import { SourceRows } from "./source-rows.ts";

/** How a topic is read as a table, and how its rows are kept. */
export interface TableOptions<K, V> extends Named, TableMaterializedOptions<K, V> {
  readonly key: Serde<K>;
  readonly value: Serde<V>;
  /** Says when each record happened; its own timestamp by default. */
  readonly timestampExtractor?: TimestampExtractor<K, V> | undefined;
  /** Where to begin without a committed offset; as the application's consumer by default. */
  readonly offsetReset?: OffsetReset | undefined;
}

/** Makes a table of a topic (`StreamsBuilder.table`). */
export function tableFromTopic<K, V>(
  graph: StreamGraph,
  topic: string,
  options: TableOptions<K, V>,
): KTable<K, V> {
  const { key, value, timestampExtractor, offsetReset } = options;
  const store = nameStore(graph, `${topic}-`, options);
  const { source, name } = tableSourceNames(graph, options.name);
  const rows = new SourceRows<K, V>(store);
  const role: GraphRole & { is: "table-source" } = { is: "table-source", reusesTopic: false };
  const node = new GraphNode(name, {
    role,
    isVersioned: options.versioned !== undefined,
    write(topology) {
      const terms = { key, value, timestampExtractor, offsetReset };
      topology.addSource({ name: source, topics: [topic], ...terms });
      topology.addProcessor(name, tableSource(rows), [source]);
      if (rows.store === undefined) return;
      const at = { graph, name: rows.store, operator: name };
      topology.addStore(tableStore(at, options), name);
      if (role.reusesTopic) topology.reuseSourceTopic(rows.store, topic);
    },
  });
  graph.add(node);
  const sources = new Set([source]);
  const place = { graph, node, name, key, value, sources, needsRepartition: false };
  return new KTable(place, rows, store.queryable);
}

/** Makes a table of a stream, whose records are its changes (`KStream.toTable`, KIP-523). */
export function streamToTable<K, V>(
  stream: Place<K, V>,
  options: Named & TableMaterializedOptions<K, NonNullable<V>> = {},
): KTable<K, NonNullable<V>> {
  type Row = NonNullable<V>;
  const { graph } = stream;
  const given = options.name;
  const name = graph.nodeName("KSTREAM-TOTABLE-", given);
  const store = nameStore(graph, "KSTREAM-TOTABLE-", options);
  const key = options.key ?? stream.key;
  const value = options.value ?? (stream.value as Serde<Row> | undefined);
  let { node: parent, sources } = stream;
  if (stream.needsRepartition) {
    const isNamed = given !== undefined;
    const serdes = { key, value: value as Serde<V> | undefined };
    parent = repartitionNode({ graph, prefix: name, isNamed, ...serdes, isOptimizable: true });
    graph.add(parent, stream.node);
    sources = new Set([parent.name]);
  }
  const rows = new SourceRows<K, Row>(store);
  const node = new GraphNode(name, {
    isVersioned: options.versioned !== undefined,
    write(topology, parents) {
      topology.addProcessor(name, tableSource(rows), parents);
      if (rows.store === undefined) return;
      const at = { graph, name: rows.store, operator: name };
      topology.addStore(tableStore(at, { ...options, key, value }), name);
    },
  });
  graph.add(node, parent);
  const place = { graph, node, name, key, value, sources, needsRepartition: false };
  return new KTable(place, rows, store.queryable);
}
