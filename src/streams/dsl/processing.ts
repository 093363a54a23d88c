import { type GraphFlags, GraphNode } from "../graph/graph-node.ts";
import { checkName } from "../name.ts";
import type { Operator } from "../node.ts";
import type { StoreBuilder } from "../stores/store-builder.ts";
import type { ProcessorNode } from "../topology-node.ts";
import type { Named, Place } from "./place.ts";

/** Options of `process` and `processValues`. */
export interface ProcessOptions extends Named {
  /** Stores it uses: names of such as were added to the builder, or builders of such as are to be (KIP-401). */
  readonly stores?: readonly (string | StoreBuilder)[] | undefined;
}

/** What a stream goes on with behind a step of the program's: its serdes are up to the step. */
export type StepPlace<K, V> = Pick<Place<K, V>, "graph" | "node" | "name" | "sources">;

/** Adds a processor of the user's below a stream; gives the place of what it hands on. */
export function processStream<K, V, L, W>(
  place: Place<K, V>,
  prefix: string,
  open: Operator<K, V, L, W>,
  { name, stores }: ProcessOptions,
): StepPlace<L, W> {
  // A name that is given takes no number here, as in Kafka Streams.
  return addStep(place, checkName(name) ?? place.graph.nodeName(prefix), open, { stores });
}

/** What a step of the program's is, beside its operator. */
interface StepOptions extends GraphFlags, Pick<ProcessorNode, "longestCallMs"> {
  readonly stores: ProcessOptions["stores"];
}

/** Adds an operator with stores of its own below a stream. */
export function addStep<K, V, L, W>(
  { graph, node: parent, sources }: Place<K, V>,
  name: string,
  open: Operator<K, V, L, W>,
  { stores = [], longestCallMs, ...flags }: StepOptions,
): StepPlace<L, W> {
  const node = new GraphNode(name, {
    ...flags,
    write(topology, parents) {
      topology.addProcessor(name, open, parents, { longestCallMs });
      topology.connect(name, ...stores);
    },
  });
  graph.add(node, parent);
  return { graph, node, name, sources };
}
