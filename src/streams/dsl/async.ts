import { type AsyncOptions, asyncSettings, longestCallMs } from "../async-options.ts";
import type { GraphFlags } from "../graph/graph-node.ts";
import type { Operator } from "../node.ts";
import type { AsyncTerms } from "../operators/async/async-operator.ts";
import type { Named, Place } from "./place.ts";
import { addStep, type ProcessOptions, type StepPlace } from "./processing.ts";

/** Options of `mapValuesAsync` and its neighbours. */
export interface AsyncStreamOptions<K, V, R> extends Named, AsyncOptions<K, V, R> {}

/** Options of `processAsync`. */
export interface AsyncProcessOptions<K, V, R> extends ProcessOptions, AsyncOptions<K, V, R> {}

/** Adds an operator below a stream that waits for answers; gives the place of what it hands on. */
export function asyncStream<K, V, L, W, R>(
  place: Place<K, V>,
  prefix: string,
  options: AsyncProcessOptions<K, V, R>,
  make: (terms: AsyncTerms<K, V, R>) => Operator<K, V, L, W>,
  flags: GraphFlags = {},
): StepPlace<L, W> {
  const settings = asyncSettings(options);
  const name = place.graph.nodeName(prefix, options.name);
  const open = make({ settings, key: place.key });
  const { stores } = options;
  return addStep(place, name, open, { ...flags, stores, longestCallMs: longestCallMs(settings) });
}
