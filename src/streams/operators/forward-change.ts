import type { Change, Headers } from "../message.ts";
import type { NodeContext } from "../node.ts";
import type { FlushListener } from "../stores/state-store.ts";

/** Hands the change of a row on. */
export type ForwardChange<K, V> = (
  key: K,
  newValue: V | null,
  oldValue: V | null,
  timestamp: number,
  headers: Headers,
  isLatest?: boolean,
) => void;

/** Where rows may wait in a cache: `onFlush` of a store. */
export interface Flushing<K, V> {
  onFlush(listener: FlushListener<K, V>, sendOldValues: boolean): boolean;
}

/**
 * Hands changes on at once. Undefined where the store has a cache: what it writes through is handed on then, under
 * the context of the record that wrote it (`TimestampedTupleForwarder` and `TimestampedCacheFlushListener`).
 * `timeOf` gives the time of what comes out of the cache, by default that of the value.
 */
export function changeForwarder<K, V>(
  context: NodeContext<K, Change<V>>,
  store: Flushing<K, V> | undefined,
  sendsOldValues: boolean,
  timeOf?: (key: K) => number,
): ForwardChange<K, V> | undefined {
  const { forward } = context;
  const listener: FlushListener<K, V> = (key, newValue, oldValue, timestamp, headers, metadata) => {
    const value = { newValue, oldValue, isLatest: true };
    const message = { key, value, timestamp: timeOf ? timeOf(key) : timestamp, headers };
    context.withRecord(message, metadata, forward);
  };
  if (store?.onFlush(listener, sendsOldValues)) return undefined;
  return (key, newValue, oldValue, timestamp, headers, isLatest = true) => {
    const value = { newValue, oldValue: sendsOldValues ? oldValue : null, isLatest };
    forward({ key, value, timestamp, headers });
  };
}
