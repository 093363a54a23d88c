import { int64Max } from "../../protocol/index.ts";
import { type Headers, noHeaders } from "../message.ts";
import { WriteBehindCache } from "./cache.ts";
import type { KeyCodec, RowFormat } from "./codec.ts";
import { sessionSchema } from "./key-first-schema.ts";
import {
  keyWithin,
  sessionEnd,
  sessionKey,
  sessionStart,
  sessionSuffixBytes,
} from "./key-schema.ts";
import { type Merge, merge } from "./merge-iteration.ts";
import { SegmentedCacheKeys } from "./segmented-cache.ts";
import type { SessionRow, SessionRows } from "./session-rows.ts";
import type { FlushListener, Row, SessionStore, Windowed } from "./state-store.ts";
import type { StoreEnvironment } from "./store-builder.ts";
import { boundedTime, timeText } from "./time-bytes.ts";
import { WriteThrough } from "./write-through.ts";

/** What a session store is made of. */
export interface SessionStoreParts<K, V> {
  readonly name: string;
  readonly isPersistent: boolean;
  readonly keys: KeyCodec<K>;
  readonly format: RowFormat<V>;
  readonly rows: SessionRows;
  readonly environment: StoreEnvironment;
  /** Of the cache in front, undefined for none: the interval of the segments behind it, 1 for rows in memory. */
  readonly cacheIntervalMs: number | undefined;
  /** Whether what the cache hands on bears the headers of the record that wrote it, or none. */
  readonly forwardsHeaders: boolean;
}

/** Values by key and session, over rows of bytes, with a cache in front if there is one. */
export class RowsSessionStore<K, V> implements SessionStore<K, V> {
  readonly name: string;
  readonly isPersistent: boolean;
  readonly #parts: SessionStoreParts<K, V>;
  readonly #keys: KeyCodec<K>;
  readonly #rows: SessionRows;
  readonly #cache: WriteBehindCache<V> | undefined;
  readonly #through: WriteThrough<Windowed<K>, V, Buffer>;
  readonly #cacheKeys: SegmentedCacheKeys;
  readonly #merge: Merge<V, SessionRow, Row<Windowed<K>, V>>;
  /** The latest end that was put into the cache. */
  #latestCached = -1;

