import type { NodeContext } from "../node.ts";
import type {
  FlushListener,
  TimestampedKeyValueStore,
  ValueAndTimestamp,
  VersionedKeyValueStore,
  VersionedRecord,
} from "../stores/state-store.ts";

/** What became of a put: versioned stores may find it too old, or older than what they have. */
export type PutOutcome = "latest" | "superseded" | "too-old";

/** A table's rows as operators work on them, in whichever kind of store they are (`KeyValueStoreWrapper`). */
export interface RowStore<K, V> {
  get(key: K): ValueAndTimestamp<V> | null;
  /** The row as it was at a time; only where versions are kept. */
  readonly asOf: ((key: K, timestamp: number) => VersionedRecord<V> | null) | undefined;
  put(key: K, value: V | null, timestamp: number): PutOutcome;
  /** See `CachedStore`; a store that keeps versions has no cache. */
  onFlush(listener: FlushListener<K, V>, sendOldValues: boolean): boolean;
}

/** Opens the rows of a table's store, timestamped or versioned, in a node that is connected to it. */
export function openRowStore<K, V>(
  context: NodeContext<never, never>,
  name: string,
): RowStore<K, V> {
  const store = context.store<TimestampedKeyValueStore<K, V> | VersionedKeyValueStore<K, V>>(name);
  return "onFlush" in store ? timestamped(store) : versioned(store);
}

function timestamped<K, V>(store: TimestampedKeyValueStore<K, V>): RowStore<K, V> {
  return {
    get: (key) => store.get(key),
    asOf: undefined,
    put(key, value, timestamp) {
      store.put(key, value === null ? null : { value, timestamp });
      return "latest";
    },
    onFlush: (listener, sendOldValues) => store.onFlush(listener, sendOldValues),
  };
}

function versioned<K, V>(store: VersionedKeyValueStore<K, V>): RowStore<K, V> {
  return {
    get: (key) => store.get(key),
    asOf: (key, timestamp) => store.get(key, timestamp),
    put(key, value, timestamp) {
      const validTo = store.put(key, value, timestamp);
      if (validTo === undefined) return "too-old";
      return validTo === noLaterVersion ? "latest" : "superseded";
    },
    onFlush: () => false,
  };
}

/** What `VersionedKeyValueStore.put` gives where no later version ends this one. */
const noLaterVersion = -1;
