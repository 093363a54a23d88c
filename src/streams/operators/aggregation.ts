/** Makes the aggregate of a key, or of a window of it, that has none yet. */
export type Initializer<A> = () => A;

/** Takes a value into an aggregate and gives the new one, null to delete it. It must not change the one it gets. */
export type Aggregator<K, V, A> = (aggregate: A, value: V, key: K) => A | null;

/** Makes one value of two, the one so far and the next; null deletes it. */
export type Reducer<K, V> = (aggregate: V, value: V, key: K) => V | null;

/** Makes one aggregate of those of two sessions that have become one; the earlier is on the left. */
export type Merger<K, A> = (left: A, right: A, key: K) => A;

/** Where an aggregation keeps its results, and what it tells of them. */
export interface ResultTerms {
  /** The name of the store. */
  readonly store: string;
  /** Whether changes carry old values; what it says when the node is opened counts. */
  readonly retraction: { readonly sendsOldValues: boolean };
}

/** What an aggregation is made of. */
export interface Aggregation<K, V, A> extends ResultTerms {
  readonly initializer: Initializer<A>;
  readonly aggregator: Aggregator<K, V, A>;
}

/** The parts of an aggregation that counts records. */
export const counting = {
  initializer: (): number => 0,
  aggregator: (count: number): number => count + 1,
  merger: (left: number, right: number): number => left + right,
};

/** The parts of an aggregation that reduces values: the first is the result so far. */
export function reducing<K, V>(reducer: Reducer<K, V>) {
  const aggregator = (aggregate: V | null, value: V, key: K): V | null =>
    aggregate === null ? value : reducer(aggregate, value, key);
  return {
    initializer: (): V | null => null,
    aggregator,
    merger: (left: V | null, right: V | null, key: K): V | null =>
      aggregator(left, right as V, key),
  };
}
