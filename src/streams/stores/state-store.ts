import type { Headers, RecordMetadata } from "../message.ts";

/** What every store can be asked by the task that owns it. */
export interface StateStore {
  readonly name: string;
  readonly isPersistent: boolean;
  /** Writes what the cache holds to the engine and the changelog, and forwards what waits in it. */
  flush(): void;
  close(): void;
}

/** A store's value with the time it was written at (KIP-258). */
export interface ValueAndTimestamp<V> {
  readonly value: V;
  readonly timestamp: number;
}

/** The same with the headers of the record that wrote it (KIP-1271). */
export interface ValueTimestampHeaders<V> extends ValueAndTimestamp<V> {
  readonly headers: Headers;
}

/** A session's value with the headers of the record that wrote it (KIP-1271). */
export interface AggregationWithHeaders<A> {
  readonly aggregation: A;
  readonly headers: Headers;
}

/** A row of a range. */
export type Row<K, V> = readonly [key: K, value: V];

/**
 * What a cached store tells when it writes a row through: the new and the old value, null for none, and
 * the record that wrote the row, under whose context the listener forwards.
 */
export type FlushListener<K, V> = (
  key: K,
  newValue: V | null,
  oldValue: V | null,
  timestamp: number,
  headers: Headers,
  metadata: RecordMetadata | undefined,
) => void;

/** A store whose writes may wait in a cache until the commit (KIP-63). */
export interface CachedStore<K, V> {
  /** Gives true where the store has a cache, and the listener will be told; false where callers must forward at once. */
  onFlush(listener: FlushListener<K, V>, sendOldValues: boolean): boolean;
  /**
   * Writes through at most so many of the rows that wait, oldest first, so that the event loop has its
   * turn between slices; gives how many still wait.
   */
  flushSlice(maxRows: number): number;
}

/** Reads of a key-value store. Ranges go by the order of the serialized keys and are closed by reading to the end or by `return()`. */
export interface ReadOnlyKeyValueStore<K, V> {
  get(key: K): V | null;
  range(from: K | undefined, to: K | undefined): IterableIterator<Row<K, V>>;
  reverseRange(from: K | undefined, to: K | undefined): IterableIterator<Row<K, V>>;
  all(): IterableIterator<Row<K, V>>;
  reverseAll(): IterableIterator<Row<K, V>>;
  /** Rows whose serialized keys begin with these bytes. */
  prefixScan(prefix: Uint8Array): IterableIterator<Row<K, V>>;
  approximateNumEntries(): number;
}

/** A key-value store; null deletes. */
export interface KeyValueStore<K, V> extends StateStore, ReadOnlyKeyValueStore<K, V> {
  put(key: K, value: V | null): void;
  putIfAbsent(key: K, value: V | null): V | null;
  putAll(rows: Iterable<readonly [K, V | null]>): void;
  delete(key: K): V | null;
}

/** What the DSL's tables live in. */
export interface TimestampedKeyValueStore<K, V>
  extends KeyValueStore<K, ValueAndTimestamp<V>>,
    CachedStore<K, V> {}

/** One version of a key's value (KIP-889). */
export interface VersionedRecord<V> {
  readonly value: V;
  readonly timestamp: number;
  /** When a later version took its place; undefined for the present one. */
  readonly validTo: number | undefined;
}

/** Reads of a store that keeps the history of each key. */
export interface ReadOnlyVersionedKeyValueStore<K, V> {
  /** The version of a time, the present one by default; null where there was none. */
  get(key: K, asOf?: number): VersionedRecord<V> | null;
}

/** A store that keeps the history of each key. */
export interface VersionedKeyValueStore<K, V>
  extends StateStore,
    ReadOnlyVersionedKeyValueStore<K, V> {
  /** Gives the time at which the next version begins, −1 where there is none; undefined where it was too old to be put. */
  put(key: K, value: V | null, timestamp: number): number | undefined;
  delete(key: K, timestamp: number): VersionedRecord<V> | null;
}

/** A span of time that a row stands for. */
export interface Window {
  readonly start: number;
  /** Exclusive for time windows, inclusive for sessions. */
  readonly end: number;
}

