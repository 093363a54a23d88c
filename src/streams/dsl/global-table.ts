import { TopologyError } from "../../errors.ts";
import { GraphNode } from "../graph/graph-node.ts";
import type { StreamGraph } from "../graph/stream-graph.ts";
import { tableSource } from "../operators/table-source.ts";
import { nameStore, tableSourceNames, tableStore } from "./materialized.ts";
import { SourceRows } from "./source-rows.ts";
import type { TableRows } from "./table-rows.ts";
import type { TableOptions } from "./table-source.ts";

/**
 * A table that every instance of an application has whole, from all partitions of its topic. Streams can be
 * joined with it by any key.
 */
export class GlobalKTable<K, V> {
  readonly rows: TableRows<K, V>;
  /** The name of the store that it can be queried by, if it has one of the program's. */
  readonly queryableStoreName: string | undefined;

  /** Made by `StreamsBuilder.globalTable`. */
  constructor(rows: TableRows<K, V>, storeName: string | undefined) {
    this.rows = rows;
    this.queryableStoreName = storeName;
  }
}

/**
 * How a topic is read as a global table, and how its rows are kept. It is always read from its beginning, is its own
 * changelog, and keeps no versions.
 */
export type GlobalTableOptions<K, V> = Omit<
  TableOptions<K, V>,
  "offsetReset" | "changelog" | "versioned"
>;

/** Makes a global table of a topic (`StreamsBuilder.globalTable`). */
export function globalTableFromTopic<K, V>(
  graph: StreamGraph,
  topic: string,
  options: GlobalTableOptions<K, V>,
): GlobalKTable<K, V> {
  const { key, value, timestampExtractor } = options;
  if ("versioned" in options && options.versioned !== undefined) {
    const message = `the global table of ${topic} cannot keep versions: leave \`versioned\` out`;
    throw new TopologyError("INVALID_TOPOLOGY", message);
  }
  // The topic itself is the changelog.
  const store = nameStore(graph, `${topic}-`, { ...options, changelog: false });
  const { source, name } = tableSourceNames(graph, options.name);
  const rows = new SourceRows<K, V>(store);
  rows.storeNames();
  const node = new GraphNode(name, {
    write: (topology) =>
      topology.addGlobalStore({
        source: { name: source, topics: [topic], key, value, timestampExtractor },
        processor: { name, open: tableSource(rows) },
        store: tableStore(
          { graph, name: store.name, operator: name },
          { ...options, changelog: false },
        ),
        reprocessOnRestore: false,
      }),
  });
  graph.add(node);
  // A global store is there for every node, without being connected to it.
  const unconnected: TableRows<K, V> = {
    storeNames: () => [],
    open: (context) => rows.open(context),
    sendOldValues: () => false,
  };
  return new GlobalKTable(unconnected, store.queryable);
}