  constructor(parts: SessionStoreParts<K, V>) {
    const { keys, format, rows, environment, cacheIntervalMs } = parts;
    this.name = parts.name;
    this.isPersistent = parts.isPersistent;
    this.#parts = parts;
    this.#keys = keys;
    this.#rows = rows;
    const cacheKeys = new SegmentedCacheKeys(sessionSchema, cacheIntervalMs ?? 1);
    this.#cacheKeys = cacheKeys;
    const keyOf = (row: Buffer) => keyWithin(row, sessionSuffixBytes);
    this.#through = new WriteThrough<Windowed<K>, V, Buffer>({
      parts: format.parts,
      placeOf: (text) => cacheKeys.rowKey(text),
      keyOf: (row) => this.#windowed(row),
      read: (row) => this.#read(keyOf(row), sessionStart(row), sessionEnd(row)),
      write: (row, cached) =>
        this.#write(keyOf(row), sessionStart(row), sessionEnd(row), cached.value, cached),
    });
    const { cache, task } = environment;
    if (cacheIntervalMs !== undefined && cache) {
      this.#cache = new WriteBehindCache(cache, task, this.#through);
    }
    this.#merge = {
      compare: (cached, { key, start, end }) =>
        cacheKeys.compare(cached, sessionKey(key, start, end)),
      fromCache: ({ text }, value) => [this.#windowed(cacheKeys.rowKey(text)), value],
      fromStore: ({ key, start, end, value }) => [
        { key: keys.decode(key), window: { start, end } },
        format.decode(value),
      ],
    };
  }

  put(session: Windowed<K>, value: V | null): void {
    const given = value ?? null;
    if (this.#cache) {
      const { end } = session.window;
      this.#cache.put(this.#textOf(session), given);
      this.#latestCached = Math.max(this.#latestCached, end);
      return;
    }
    const { key, window } = session;
    const { task } = this.#parts.environment;
    const record = { timestamp: task.currentTimestamp(), headers: task.currentHeaders() };
    this.#write(this.#keys.encode(key), window.start, window.end, given, record);
  }

  remove(session: Windowed<K>): void {
    if (this.#cache) {
      this.put(session, null);
      return;
    }
    const { format, environment } = this.#parts;
    const { changelog, task } = environment;
    const { start, end } = session.window;
    const key = this.#keys.encode(session.key);
    this.#rows.remove(key, start, end);
    const headers = format.headersOf(null, task.currentHeaders());
    changelog?.log(sessionKey(key, start, end), null, task.currentTimestamp(), headers);
  }

  fetchSession(key: K, start: number, end: number): V | null {
    const known = this.#cache?.get(this.#textOf({ key, window: { start, end } }));
    if (known !== undefined) return known;
    return this.#read(this.#keys.encode(key), start, end);
  }

  findSessions(
    key: K,
    earliestEnd: number,
    latestStart: number,
  ): IterableIterator<Row<Windowed<K>, V>> {
    return this.#ofKey(key, earliestEnd, latestStart, false);
  }

  backwardFindSessions(
    key: K,
    earliestEnd: number,
    latestStart: number,
  ): IterableIterator<Row<Windowed<K>, V>> {
    return this.#ofKey(key, earliestEnd, latestStart, true);
  }

  findSessionsOfKeys(
    fromKey: K | undefined,
    toKey: K | undefined,
    earliestEnd: number,
    latestStart: number,
  ): IterableIterator<Row<Windowed<K>, V>> {
    return this.#ofKeys(fromKey, toKey, earliestEnd, latestStart, false);
  }

  backwardFindSessionsOfKeys(
    fromKey: K | undefined,
    toKey: K | undefined,
    earliestEnd: number,
    latestStart: number,
  ): IterableIterator<Row<Windowed<K>, V>> {
    return this.#ofKeys(fromKey, toKey, earliestEnd, latestStart, true);
  }

  findEndedSessions(earliestEnd: number, latestEnd: number): IterableIterator<Row<Windowed<K>, V>> {
    // As in Kafka: only stores that results on close are read from are asked, and they have no cache.
    return merge(undefined, this.#rows.fetchEnded(earliestEnd, latestEnd), false, this.#merge);
  }

  fetch(key: K): IterableIterator<Row<Windowed<K>, V>> {
    return this.#ofKey(key, 0, int64Max, false);
  }

  backwardFetch(key: K): IterableIterator<Row<Windowed<K>, V>> {
    return this.#ofKey(key, 0, int64Max, true);
  }

  fetchKeys(fromKey: K | undefined, toKey: K | undefined): IterableIterator<Row<Windowed<K>, V>> {
    return this.#ofKeys(fromKey, toKey, 0, int64Max, false);
  }

  /** Takes in a record of the changelog. */
  restore(key: Buffer, value: Buffer | null, timestamp: number, headers: Headers): void {
    this.#rows.restore(key, value && this.#parts.format.restored(value, timestamp, headers));
  }

  onFlush(listener: FlushListener<Windowed<K>, V>, sendOldValues: boolean): boolean {
    const told: typeof listener = this.#parts.forwardsHeaders
      ? listener
      : (key, fresh, old, timestamp, _headers, metadata) =>
          listener(key, fresh, old, timestamp, noHeaders, metadata);
    this.#through.listen(told, sendOldValues);
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

  #ofKey(
    key: K,
    earliestEnd: number,
    latestStart: number,
    backwards: boolean,
  ): IterableIterator<Row<Windowed<K>, V>> {
    const bytes = this.#keys.encode(key);
    const to = boundedTime(latestStart);
    const stored = this.#rows.fetch(bytes, earliestEnd, to, backwards);
    const search = { fromKey: bytes, toKey: bytes, from: earliestEnd, to, backwards };
    const cache = this.#cache;
    const cached = cache && this.#cacheKeys.ofKey(cache, bytes, search, this.#latestCached);
    return merge(cached, stored, backwards, this.#merge);
  }

  #ofKeys(
    fromKey: K | undefined,
    toKey: K | undefined,
    earliestEnd: number,
    latestStart: number,
    backwards: boolean,
  ): IterableIterator<Row<Windowed<K>, V>> {
    const [first, last] = [this.#keys.bound(fromKey), this.#keys.bound(toKey)];
    const to = boundedTime(latestStart);
    const search = { fromKey: first, toKey: last, from: earliestEnd, to, backwards };
    const cached = this.#cache && this.#cacheKeys.ofKeys(this.#cache, search);
    return merge(cached, this.#rows.fetchKeys(search), backwards, this.#merge);
  }

  #read(key: Buffer, start: number, end: number): V | null {
    const row = this.#rows.get(key, start, end);
    return row && this.#parts.format.decode(row);
  }

  /** Writes rows and changelog, as part of a record; gives the row's size. */
  #write(
    key: Buffer,
    start: number,
    end: number,
    value: V | null,
    record: { readonly timestamp: number; readonly headers: Headers },
  ): number {
    const { format, environment } = this.#parts;
    const row = value === null ? null : format.encode(value);
    this.#rows.put(key, start, end, row);
    const logged = row && format.logged(row);
    const headers = format.headersOf(value, record.headers);
    environment.changelog?.log(sessionKey(key, start, end), logged, record.timestamp, headers);
    return row ? row.length : 0;
  }

  #textOf({ key, window: { start, end } }: Windowed<K>): string {
    return this.#cacheKeys.text(this.#keys.text(key) + timeText(end) + timeText(start), end);
  }

  #windowed(row: Buffer): Windowed<K> {
    const window = { start: sessionStart(row), end: sessionEnd(row) };
    return { key: this.#keys.decode(keyWithin(row, sessionSuffixBytes)), window };
  }
}
