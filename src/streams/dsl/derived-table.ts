import { GraphNode } from "../graph/graph-node.ts";
import type { Change } from "../message.ts";
import { checkName } from "../name.ts";
import type { Operator } from "../node.ts";
import type { TableTerms } from "../operators/table-result.ts";
import type { Serde } from "../serde.ts";
import { DerivedRows, type DeriveView } from "./derived-rows.ts";
import { KTable } from "./ktable.ts";
import {
  isMaterialized,
  skipStoreName,
  type TableMaterializedOptions,
  tableStore,
} from "./materialized.ts";
import type { Named } from "./place.ts";

/** How the rows of a table follow from those of the one above. */
export interface Derivation<K, V, W> {
  readonly prefix: string;
  /** What becomes of each change. */
  readonly open: (terms: TableTerms) => Operator<K, Change<V>, K, Change<W>>;
  /** What becomes of each row that is looked up, where the result has no store. */
  readonly derive: DeriveView<K, V, W>;
  /** How values become bytes where the options do not say. */
  readonly value?: Serde<W> | undefined;
  /** Whether changes of versions are to be told apart. */
  readonly followsVersions?: boolean | undefined;
  /** Stores that the operator uses beside its own. */
  readonly stores?: readonly string[] | undefined;
  /** Whether the counter of names goes on for a store that has no name, as it mostly does in Kafka. */
  readonly countsStore: boolean;
}

/** Adds a table below another one; it has a store of its own only if that is given a name. */
export function deriveTable<K, V, W>(
  parent: KTable<K, V>,
  { prefix, open, derive, countsStore, stores = [], ...derivation }: Derivation<K, V, W>,
  options: Named & TableMaterializedOptions<K, W>,
): { readonly table: KTable<K, W>; readonly rows: DerivedRows<K, V, W> } {
  const { graph, node: parentNode, sources } = parent.place;
  const store = checkName(options.store);
  const isGiven = isMaterialized(options);
  if (countsStore) skipStoreName(graph, prefix, options);
  const name = graph.nodeName(prefix, options.name);
  const rows = new DerivedRows(parent.rows, store, derive);
  const followVersions = () => {
    rows.followsVersions = true;
  };
  const isVersioned = store !== undefined && options.versioned !== undefined;
  const node = new GraphNode(name, {
    isVersioned: isGiven ? isVersioned : undefined,
    onVersionedParent: derivation.followsVersions ? followVersions : undefined,
    write(topology, parents) {
      topology.addProcessor(name, open(rows), parents);
      if (store !== undefined) {
        const { key, value } = table.place;
        const at = { graph, name: store, operator: name };
        topology.addStore(tableStore(at, { ...options, key, value }), name);
      }
      topology.connect(name, ...stores);
    },
  });
  graph.add(node, parentNode);
  const key = options.key ?? parent.place.key;
  const value = options.value ?? derivation.value;
  const place = { graph, node, name, key, value, sources, needsRepartition: false };
  const table = new KTable(place, rows, store);
  return { table, rows };
}
