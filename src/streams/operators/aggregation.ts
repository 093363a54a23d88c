import { callback } from "../callback.ts";

/** Makes the aggregate of a key, or of a window of it, that has none yet. */
export type Initializer<A> = () => A;

/** Takes a value into an aggregate and gives the new one, null to delete it. It must not change the one it gets. */
export type Aggregator<K, V, A> = (aggregate: A, value: V, key: K) => A | null;

/** Makes one value of two, the one so far and the next; null deletes it. */
export type Reducer<K, V> = (aggregate: V, value: V, key: K) => V | null;

/** Makes one aggregate of those of two sessions that have become one; the earlier is on the left. */
export type Merger<K, A> = (left: A, right: A, key: K) => A;

/** What an aggregation keeps, and what it tells of it; read when it is opened. */
export interface ResultTerms {
  /** The store of its results. */
  readonly store: string;
  /** Whether changes carry old values. */
  readonly sendsOldValues: boolean;
}

/** What is done with the values of an aggregation. */
export interface AggregationParts<K, V, A> {
  readonly initializer: Initializer<A>;
  readonly aggregator: Aggregator<K, V, A>;
}

/** What an aggregation is made of. */
export interface Aggregation<K, V, A> extends AggregationParts<K, V, A> {
  readonly terms: ResultTerms;
}

/** The parts of an aggregation that counts records. */
export const counting = {
  initializer: (): number => 0,
  aggregator: (count: number): number => count + 1,
  merger: (left: number, right: number): number => left + right,
};

/** The parts of an aggregation that reduces values: the first is the result so far. */
export function reducing<K, V>(reducer: Reducer<K, V>) {
  callback(reducer, "reduce");
  const aggregator = (aggregate: V, value: V, key: K): V =>
    aggregate === null ? value : (reducer(aggregate, value, key) as V);
  return { initializer: () => null as V, aggregator, merger: aggregator };
}

/** Throws INVALID_TOPOLOGY unless all parts of an aggregation are functions that answer at once. */
export function checkParts(parts: object): void {
  for (const [part, run] of Object.entries(parts)) callback(run, `the ${part} of an aggregation`);
}
