import type { GraphNode } from "../graph/graph-node.ts";
import type { Serde } from "../serde.ts";
import type { Place } from "./place.ts";
import { repartitionNode } from "./repartition.ts";

const repartitions = new WeakMap<GraphNode, GraphNode>();

/**
 * The stream as a join can use it: with the serdes that the join names, and sent through a repartition
 * topic first where its key has changed. `topic` is what the topic's name begins with; by default the
 * stream's own name, and then the joins of one stream share the topic.
 */
export function copartitioned<K, V>(
  place: Place<K, V>,
  given: { readonly key: Serde<K> | undefined; readonly value: Serde<V> | undefined },
  topic: string | undefined,
): Place<K, V> {
  const serdes = { key: given.key ?? place.key, value: given.value ?? place.value };
  if (!place.needsRepartition) return { ...place, ...serdes };
  const { graph, node: parent } = place;
  const prefix = topic ?? place.name;
  const isNamed = topic !== undefined;
  // Made in any case, since the counter of names goes on with each, as it does in Kafka.
  const made = repartitionNode({ graph, prefix, isNamed, ...serdes, isOptimizable: true });
  const earlier = place.name === prefix ? repartitions.get(parent) : undefined;
  if (!earlier) {
    graph.add(made, parent);
    repartitions.set(parent, made);
  }
  const sources = new Set([made.name]);
  const node = earlier ?? made;
  return { graph, node, name: made.name, ...serdes, sources, needsRepartition: false };
}
