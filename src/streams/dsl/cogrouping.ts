import { GraphNode } from "../graph/graph-node.ts";
import type { StreamGraph } from "../graph/stream-graph.ts";
import { checkName } from "../name.ts";
import type { Operator } from "../node.ts";
import type { Aggregator } from "../operators/aggregation.ts";
import { passThrough } from "../operators/stateless.ts";
import type { Serde } from "../serde.ts";
import type { StoreBuilder } from "../stores/store-builder.ts";
import { aggregationGraphNode, type Grouping } from "./grouping.ts";
import { KTable } from "./ktable.ts";
import type { StoreNames } from "./materialized.ts";
import type { TableRows } from "./table-rows.ts";

/** A grouped stream among several. */
export interface CogroupInput<K> {
  readonly grouping: Grouping<K, unknown>;
}

/** The same with how its values are taken into the common aggregate. */
export interface Cogrouped<K, A> extends CogroupInput<K> {
  readonly aggregator: Aggregator<K, unknown, A>;
}

/** What an aggregation of several grouped streams is made of. */
export interface CogroupAggregation<K, KOut, A> {
  readonly name: string | undefined;
  readonly store: StoreNames;
  readonly builder: StoreBuilder;
  readonly rows: TableRows<KOut, A>;
  readonly key: Serde<KOut> | undefined;
  readonly value: Serde<A> | undefined;
  readonly isVersioned?: boolean | undefined;
  readonly graceMs?: number | undefined;
  /** The operator for one of the streams. */
  open(aggregator: Aggregator<K, unknown, A>): Operator<K, unknown, KOut, unknown>;
}

/** What generated names of a cogroup's operators and stores begin with. */
export const cogroupPrefix = "COGROUPKSTREAM-AGGREGATE-";
const mergePrefix = "COGROUPKSTREAM-MERGE-";

/**
 * Adds aggregations of several grouped streams into one store. Repartitions are made once and are there
 * for all aggregations of a cogroup (`CogroupedStreamAggregateBuilder`).
 */
export class Cogrouping<K> {
  readonly #graph: StreamGraph;
  readonly #parents = new Map<Grouping<K, unknown>, GraphNode>();

  constructor(graph: StreamGraph) {
    this.#graph = graph;
  }

  get graph(): StreamGraph {
    return this.#graph;
  }

  /** Adds an operator for each of the streams, and a node in which their results meet. */
  addTable<KOut, A>(
    inputs: readonly Cogrouped<K, A>[],
    aggregation: CogroupAggregation<K, KOut, A>,
  ): KTable<KOut, A> {
    const graph = this.#graph;
    const { name, store, rows, key, value } = aggregation;
    this.#addParents(inputs, store);
    const nodes = inputs.map(({ grouping, aggregator }, index) => {
      const given = checkName(name && `${name}-cogroup-agg-${index}`);
      const operator = graph.nodeName(cogroupPrefix, given);
      const open = aggregation.open(aggregator);
      const node = aggregationGraphNode({ ...aggregation, name: operator, open });
      return graph.add(node, this.#parents.get(grouping) as GraphNode);
    });
    const merged = graph.nodeName(mergePrefix, checkName(name && `${name}-cogroup-merge`));
    const node = new GraphNode(merged, {
      write: (topology, parents) => topology.addProcessor(merged, passThrough() as never, parents),
    });
    graph.add(node, ...nodes);
    const place = {
      graph,
      node,
      name: merged,
      key,
      value,
      // As on the JVM: the merge itself, not the sources above it.
      sources: new Set([merged]),
      needsRepartition: false,
    };
    return new KTable(place, rows, store.queryable);
  }

  #addParents(inputs: readonly CogroupInput<K>[], store: StoreNames): void {
    for (const { grouping } of inputs) {
      const { node, needsRepartition } = grouping.place;
      if (!needsRepartition) {
        this.#parents.set(grouping, node);
        continue;
      }
      const repartition = grouping.makeRepartition(store);
      if (this.#parents.has(grouping)) continue;
      this.#graph.add(repartition, node);
      this.#parents.set(grouping, repartition);
    }
    const sources = [...this.#parents.keys()].flatMap(({ place }) => [...place.sources]);
    this.#graph.copartition(new Set(sources));
  }
}

/** The first serde of keys that one of the streams has. */
export function firstKey<K>(inputs: readonly CogroupInput<K>[]): Serde<K> | undefined {
  return inputs.find(({ grouping }) => grouping.place.key)?.grouping.place.key;
}
