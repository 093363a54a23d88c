import { type AsyncOptions, asyncSettings, longestCallMs } from "../async-options.ts";
import { GraphNode, type GraphNodeOptions } from "../graph/graph-node.ts";
import { checkName } from "../name.ts";
import type { Operator } from "../node.ts";
import type { AsyncTerms } from "../operators/async/async-operator.ts";
import type { Named, Place } from "./place.ts";
import type { ProcessOptions } from "./processing.ts";

/** Options of `mapValuesAsync` and its neighbours. */
export interface AsyncStreamOptions<K, V, R> extends Named, AsyncOptions<K, V, R> {}

/** Options of `processAsync`. */
export interface AsyncProcessOptions<K, V, R> extends ProcessOptions, AsyncOptions<K, V, R> {}

/** Adds an operator below a stream that waits for answers; gives the place of what it hands on. */
export function asyncStream<K, V, L, W, R>(
  { graph, node: parent, sources, key }: Place<K, V>,
  prefix: string,
  options: AsyncProcessOptions<K, V, R>,
  make: (terms: AsyncTerms<K, V, R>) => Operator<K, V, L, W>,
  flags: Partial<GraphNodeOptions> = {},
): Pick<Place<L, W>, "graph" | "node" | "name" | "sources"> {
  const settings = asyncSettings(options);
  const name = graph.nodeName(prefix, checkName(options.name));
  const open = make({ settings, key }) as Operator<never, never, unknown, unknown>;
  const node = new GraphNode(name, {
    ...flags,
    write(topology, parents) {
      topology.addProcessor(name, open, parents, { longestCallMs: longestCallMs(settings) });
      for (const store of options.stores ?? []) {
        if (typeof store === "string") topology.connect(name, store);
        else topology.addStore(store, name);
      }
    },
  });
  graph.add(node, parent);
  return { graph, node, name, sources };
}
