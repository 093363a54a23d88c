import { GraphNode } from "../graph/graph-node.ts";
import type { StreamGraph } from "../graph/stream-graph.ts";
import { checkName } from "../name.ts";
import { tableSource } from "../operators/table-source.ts";
import type { TimestampExtractor } from "../timestamp-extractor.ts";
import { nameStore, tableStore, withStoreDefaults } from "./materialized.ts";
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

/** Makes a global table of a topic (`StreamsBuilder.globalTable`). */
export function globalTableFromTopic<K, V>(
  graph: StreamGraph,
  topic: string,
  options: TableOptions<K, V>,
): GlobalKTable<K, V> {
  const { key, value } = options;
  const store = nameStore(graph, `${topic}-`, options);
  const given = checkName(options.name);
  const source = graph.nodeName("KSTREAM-SOURCE-", given && checkName(`${given}-source`));
  const name = graph.nodeName("KTABLE-SOURCE-", given);
  const rows = new SourceRows<K, V>(store);
  rows.storeNames();
  const timestampExtractor = options.timestampExtractor as TimestampExtractor | undefined;
  const node = new GraphNode(name, {
    write: (topology) =>
      topology.addGlobalStore({
        source: { name: source, topics: [topic], key, value, timestampExtractor },
        processor: { name, open: tableSource<never, never>(rows as never) },
        store: tableStore(store.name, name, {
          ...withStoreDefaults(graph, options),
          changelog: false,
        }),
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
