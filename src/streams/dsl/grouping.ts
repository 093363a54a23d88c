import { GraphNode } from "../graph/graph-node.ts";
import type { AnyOperator } from "../node.ts";
import { type AggregationParts, checkParts } from "../operators/aggregation.ts";
import type { StoreBuilder } from "../stores/store-builder.ts";
import type { AggregationKind } from "./aggregation-kind.ts";
import { KTable } from "./ktable.ts";
import { type MaterializedOptions, nameStore, type StoreNames } from "./materialized.ts";
import type { Named, Place } from "./place.ts";
import { repartitionNode } from "./repartition.ts";
import { StoredRows } from "./stored-rows.ts";

/** What generated names of aggregations and their stores begin with. */
export const aggregatePrefix = "KSTREAM-AGGREGATE-";
/** The same for reductions. */
export const reducePrefix = "KSTREAM-REDUCE-";

/**
 * The records of a stream by key, with the repartition topic that they must go through if the key has
 * changed. A topic whose name was given is shared by all aggregations below; else each has its own
 * (`GroupedStreamAggregateBuilder`).
 */
export class Grouping<K, V> {
  readonly place: Place<K, V>;
  /** What the repartition topic's name begins with; that of the store by default. */
  readonly #name: string | undefined;
  #repartition: GraphNode | undefined;

  constructor(place: Place<K, V>, name: string | undefined) {
    this.place = place;
    this.#name = name;
  }

  /** Adds an aggregation of the records. */
  aggregate<KOut, A, Options extends Named & MaterializedOptions<K, A>>(
    prefix: string,
    kind: AggregationKind<K, KOut, A, Options>,
    parts: AggregationParts<K, V, A>,
    options: Options,
  ): KTable<KOut, A> {
    checkParts(parts);
    const { graph, node: above } = this.place;
    const store = nameStore(graph, prefix, options);
    const name = graph.nodeName(prefix, options.name);
    const key = options.key ?? this.place.key;
    const rows = new StoredRows<KOut, A>(store.name, kind.openRows);
    const node = aggregationNode({
      name,
      open: kind.open({ ...parts, terms: rows }),
      builder: kind.store({ graph, name: store.name, operator: name }, { ...options, key }),
      isVersioned: kind.isVersioned ?? false,
      graceMs: kind.graceMs,
    });
    const repartition = this.#repartitionFor(store);
    if (repartition) graph.add(repartition, above);
    graph.add(node, repartition ?? above);
    const place = {
      graph,
      node,
      name,
      key: key && kind.keyOf(key),
      value: options.value,
      sources: repartition ? new Set([repartition.name]) : this.place.sources,
      needsRepartition: false,
    };
    return new KTable(place, rows, store.queryable);
  }

  /** Makes the repartition of the records for a store; the counter goes on by its three names also where there is one. */
  makeRepartition(store: StoreNames): GraphNode {
    const { graph, key, value } = this.place;
    const isNamed = this.#name !== undefined || store.queryable !== undefined;
    const prefix = this.#name ?? store.name;
    return repartitionNode({ graph, prefix, isNamed, key, value, isOptimizable: true });
  }

  #repartitionFor(store: StoreNames): GraphNode | undefined {
    if (!this.place.needsRepartition) return undefined;
    const fresh = this.makeRepartition(store);
    if (!this.#repartition || this.#name === undefined) this.#repartition = fresh;
    return this.#repartition;
  }
}

/** The operator of an aggregation, and the store of its results. */
interface AggregationNode {
  readonly name: string;
  readonly open: AnyOperator;
  readonly builder: StoreBuilder;
  readonly isVersioned: boolean | undefined;
  readonly graceMs: number | undefined;
}

/** The graph's node of an aggregation: its operator, and the store. */
export function aggregationNode({
  name,
  open,
  builder,
  isVersioned,
  graceMs,
}: AggregationNode): GraphNode {
  return new GraphNode(name, {
    isVersioned,
    graceMs,
    write(topology, parents) {
      topology.addProcessor(name, open, parents);
      topology.addStore(builder, name);
    },
  });
}
