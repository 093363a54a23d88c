import type { CachedRow, CacheOwner } from "./cache.ts";
import type { SplitValue } from "./codec.ts";
import type { FlushListener } from "./state-store.ts";

/** The rows behind a cache; `P` is where one of them is. */
export interface RowsBehind<K, V, P> {
  readonly parts: SplitValue<V> | undefined;
  /** Where the row of a text of the cache is. */
  placeOf(text: string): P;
  keyOf(place: P): K;
  read(place: P): V | null;
  /** Writes rows and changelog, and gives the size of the row. */
  write(place: P, row: CachedRow<V>): number;
}

/**
 * Writes what a cache passes on to the rows behind it, and tells who listens what has changed by that
 * (`CachingKeyValueStore.putAndMaybeForward` and its like).
 */
export class WriteThrough<K, V, P> implements CacheOwner<V> {
  readonly parts: SplitValue<V> | undefined;
  readonly #rows: RowsBehind<K, V, P>;
  #listener: FlushListener<K, V> | undefined;
  #sendsOldValues = false;

  constructor(rows: RowsBehind<K, V, P>) {
    this.parts = rows.parts;
    this.#rows = rows;
  }

  listen(listener: FlushListener<K, V>, sendOldValues: boolean): void {
    this.#listener = listener;
    this.#sendsOldValues = sendOldValues;
  }

  write(row: CachedRow<V>): number {
    const rows = this.#rows;
    const listener = this.#listener;
    const place = rows.placeOf(row.text);
    if (!listener) return rows.write(place, row);
    const { value, timestamp, headers, metadata } = row;
    const sendsOld = this.#sendsOldValues;
    const old = value === null || sendsOld ? rows.read(place) : null;
    // A row that never was and is deleted again is nobody's concern.
    if (value === null && old === null) return 0;
    const bytes = rows.write(place, row);
    listener(rows.keyOf(place), value, sendsOld ? old : null, timestamp, headers, metadata);
    return bytes;
  }
}
