import { type GraphNode, operatorNode } from "../graph/graph-node.ts";
import type { StreamGraph } from "../graph/stream-graph.ts";
import { type Aggregator, checkParts, type Initializer } from "../operators/aggregation.ts";
import { passThrough } from "../operators/stateless.ts";
import type { AggregationKind } from "./aggregation-kind.ts";
import { aggregationNode, type Grouping } from "./grouping.ts";
import { KTable } from "./ktable.ts";
import { type MaterializedOptions, nameStore, type StoreNames } from "./materialized.ts";
import type { Named } from "./place.ts";
import { StoredRows } from "./stored-rows.ts";

/** A grouped stream among several, with how its values are taken into the common aggregate. */
export interface Cogrouped<K, A> {
  readonly grouping: Grouping<K, unknown>;
  readonly aggregator: Aggregator<K, unknown, A>;
}

const aggregatePrefix = "COGROUPKSTREAM-AGGREGATE-";
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

  /** Adds an operator for each of the streams, and a node in which their results meet. */
  aggregate<KOut, A, Options extends Named & MaterializedOptions<K, A>>(
    inputs: readonly Cogrouped<K, A>[],
    kind: AggregationKind<K, KOut, A, Options>,
    initializer: Initializer<A>,
    options: Options,
  ): KTable<KOut, A> {
    for (const { aggregator } of inputs) checkParts({ initializer, aggregator });
    const graph = this.#graph;
    const { name } = options;
    const store = nameStore(graph, aggregatePrefix, options);
    const rows = new StoredRows<KOut, A>(store.name, kind.openRows);
    const key =
      options.key ?? inputs.find(({ grouping }) => grouping.place.key)?.grouping.place.key;
    const place = { graph, name: store.name, operator: name ?? store.name };
    const builder = kind.store(place, { ...options, key });
    const { isVersioned, graceMs } = kind;
    this.#addParents(inputs, store);
    const nodes = inputs.map(({ grouping, aggregator }, index) => {
      const given = name && `${name}-cogroup-agg-${index}`;
      const operator = graph.nodeName(aggregatePrefix, given);
      const open = kind.open({ initializer, aggregator, terms: rows });
      const node = aggregationNode({ name: operator, open, builder, isVersioned, graceMs });
      return graph.add(node, this.#parents.get(grouping) as GraphNode);
    });
    const merged = graph.nodeName(mergePrefix, name && `${name}-cogroup-merge`);
    const node = graph.add(operatorNode(merged, passThrough()), ...nodes);
    const result = {
      graph,
      node,
      name: merged,
      key: key && kind.keyOf(key),
      value: options.value,
      // As on the JVM: the merge itself, not the sources above it.
      sources: new Set([merged]),
      needsRepartition: false,
    };
    return new KTable(result, rows, store.queryable);
  }

  #addParents(inputs: readonly Pick<Cogrouped<K, never>, "grouping">[], store: StoreNames): void {
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
