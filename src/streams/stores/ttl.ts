import { readInt64 } from "../../protocol/index.ts";
import type { Headers } from "../message.ts";
import { noHeaders } from "../message.ts";
import {
  checkPeriod,
  checkSerdes,
  openRows,
  type StoreOptions,
  stateOf,
  storeBuilder,
} from "./builder-options.ts";
import { after, prefixEnd } from "./byte-text.ts";
import {
  KeyCodec,
  plainFormat,
  type RowFormat,
  timestampBytes,
  timestampedFormat,
  withTimestamp,
} from "./codec.ts";
import type { Rows } from "./engine.ts";
import type {
  KeyValueStore,
  Row,
  TimestampedKeyValueStore,
  ValueAndTimestamp,
} from "./state-store.ts";
import type { StoreBuilder, StoreEnvironment } from "./store-builder.ts";

/** A key-value store whose rows end by themselves, by event time. */
export interface ExpiringKeyValueStore<K, V> extends KeyValueStore<K, V> {
  /** Puts a value that ends so many milliseconds after the time that it is written under. */
  putFor(key: K, value: V, ttlMs: number): void;
}

/** The same with the time that each value was written at. */
export interface ExpiringTimestampedKeyValueStore<K, V>
  extends ExpiringKeyValueStore<K, ValueAndTimestamp<V>>,
    TimestampedKeyValueStore<K, V> {}

/** Options of stores whose rows end. They have no cache. */
export interface ExpiringStoreOptions<K, V> extends Omit<StoreOptions<K, V>, "cache"> {
  /** How long after the time that it was written under a row ends; `putFor` overrides it. Never by default. */
  readonly ttlMs?: number | undefined;
}

/**
 * A store of values by key that end: when stream time reaches the row's time and its TTL, it cannot be read
 * any more, and a little later it is deleted here and in the changelog. The end of each row is in the
 * changelog too, as a header, so that a restored store ends the same rows at the same times.
 */
export function expiringKeyValueStore<K, V>(
  name: string,
  options: ExpiringStoreOptions<K, V>,
): StoreBuilder<ExpiringKeyValueStore<K, V>> {
  return expiringBuilder(name, options, "key-value", ({ topic, task }) =>
    plainFormat(options.value, topic, task),
  );
}

/** The same with the time that each value was written at, from which the TTL counts. */
export function expiringTimestampedKeyValueStore<K, V>(
  name: string,
  options: ExpiringStoreOptions<K, V>,
): StoreBuilder<ExpiringTimestampedKeyValueStore<K, V>> {
  return expiringBuilder(name, options, "timestamped-key-value", ({ topic, task }) =>
    timestampedFormat(options.value, topic, task),
  );
}

/** Names the header of the changelog that has the time at which a row ends, as an int64. */
export const expiryHeader = "millrace.expires";
/** How many rows that have ended are deleted along with a write, and at a commit. */
const sweptPerWrite = 8;
const sweptPerFlush = 10_000;
const noValue = Buffer.alloc(0);
/** The row of a value that does not end. */
const never = Number.MAX_SAFE_INTEGER;

function expiringBuilder<K, V, S>(
  name: string,
  options: ExpiringStoreOptions<K, S>,
  kind: "key-value" | "timestamped-key-value",
  formatOf: (environment: StoreEnvironment) => RowFormat<V>,
): StoreBuilder<ExpiringStore<K, V>> {
  checkSerdes(name, options);
  const { key, storeType = "persistent", ttlMs } = options;
  if (ttlMs !== undefined) checkPeriod(name, "ttlMs", ttlMs);
  return storeBuilder(options, {
    kind,
    name,
    isCached: false,
    open(environment) {
      const state = stateOf(environment, storeType);
      const store = new ExpiringStore({
        name,
        isPersistent: storeType === "persistent",
        keys: new KeyCodec<K>(key, environment.topic, environment.task, name),
        format: formatOf(environment),
        rows: openRows(state, name, options),
        ends: state.rows(`${name}.ends`),
        ttlMs,
        environment,
      });
      return {
        store,
        restore: (row, value, timestamp, headers) => store.restore(row, value, timestamp, headers),
      };
    },
  });
}

class ExpiringStore<K, V> implements ExpiringKeyValueStore<K, V> {
  readonly name: string;
  readonly isPersistent: boolean;
  readonly #keys: KeyCodec<K>;
  readonly #format: RowFormat<V>;
  /** `int64 end ‖ row` by key. */
  readonly #rows: Rows;
  /** Keys by their ends: `int64 end ‖ key`. */
  readonly #ends: Rows;
  readonly #ttlMs: number | undefined;
  readonly #environment: StoreEnvironment;
  /** The latest time that was restored or written; stream time begins anew with a task. */
  #observedTime = -1;

