import { GraphNode } from "../graph/graph-node.ts";
import { checkName } from "../name.ts";
import type { Operator } from "../node.ts";
import type { StoreBuilder } from "../stores/store-builder.ts";
import type { Named, Place } from "./place.ts";

/** Options of `process` and `processValues`. */
export interface ProcessOptions extends Named {
  /** Stores it uses: names of such as were added to the builder, or builders of such as are to be (KIP-401). */
  readonly stores?: readonly (string | StoreBuilder)[] | undefined;
}

/** Adds a processor of the user's below a stream; gives the place of what it hands on. */
export function processStream<K, V, L, W>(
  place: Place<K, V>,
  prefix: string,
  open: Operator<K, V, L, W>,
  { name: given, stores = [] }: ProcessOptions,
): Pick<Place<L, W>, "graph" | "node" | "name" | "sources"> {
  const { graph, node: parent, sources } = place;
  // A name that is given takes no number here, as in Kafka Streams.
  const name = checkName(given) ?? graph.nodeName(prefix);
  const node = new GraphNode(name, {
    write(topology, parents) {
      topology.addProcessor(name, open as Operator<never, never, unknown, unknown>, parents);
      for (const store of stores) {
        if (typeof store === "string") topology.connect(name, store);
        else topology.addStore(store, name);
      }
    },
  });
  graph.add(node, parent);
  return { graph, node, name, sources };
}