/** A key and its window. */
export interface Windowed<K> {
  readonly key: K;
  readonly window: Window;
}

/** Reads of a window store. Times are in milliseconds since 1970. */
export interface ReadOnlyWindowStore<K, V> {
  fetch(key: K, windowStart: number): V | null;
  /** Windows of one key that start within the times, both inclusive. */
  fetchRange(key: K, from: number, to: number): IterableIterator<Row<number, V>>;
  backwardFetchRange(key: K, from: number, to: number): IterableIterator<Row<number, V>>;
  /** Windows of a range of keys; undefined bounds are open. */
  fetchKeys(
    fromKey: K | undefined,
    toKey: K | undefined,
    from: number,
    to: number,
  ): IterableIterator<Row<Windowed<K>, V>>;
  backwardFetchKeys(
    fromKey: K | undefined,
    toKey: K | undefined,
    from: number,
    to: number,
  ): IterableIterator<Row<Windowed<K>, V>>;
  fetchAll(from: number, to: number): IterableIterator<Row<Windowed<K>, V>>;
  backwardFetchAll(from: number, to: number): IterableIterator<Row<Windowed<K>, V>>;
  all(): IterableIterator<Row<Windowed<K>, V>>;
  backwardAll(): IterableIterator<Row<Windowed<K>, V>>;
}

/** A store of values by key and window start. */
export interface WindowStore<K, V> extends StateStore, ReadOnlyWindowStore<K, V> {
  put(key: K, value: V | null, windowStart: number): void;
}

/** What windowed aggregations of the DSL live in. */
export interface TimestampedWindowStore<K, V>
  extends WindowStore<K, ValueAndTimestamp<V>>,
    CachedStore<Windowed<K>, V> {}

/** Reads of a session store. Times are in milliseconds since 1970. */
export interface ReadOnlySessionStore<K, V> {
  fetchSession(key: K, start: number, end: number): V | null;
  /** Sessions of a key that end at or after the one and start at or before the other. */
  findSessions(
    key: K,
    earliestEnd: number,
    latestStart: number,
  ): IterableIterator<Row<Windowed<K>, V>>;
  backwardFindSessions(
    key: K,
    earliestEnd: number,
    latestStart: number,
  ): IterableIterator<Row<Windowed<K>, V>>;
  findSessionsOfKeys(
    fromKey: K | undefined,
    toKey: K | undefined,
    earliestEnd: number,
    latestStart: number,
  ): IterableIterator<Row<Windowed<K>, V>>;
  backwardFindSessionsOfKeys(
    fromKey: K | undefined,
    toKey: K | undefined,
    earliestEnd: number,
    latestStart: number,
  ): IterableIterator<Row<Windowed<K>, V>>;
  /** Sessions of all keys that end within the times, both inclusive; for stores without a cache. */
  findEndedSessions(earliestEnd: number, latestEnd: number): IterableIterator<Row<Windowed<K>, V>>;
  fetch(key: K): IterableIterator<Row<Windowed<K>, V>>;
  backwardFetch(key: K): IterableIterator<Row<Windowed<K>, V>>;
  fetchKeys(fromKey: K | undefined, toKey: K | undefined): IterableIterator<Row<Windowed<K>, V>>;
}

/** A store of values by key and session. */
export interface SessionStore<K, V>
  extends StateStore,
    CachedStore<Windowed<K>, V>,
    ReadOnlySessionStore<K, V> {
  put(key: Windowed<K>, value: V | null): void;
  remove(key: Windowed<K>): void;
}

/** What a store can be asked from outside its task; for a store of the program's own, all of it. */
export type ReadOnlyStore<S> =
  S extends ReadOnlyKeyValueStore<infer K, infer V>
    ? ReadOnlyKeyValueStore<K, V>
    : S extends ReadOnlyWindowStore<infer K, infer V>
      ? ReadOnlyWindowStore<K, V>
      : S extends ReadOnlySessionStore<infer K, infer V>
        ? ReadOnlySessionStore<K, V>
        : S extends ReadOnlyVersionedKeyValueStore<infer K, infer V>
          ? ReadOnlyVersionedKeyValueStore<K, V>
          : S;