  constructor(parts: {
    readonly name: string;
    readonly isPersistent: boolean;
    readonly keys: KeyCodec<K>;
    readonly format: RowFormat<V>;
    readonly rows: Rows;
    readonly ends: Rows;
    readonly ttlMs: number | undefined;
    readonly environment: StoreEnvironment;
  }) {
    this.name = parts.name;
    this.isPersistent = parts.isPersistent;
    this.#keys = parts.keys;
    this.#format = parts.format;
    this.#rows = parts.rows;
    this.#ends = parts.ends;
    this.#ttlMs = parts.ttlMs;
    this.#environment = parts.environment;
  }

  get(key: K): V | null {
    const row = this.#rows.get(this.#keys.encode(key));
    return row && this.#decode(row);
  }

  put(key: K, value: V | null): void {
    this.#put(key, value ?? null, this.#ttlMs);
  }

  putFor(key: K, value: V, ttlMs: number): void {
    checkPeriod(this.name, "ttlMs", ttlMs);
    this.#put(key, value, ttlMs);
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
    return this.#between(this.#bytesOf(from), this.#endOf(to), false);
  }

  reverseRange(from: K | undefined, to: K | undefined): IterableIterator<Row<K, V>> {
    return this.#between(this.#bytesOf(from), this.#endOf(to), true);
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

  /** Rows that have ended and are not deleted yet count too. */
  approximateNumEntries(): number {
    return this.#rows.approximateCount();
  }

  /** There is no cache. */
  onFlush(): false {
    return false;
  }

  flushSlice(): number {
    return 0;
  }

  /** Takes in a record of the changelog; one of another program has no end of its own, and gets the store's. */
  restore(key: Buffer, value: Buffer | null, timestamp: number, headers: Headers): void {
    this.#observedTime = Math.max(this.#observedTime, timestamp);
    const header = headers.findLast((one) => one.key === expiryHeader)?.value;
    const end = header ? readInt64(header, 0) : this.#endAt(timestamp, this.#ttlMs);
    this.#write(key, value && this.#format.restored(value, timestamp, headers), end);
  }

  flush(): void {
    this.#sweep(sweptPerFlush);
  }

  close(): void {
    // The rows belong to the state of the task.
  }

  #put(key: K, value: V | null, ttlMs: number | undefined): void {
    const { task, changelog } = this.#environment;
    this.#sweep(sweptPerWrite);
    const bytes = this.#keys.encode(key);
    const row = value === null ? null : this.#format.encode(value);
    const now = task.currentTimestamp();
    if (!row) {
      this.#write(bytes, null, never);
      changelog?.log(bytes, null, now, noHeaders);
      return;
    }
    const timestamp = this.#format.timestampOf(row, now);
    this.#observedTime = Math.max(this.#observedTime, timestamp);
    const end = this.#endAt(timestamp, ttlMs);
    this.#write(bytes, row, end);
    const headers =
      end === never ? noHeaders : [{ key: expiryHeader, value: withTimestamp(noValue, end) }];
    changelog?.log(bytes, this.#format.logged(row), timestamp, headers);
  }

  #write(key: Buffer, row: Buffer | null, end: number): void {
    const present = this.#rows.get(key);
    const presentEnd = present ? readInt64(present, 0) : never;
    if (presentEnd !== never) this.#ends.delete(withTimestamp(key, presentEnd));
    if (!row) {
      if (present) this.#rows.delete(key);
      return;
    }
    this.#rows.put(key, withTimestamp(row, end));
    if (end !== never) this.#ends.put(withTimestamp(key, end), noValue);
  }

  /** Deletes rows that have ended, at most so many. */
  #sweep(maxRows: number): void {
    const now = this.#now();
    let left = maxRows;
    for (const [endAndKey] of this.#ends.range(undefined, withTimestamp(noValue, now + 1))) {
      if (left === 0) return;
      left -= 1;
      const key = endAndKey.subarray(timestampBytes);
      this.#write(key, null, never);
      this.#environment.changelog?.log(key, null, readInt64(endAndKey, 0), noHeaders);
    }
  }

  #now(): number {
    return Math.max(this.#observedTime, this.#environment.task.streamTime());
  }

  #endAt(timestamp: number, ttlMs: number | undefined): number {
    return ttlMs === undefined ? never : Math.min(never, timestamp + ttlMs);
  }

  #decode(row: Buffer): V | null {
    return readInt64(row, 0) <= this.#now()
      ? null
      : this.#format.decode(row.subarray(timestampBytes));
  }

  *#between(
    from: Buffer | undefined,
    to: Buffer | undefined,
    isReverse: boolean,
  ): IterableIterator<Row<K, V>> {
    for (const [key, row] of this.#rows.range(from, to, isReverse)) {
      const value = this.#decode(row);
      if (value !== null) yield [this.#keys.decode(key), value];
    }
  }

  #bytesOf(key: K | undefined): Buffer | undefined {
    return key === undefined || key === null ? undefined : this.#keys.encode(key);
  }

  #endOf(key: K | undefined): Buffer | undefined {
    const bytes = this.#bytesOf(key);
    return bytes && after(bytes);
  }
}
