import { int64Max } from "../../protocol/index.ts";
import type { Headers } from "../message.ts";
import { type CachedRow, WriteBehindCache } from "./cache.ts";
import type { KeyCodec, RowFormat, RowParts } from "./codec.ts";
import { type KeySearch, windowKey, windowKeyOfText } from "./key-schema.ts";
import { MemoryWindowRows, timeOf, type WindowCell } from "./memory-window-rows.ts";
import { type Merge, merge } from "./merge-iteration.ts";
import { SegmentedCacheKeys } from "./segmented-cache.ts";
import type { FlushListener, Row, Windowed, WindowStore } from "./state-store.ts";
import type { StoreEnvironment } from "./store-builder.ts";
import { boundedTime } from "./time-bytes.ts";
import type { WindowLayout } from "./window-layout.ts";
import { nextSequence, type WindowRow, type WindowRows } from "./window-rows.ts";
import { WriteThrough } from "./write-through.ts";

/** What a window store is made of. */
export interface WindowStoreParts<K, V> {
  readonly name: string;
  readonly isPersistent: boolean;
  readonly windowSizeMs: number;
  readonly retainsDuplicates: boolean;
  readonly keys: KeyCodec<K>;
  readonly format: RowFormat<V>;
  readonly rows: WindowRows;
  readonly environment: StoreEnvironment;
  /** Of the cache in front, undefined for none: the interval of the segments behind it, 1 for rows in memory. */
  readonly cacheIntervalMs: number | undefined;
  /** How the rows lie, and those of the cache. */
  readonly layout: WindowLayout;
}

/** Values by key and window start, over rows of bytes, with a cache in front if there is one. */
export class RowsWindowStore<K, V> implements WindowStore<K, V> {
  readonly name: string;
  readonly isPersistent: boolean;
  readonly #parts: WindowStoreParts<K, V>;
  readonly #keys: KeyCodec<K>;
  readonly #rows: WindowRows;
  /** The same rows as values, where they are kept so; there is no cache then. */
  readonly #values: MemoryWindowRows<unknown> | undefined;
  /** There where {@link #values} is. */
  readonly #kept: RowParts<V>;
  readonly #cache: WriteBehindCache<V> | undefined;
  readonly #through: WriteThrough<Windowed<K>, V, Buffer>;
  readonly #cacheKeys: SegmentedCacheKeys;
  readonly #layout: WindowLayout;
  readonly #byTime: Merge<V, WindowRow, Row<number, V>>;
  readonly #byKey: Merge<V, WindowRow, Row<Windowed<K>, V>>;
  /** The latest start that was put into the cache. */
  #latestCached = -1;
  #loggedSequence = 0;

