import type { Headers } from "../message.ts";
import { after, bytesOf, compareTexts, prefixEnd, textOf } from "./byte-text.ts";
import { WriteBehindCache } from "./cache.ts";
import type { KeyCodec, RowFormat, RowParts } from "./codec.ts";
import type { Rows } from "./engine.ts";
import { type Merge, merge } from "./merge-iteration.ts";
import type { FlushListener, KeyValueStore, Row } from "./state-store.ts";
import type { StoreEnvironment } from "./store-builder.ts";
import type { ValueTable } from "./value-table.ts";
import { WriteThrough } from "./write-through.ts";

/** What a key-value store is made of. */
export interface KeyValueParts<K, V> {
  readonly name: string;
  readonly isPersistent: boolean;
  readonly keys: KeyCodec<K>;
  readonly format: RowFormat<V>;
  readonly rows: Rows;
  readonly environment: StoreEnvironment;
  readonly isCached: boolean;
}

/**
 * Values by key, over rows of bytes: read through a cache if there is one, and written to rows and
 * changelog together, at once or when the cache is flushed.
 */
export class RowsKeyValueStore<K, V> implements KeyValueStore<K, V> {
  readonly name: string;
  readonly isPersistent: boolean;
  readonly #keys: KeyCodec<K>;
  readonly #format: RowFormat<V>;
  readonly #rows: Rows;
  /** The same rows as values, where they are kept so; there is no cache then. */
  readonly #values: ValueTable<unknown> | undefined;
  /** There where {@link #values} is. */
  readonly #parts: RowParts<V>;
  readonly #environment: StoreEnvironment;
  readonly #cache: WriteBehindCache<V> | undefined;
  readonly #through: WriteThrough<K, V, Buffer>;
  readonly #merge: Merge<V, readonly [Buffer, Buffer], Row<K, V>>;

