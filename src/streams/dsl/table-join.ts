import { callback } from "../callback.ts";
import { GraphNode } from "../graph/graph-node.ts";
import type { StreamGraph } from "../graph/stream-graph.ts";
import {
  joinTableSide,
  mergeTableJoin,
  type TableJoin,
  type TableJoiner,
  type TableJoinKind,
} from "../operators/table-join.ts";
import { JoinRows } from "./join-rows.ts";
import { KTable } from "./ktable.ts";
import {
  isMaterialized,
  nameStore,
  type StoreNames,
  type TableMaterializedOptions,
  tableStore,
} from "./materialized.ts";
import { checkSameBuilder, type Named } from "./place.ts";

/** Options of joins of tables by their keys. The result has a store if anything is said of it. */
export type TableJoinOptions<K, Out> = Named & TableMaterializedOptions<K, Out>;

/** Joins two tables by their keys, which must be partitioned alike (`KTableImpl.doJoin`). */
export function joinTables<K, V, W, Out>(
  kind: TableJoinKind,
  left: KTable<K, V>,
  right: KTable<K, W>,
  joiner: TableJoiner<K, V | null, W | null, Out | null>,
  options: TableJoinOptions<K, Out>,
): KTable<K, Out> {
  checkSameBuilder(left.place, right);
  callback(joiner, "a join");
  const { graph } = left.place;
  const isStored = isMaterialized(options);
  const store: StoreNames | undefined = isStored
    ? nameStore(graph, "KTABLE-MERGE-", options)
    : undefined;
  const given = options.name;
  const merge = graph.nodeName("KTABLE-MERGE-", given);
  const sources = new Set([...left.place.sources, ...right.place.sources]);
  graph.copartition(sources);
  if (kind !== "inner") left.rows.sendOldValues(true);
  if (kind === "outer") right.rows.sendOldValues(true);
  const join = { kind, left: left.rows, right: right.rows, joiner };
  const rows = new JoinRows(join, store?.name);
  const names = sideNames(graph, given);
  const stores = { left: left.rows.storeNames(), right: right.rows.storeNames() };
  const versioned = { left: false, right: false };
  const sides = sidesOf(join, rows, versioned);
  const node = new GraphNode(merge, {
    isVersioned: isStored && options.versioned !== undefined,
    onVersionedParent(parent) {
      if (parent === left.place.node.name) versioned.left = true;
      if (parent === right.place.node.name) versioned.right = true;
    },
    write(topology) {
      topology.addProcessor(names.left, sides.left, [left.place.name]);
      topology.addProcessor(names.right, sides.right, [right.place.name]);
      const both = [names.left, names.right];
      topology.addProcessor(merge, mergeTableJoin(rows), both);
      if (store) {
        const { key, value } = table.place;
        const at = { graph, name: store.name, operator: merge };
        topology.addStore(tableStore(at, { ...options, key, value }), merge);
      }
      topology.connect(names.left, ...stores.right);
      topology.connect(names.right, ...stores.left);
    },
  });
  graph.add(node, left.place.node, right.place.node);
  const key = options.key ?? left.place.key;
  const { value } = options;
  const place = { graph, node, name: merge, key, value, sources, needsRepartition: false };
  const table = new KTable(place, rows, store?.name);
  return table;
}

function sideNames(graph: StreamGraph, given: string | undefined) {
  return {
    left: graph.nodeName("KTABLE-JOINTHIS-", given && `${given}-join-this`),
    right: graph.nodeName("KTABLE-JOINOTHER-", given && `${given}-join-other`),
  };
}

/** What each side does with the changes of its table; the right side of a left join needs a left row. */
function sidesOf<K, V, W, Out>(
  { kind, left, right, joiner }: TableJoin<K, V, W, Out>,
  rows: JoinRows<K, V, W, Out>,
  versioned: { readonly left: boolean; readonly right: boolean },
) {
  const termsOf = (side: "left" | "right") => ({
    get sendsOldValues() {
      return rows.sendsOldValues;
    },
    get followsVersions() {
      return versioned[side];
    },
  });
  return {
    left: joinTableSide<K, V, W, Out>({
      other: right,
      joiner,
      requiresOwn: kind !== "outer",
      requiresOther: kind === "inner",
      terms: termsOf("left"),
    }),
    right: joinTableSide<K, W, V, Out>({
      other: left,
      joiner: (own, other, key) => joiner(other, own, key),
      requiresOwn: kind === "inner",
      requiresOther: kind !== "outer",
      terms: termsOf("right"),
    }),
  };
}