  constructor(parts: WindowStoreParts<K, V>) {
    const { keys, format, rows, layout, environment, cacheIntervalMs } = parts;
    this.name = parts.name;
    this.isPersistent = parts.isPersistent;
    this.#parts = parts;
    this.#keys = keys;
    this.#rows = rows;
    const cacheKeys = new SegmentedCacheKeys(layout.schema, cacheIntervalMs ?? 1);
    this.#cacheKeys = cacheKeys;
    this.#layout = layout;
    this.#through = new WriteThrough<Windowed<K>, V, Buffer>({
      parts: format.parts,
      placeOf: (text) => cacheKeys.rowKey(text),
      keyOf: (row) => this.#windowed(row),
      read: (row) => this.#read(layout.keyOf(row), layout.startOf(row)),
      write: (row, { value, timestamp, headers }) =>
        this.#write(layout.keyOf(row), value, layout.startOf(row), timestamp, headers),
    });
    const { cache, task } = environment;
    if (cacheIntervalMs !== undefined && cache) {
      this.#cache = new WriteBehindCache(cache, task, this.#through);
    }
    const { kept } = format;
    if (!this.#cache && kept && rows instanceof MemoryWindowRows) {
      this.#values = rows.keepValues(kept);
    }
    this.#kept = kept as RowParts<V>;
    const startOf = ({ text }: CachedRow<V>) => layout.startOf(cacheKeys.rowKey(text));
    this.#byTime = {
      compare: (cached, { start }) => startOf(cached) - start,
      fromCache: (cached, value) => [startOf(cached), value],
      fromStore: ({ start, value }) => [start, format.decode(value)],
    };
    this.#byKey = {
      compare: (cached, { key, start }) => cacheKeys.compare(cached, layout.rowKey(key, start, 0)),
      fromCache: ({ text }, value) => [this.#windowed(cacheKeys.rowKey(text)), value],
      fromStore: ({ key, start, value }) => [
        this.#windowOf(keys.decode(key), start),
        format.decode(value),
      ],
    };
  }

  put(key: K, value: V | null, windowStart: number): void {
    const given = value ?? null;
    if (this.#cache) {
      this.#cache.put(this.#textOf(key, windowStart), given);
      this.#latestCached = Math.max(this.#latestCached, windowStart);
    } else if (this.#values) this.#keep(this.#values, key, given, windowStart);
    else {
      const { task } = this.#parts.environment;
      const now = task.currentTimestamp();
      this.#write(this.#keys.encode(key), given, windowStart, now, task.currentHeaders());
    }
  }

  fetch(key: K, windowStart: number): V | null {
    if (this.#values) {
      const cell = this.#values.find(this.#keys.text(key), windowStart);
      return cell ? this.#kept.join(cell.value, timeOf(cell)) : null;
    }
    const known = this.#cache?.get(this.#textOf(key, windowStart));
    if (known !== undefined) return known;
    return this.#read(this.#keys.encode(key), windowStart);
  }

  fetchRange(key: K, from: number, to: number): IterableIterator<Row<number, V>> {
    return this.#ofKey(key, from, to, false);
  }

  backwardFetchRange(key: K, from: number, to: number): IterableIterator<Row<number, V>> {
    return this.#ofKey(key, from, to, true);
  }

  fetchKeys(
    fromKey: K | undefined,
    toKey: K | undefined,
    from: number,
    to: number,
  ): IterableIterator<Row<Windowed<K>, V>> {
    return this.#ofKeys(fromKey, toKey, from, to, false);
  }

  backwardFetchKeys(
    fromKey: K | undefined,
    toKey: K | undefined,
    from: number,
    to: number,
  ): IterableIterator<Row<Windowed<K>, V>> {
    return this.#ofKeys(fromKey, toKey, from, to, true);
  }

  fetchAll(from: number, to: number): IterableIterator<Row<Windowed<K>, V>> {
    return this.#ofAll(from, to, false);
  }

  backwardFetchAll(from: number, to: number): IterableIterator<Row<Windowed<K>, V>> {
    return this.#ofAll(from, to, true);
  }

  all(): IterableIterator<Row<Windowed<K>, V>> {
    return this.#ofAll(0, int64Max, false);
  }

  backwardAll(): IterableIterator<Row<Windowed<K>, V>> {
    return this.#ofAll(0, int64Max, true);
  }

  /** Takes in a record of the changelog. */
  restore(key: Buffer, value: Buffer | null, timestamp: number, headers: Headers): void {
    this.#rows.restore(key, value && this.#parts.format.restored(value, timestamp, headers));
  }

  /** Lets somebody know of what the cache writes through; false where there is no cache. */
  listen(listener: FlushListener<Windowed<K>, V>, sendOldValues: boolean): boolean {
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
    this.#rows.close();
  }

  #ofKey(key: K, from: number, to: number, backwards: boolean): IterableIterator<Row<number, V>> {
    const end = boundedTime(to);
    if (this.#values) {
      return joined(this.#values.cells(this.#keys.text(key), from, end, backwards), this.#kept);
    }
    const bytes = this.#keys.encode(key);
    const stored = this.#rows.fetch(bytes, from, end, backwards);
    const search = { fromKey: bytes, toKey: bytes, from, to: end, backwards };
    const cache = this.#cache;
    const cached = cache && this.#cacheKeys.ofKey(cache, bytes, search, this.#latestCached);
    return merge(cached, stored, backwards, this.#byTime);
  }

  #ofKeys(
    fromKey: K | undefined,
    toKey: K | undefined,
    from: number,
    to: number,
    backwards: boolean,
  ): IterableIterator<Row<Windowed<K>, V>> {
    const [first, last] = [this.#keys.bound(fromKey), this.#keys.bound(toKey)];
    const search = { fromKey: first, toKey: last, from, to: boundedTime(to), backwards };
    return this.#merged(this.#rows.fetchKeys(search), search);
  }

  #ofAll(from: number, to: number, backwards: boolean): IterableIterator<Row<Windowed<K>, V>> {
    const end = boundedTime(to);
    const stored = this.#rows.fetchAll(from, end, backwards);
    const search = { fromKey: undefined, toKey: undefined, from, to: end, backwards };
    return this.#merged(stored, search);
  }

  #merged(
    stored: IterableIterator<WindowRow>,
    search: KeySearch,
  ): IterableIterator<Row<Windowed<K>, V>> {
    const cached = this.#cache && this.#cacheKeys.ofKeys(this.#cache, search);
    return merge(cached, stored, search.backwards, this.#byKey);
  }

  #read(key: Buffer, start: number): V | null {
    const row = this.#rows.get(key, start);
    return row && this.#parts.format.decode(row);
  }

  /** Writes a row as a value, and the changelog. */
  #keep(values: MemoryWindowRows<unknown>, key: K, value: V | null, start: number): void {
    const kept = this.#kept;
    const { format, environment } = this.#parts;
    const { changelog, task } = environment;
    const now = task.currentTimestamp();
    const text = this.#keys.text(key);
    const own = value === null ? null : kept.valueIn(value);
    const plain = own === null ? null : kept.plain(own);
    const timestamp = plain === null ? now : kept.timeIn(value as V, now);
    values.set(text, start, plain === null ? undefined : own, timestamp);
    if (!changelog) return;
    const headers = format.headersOf(value, task.currentHeaders());
    changelog.log(windowKeyOfText(text, start, this.#sequence()), plain, timestamp, headers);
  }

  /** The number that tells the changelog's records of duplicates apart. */
  #sequence(): number {
    if (this.#parts.retainsDuplicates) this.#loggedSequence = nextSequence(this.#loggedSequence);
    return this.#loggedSequence;
  }

  /** Writes rows and changelog; gives the row's size. */
  #write(key: Buffer, value: V | null, start: number, now: number, context: Headers): number {
    const { format, environment } = this.#parts;
    const row = value === null ? null : format.encode(value);
    this.#rows.put(key, row, start);
    const { changelog } = environment;
    if (changelog) {
      const logged = windowKey(key, start, this.#sequence());
      const headers = format.headersOf(value, context);
      if (row) changelog.log(logged, format.logged(row), format.timestampOf(row, now), headers);
      else changelog.log(logged, null, now, headers);
    }
    return row ? row.length : 0;
  }

  #textOf(key: K, start: number): string {
    return this.#cacheKeys.text(this.#layout.text(this.#keys.text(key), start), start);
  }

  #windowed(row: Buffer): Windowed<K> {
    const layout = this.#layout;
    return this.#windowOf(this.#keys.decode(layout.keyOf(row)), layout.startOf(row));
  }

  #windowOf(key: K, start: number): Windowed<K> {
    return { key, window: { start, end: boundedTime(start + this.#parts.windowSizeMs) } };
  }
}

function* joined<V>(
  cells: readonly WindowCell<unknown>[],
  parts: RowParts<V>,
): IterableIterator<Row<number, V>> {
  for (const cell of cells) yield [cell.slot.start, parts.join(cell.value, timeOf(cell))];
}