  constructor(parts: KeyValueParts<K, V>) {
    const { name, isPersistent, keys, format, rows, environment, isCached } = parts;
    this.name = name;
    this.isPersistent = isPersistent;
    this.#keys = keys;
    this.#format = format;
    this.#rows = rows;
    this.#environment = environment;
    this.#through = new WriteThrough<K, V, Buffer>({
      parts: format.parts,
      placeOf: bytesOf,
      keyOf: (key) => keys.decode(key),
      read: (key) => this.#read(key),
      write: (key, { value, timestamp, headers }) => this.#write(key, value, timestamp, headers),
    });
    const { cache, task } = environment;
    if (isCached && cache) this.#cache = new WriteBehindCache(cache, task, this.#through);
    const { kept } = format;
    if (!this.#cache && kept) this.#values = rows.keepValues?.(kept);
    this.#parts = kept as RowParts<V>;
    this.#merge = {
      compare: ({ text }, [key]) => compareTexts(text, textOf(key)),
      fromCache: ({ text }, value) => [keys.decode(bytesOf(text)), value],
      fromStore: ([key, row]) => [keys.decode(key), format.decode(row)],
    };
  }

  get(key: K): V | null {
    const cache = this.#cache;
    if (this.#values) return this.#kept(this.#values, key);
    if (!cache) return this.#read(this.#keys.encode(key));
    const text = this.#keys.text(key);
    const known = cache.get(text);
    if (known !== undefined) return known;
    const value = this.#read(bytesOf(text));
    if (value !== null) cache.remember(text, value);
    return value;
  }

  put(key: K, value: V | null): void {
    const given = value ?? null;
    if (this.#cache) this.#cache.put(this.#keys.text(key), given);
    else if (this.#values) this.#keep(this.#values, key, given);
    else {
      const { task } = this.#environment;
      this.#write(this.#keys.encode(key), given, task.currentTimestamp(), task.currentHeaders());
    }
  }

  putIfAbsent(key: K, value: V | null): V | null {
    const present = this.get(key);
    if (present === null) this.put(key, value);
    return present;
  }

  putAll(rows: Iterable<readonly [K, V | null]>): void {
    for (const [key, value] of rows) this.put(key, value);
  }

  delete(key: K): V | null {
    const present = this.get(key);
    this.put(key, null);
    return present;
  }

  range(from: K | undefined, to: K | undefined): IterableIterator<Row<K, V>> {
    return this.#between(this.#keys.bound(from), this.#endOf(to), false);
  }

  reverseRange(from: K | undefined, to: K | undefined): IterableIterator<Row<K, V>> {
    return this.#between(this.#keys.bound(from), this.#endOf(to), true);
  }

  all(): IterableIterator<Row<K, V>> {
    return this.#between(undefined, undefined, false);
  }

  reverseAll(): IterableIterator<Row<K, V>> {
    return this.#between(undefined, undefined, true);
  }

  prefixScan(prefix: Uint8Array): IterableIterator<Row<K, V>> {
    return this.#between(Buffer.from(prefix), prefixEnd(prefix), false);
  }

  approximateNumEntries(): number {
    return this.#rows.approximateCount();
  }

  /** Takes in a record of the changelog. */
  restore(key: Buffer, value: Buffer | null, timestamp: number, headers: Headers): void {
    if (value === null) this.#rows.delete(key);
    else this.#rows.put(key, this.#format.restored(value, timestamp, headers));
  }

  /** Lets somebody know of what the cache writes through; false where there is no cache. */
  listen(listener: FlushListener<K, V>, sendOldValues: boolean): boolean {
    this.#through.listen(listener, sendOldValues);
    return this.#cache !== undefined;
  }

  flushSlice(maxRows: number): number {
    return this.#cache?.flushSlice(maxRows) ?? 0;
  }

  flush(): void {
    this.#cache?.flush();
  }

  close(): void {
    this.#cache?.close();
  }

  #read(key: Buffer): V | null {
    const row = this.#rows.get(key);
    return row && this.#format.decode(row);
  }

  #kept(values: ValueTable<unknown>, key: K): V | null {
    const row = values.find(this.#keys.text(key));
    return row < 0 ? null : this.#parts.join(values.valueAt(row), values.timeAt(row));
  }

  /** Writes rows as values, and the changelog. */
  #keep(values: ValueTable<unknown>, key: K, value: V | null): void {
    const keys = this.#keys;
    const parts = this.#parts;
    const { changelog, task } = this.#environment;
    const now = task.currentTimestamp();
    const text = keys.text(key);
    const own = value === null ? null : parts.valueIn(value);
    const plain = own === null ? null : parts.plain(own);
    const timestamp = plain === null ? now : parts.timeIn(value as V, now);
    if (plain === null) values.delete(text);
    else values.put(text, own, timestamp);
    if (!changelog) return;
    const headers = this.#format.headersOf(value, task.currentHeaders());
    changelog.log(keys.lastField, plain, timestamp, headers);
  }

  /** Writes rows and changelog; gives the row's size. */
  #write(key: Buffer, value: V | null, now: number, context: Headers): number {
    const format = this.#format;
    const row = value === null ? null : format.encode(value);
    if (row) this.#rows.put(key, row);
    else this.#rows.delete(key);
    const { changelog } = this.#environment;
    if (!changelog) return row ? row.length : 0;
    const headers = format.headersOf(value, context);
    if (row) changelog.log(key, format.logged(row), format.timestampOf(row, now), headers);
    else changelog.log(key, null, now, headers);
    return row ? row.length : 0;
  }

  #between(
    from: Buffer | undefined,
    to: Buffer | undefined,
    isReverse: boolean,
  ): IterableIterator<Row<K, V>> {
    const values = this.#values;
    const [first, last] = [from && textOf(from), to && textOf(to)];
    if (values) return this.#keptOf(values, values.range(first, last, isReverse));
    const cached = this.#cache?.range(first, last, isReverse);
    return merge(cached, this.#rows.range(from, to, isReverse), isReverse, this.#merge);
  }

  *#keptOf(values: ValueTable<unknown>, texts: Iterable<string>): IterableIterator<Row<K, V>> {
    for (const text of texts) {
      const row = values.find(text);
      // A row that was deleted since the iteration began is not seen any more.
      if (row < 0) continue;
      const value = this.#parts.join(values.valueAt(row), values.timeAt(row));
      yield [this.#keys.decode(bytesOf(text)), value];
    }
  }

  #endOf(key: K | undefined): Buffer | undefined {
    const bytes = this.#keys.bound(key);
    return bytes && after(bytes);
  }
}
