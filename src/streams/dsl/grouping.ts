import { GraphNode } from "../graph/graph-node.ts";
import type { Operator } from "../node.ts";
import type { Serde } from "../serde.ts";
import type { StoreBuilder } from "../stores/store-builder.ts";
import { KTable } from "./ktable.ts";
import type { StoreNames } from "./materialized.ts";
import type { Place } from "./place.ts";
import { repartitionNode } from "./repartition.ts";
import type { TableRows } from "./table-rows.ts";

/** The operator of an aggregation, where it keeps its results, and what becomes of them. */
export interface AggregationNode<K, V, KOut, A> {
  readonly name: string;
  readonly store: StoreNames;
  readonly builder: StoreBuilder;
  readonly open: Operator<K, V, KOut, unknown>;
  readonly rows: TableRows<KOut, A>;
  readonly key: Serde<KOut> | undefined;
  readonly value: Serde<A> | undefined;
  readonly isVersioned: boolean;
  readonly graceMs?: number | undefined;
}

/**
 * The records of a stream by key, with the repartition topic that they must go through if the key has
 * changed. A topic whose name was given is shared by all aggregations below; else each has its own
 * (`GroupedStreamAggregateBuilder`).
 */
export class Grouping<K, V> {
  readonly place: Place<K, V>;
  /** What the repartition topic's name begins with; that of the store by default. */
  readonly name: string | undefined;
  #repartition: GraphNode | undefined;

  constructor(place: Place<K, V>, name: string | undefined) {
    this.place = place;
    this.name = name;
  }

  /** Adds an aggregation of the records. */
  addTable<KOut, A>(aggregation: AggregationNode<K, V, KOut, A>): KTable<KOut, A> {
    const { graph, node: parent, sources } = this.place;
    const { name, store, rows, key, value } = aggregation;
    const repartition = this.#repartitionFor(store);
    if (repartition) graph.add(repartition, parent);
    const node = graph.add(aggregationGraphNode(aggregation), repartition ?? parent);
    const place = {
      graph,
      node,
      name,
      key,
      value,
      sources: repartition ? new Set([repartition.name]) : sources,
      needsRepartition: false,
    };
    return new KTable(place, rows, store.queryable);
  }

  /** Makes the repartition of the records for a store; the counter goes on by its three names also where there is one. */
  makeRepartition(store: StoreNames): GraphNode {
    const { graph, key, value } = this.place;
    const isNamed = this.name !== undefined || store.queryable !== undefined;
    const prefix = this.name ?? store.name;
    return repartitionNode({ graph, prefix, isNamed, key, value, isOptimizable: true });
  }

  #repartitionFor(store: StoreNames): GraphNode | undefined {
    if (!this.place.needsRepartition) return undefined;
    const fresh = this.makeRepartition(store);
    if (!this.#repartition || this.name === undefined) this.#repartition = fresh;
    return this.#repartition;
  }
}

/** The graph's node of an aggregation: its operator, and the store. */
export function aggregationGraphNode<K, V, KOut, A>({
  name,
  open,
  builder,
  isVersioned,
  graceMs,
}: Omit<AggregationNode<K, V, KOut, A>, "isVersioned"> & {
  readonly isVersioned?: boolean | undefined;
}): GraphNode {
  return new GraphNode(name, {
    isVersioned,
    graceMs,
    write(topology, parents) {
      topology.addProcessor(name, open as Operator<never, never, unknown, unknown>, parents);
      topology.addStore(builder, name);
    },
  });
}
