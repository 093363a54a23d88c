import { readInt64 } from "../../protocol/index.ts";
import type { Headers } from "../message.ts";
import { noHeaders } from "../message.ts";
import {
  checkPeriod,
  checkSerdes,
  opened,
  openRows,
  type StoreOptions,
  stateOf,
  storeBuilder,
} from "./builder-options.ts";
import {
  KeyCodec,
  plainFormat,
  type RowFormat,
  timestampBytes,
  timestampedFormat,
  withTimestamp,
} from "./codec.ts";
import type { Rows } from "./engine.ts";
import { type KeyValueParts, RowsKeyValueStore } from "./key-value-store.ts";
import type { KeyValueStore, TimestampedKeyValueStore, ValueAndTimestamp } from "./state-store.ts";
import type { StoreBuilder, StoreEnvironment } from "./store-builder.ts";
import { timeBytes } from "./time-bytes.ts";

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

/** The header of the changelog that has the time at which a row ends, as an int64. */
const expiryHeader = "millrace.expires";
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
      const { task, topic } = environment;
      const state = stateOf(environment, storeType);
      const format = formatOf(environment);
      const rows = new ExpiringRows(openRows(state, name, options), {
        ends: state.rows(`${name}#ends`),
        ttlMs,
        format,
        environment,
      });
      const store = new ExpiringStore(rows, {
        name,
        isPersistent: storeType === "persistent",
        keys: new KeyCodec<K>(key, topic, task, name),
        format: { ...format, kept: undefined, headersOf: () => rows.headersOfLast() },
        rows,
        environment,
        isCached: false,
      });
      return opened(store);
    },
  });
}

/** A key-value store over rows that end. */
class ExpiringStore<K, V> extends RowsKeyValueStore<K, V> implements ExpiringKeyValueStore<K, V> {
  readonly #ending: ExpiringRows;

  constructor(ending: ExpiringRows, parts: KeyValueParts<K, V>) {
    super(parts);
    this.#ending = ending;
  }

  putFor(key: K, value: V, ttlMs: number): void {
    checkPeriod(this.name, "ttlMs", ttlMs);
    this.#ending.within(ttlMs, () => this.put(key, value));
  }

  /** There is no cache. */
  onFlush(): false {
    return false;
  }

  override restore(key: Buffer, value: Buffer | null, timestamp: number, headers: Headers): void {
    this.#ending.restore(key, value, timestamp, headers);
  }

  override flush(): void {
    this.#ending.sweep(sweptPerFlush);
  }
}

/** Rows that cannot be read any more once their time has come, and are deleted then. */
class ExpiringRows implements Rows {
  /** `int64 end ‖ row` by key. */
  readonly #rows: Rows;
  /** Keys by their ends: `int64 end ‖ key`. */
  readonly #ends: Rows;
  readonly #format: Pick<RowFormat<unknown>, "timestampOf" | "restored">;
  readonly #environment: StoreEnvironment;
  /** That of the store, or of the write that is under way. */
  #ttlMs: number | undefined;
  /** No row ends before; so that not every write has to look for such as have ended. */
  #firstEnd = 0;
  /** When the row ends that was written last. */
  #lastEnd = never;
  /** The latest time that was restored or written; stream time begins anew with a task. */
  #observedTime = -1;

  constructor(
    rows: Rows,
    parts: {
      readonly ends: Rows;
      readonly ttlMs: number | undefined;
      readonly format: Pick<RowFormat<unknown>, "timestampOf" | "restored">;
      readonly environment: StoreEnvironment;
    },
  ) {
    this.#rows = rows;
    this.#ends = parts.ends;
    this.#ttlMs = parts.ttlMs;
    this.#format = parts.format;
    this.#environment = parts.environment;
  }

  get(key: Buffer): Buffer | null {
    const row = this.#rows.get(key);
    return row && this.#live(row);
  }

  put(key: Buffer, row: Buffer): void {
    this.sweep(sweptPerWrite);
    const timestamp = this.#format.timestampOf(row, this.#environment.task.currentTimestamp());
    this.#observedTime = Math.max(this.#observedTime, timestamp);
    this.#write(key, row, this.#endAt(timestamp));
  }

  delete(key: Buffer): void {
    this.sweep(sweptPerWrite);
    this.#write(key, null, never);
  }

  *range(
    from: Buffer | undefined,
    to: Buffer | undefined,
    backwards = false,
  ): IterableIterator<readonly [Buffer, Buffer]> {
    for (const [key, row] of this.#rows.range(from, to, backwards)) {
      const live = this.#live(row);
      if (live) yield [key, live];
    }
  }

  /** Rows that have ended and are not deleted yet count too. */
  approximateCount(): number {
    return this.#rows.approximateCount();
  }

  /** Has what is put meanwhile end after another time. */
  within(ttlMs: number, put: () => void): void {
    const usual = this.#ttlMs;
    this.#ttlMs = ttlMs;
    try {
      put();
    } finally {
      this.#ttlMs = usual;
    }
  }

  /** The headers of the changelog's record of what was written last. */
  headersOfLast(): Headers {
    const end = this.#lastEnd;
    return end === never ? noHeaders : [{ key: expiryHeader, value: timeBytes(end) }];
  }

  /** Takes in a record of the changelog; one of another program has no end of its own, and gets the store's. */
  restore(key: Buffer, value: Buffer | null, timestamp: number, headers: Headers): void {
    this.#observedTime = Math.max(this.#observedTime, timestamp);
    const header = headers.findLast((one) => one.key === expiryHeader)?.value;
    const end = header ? readInt64(header, 0) : this.#endAt(timestamp);
    this.#write(key, value && this.#format.restored(value, timestamp, headers), end);
  }

  /** Deletes rows that have ended, at most so many, here and in the changelog. */
  sweep(maxRows: number): void {
    const now = this.#now();
    if (now < this.#firstEnd) return;
    let left = maxRows;
    for (const [endAndKey] of this.#ends.range(undefined, undefined)) {
      const end = readInt64(endAndKey, 0);
      this.#firstEnd = end;
      if (end > now || left === 0) return;
      left -= 1;
      const key = endAndKey.subarray(timestampBytes);
      this.#write(key, null, never);
      this.#environment.changelog?.log(key, null, end, noHeaders);
    }
    this.#firstEnd = never;
  }

  #write(key: Buffer, row: Buffer | null, end: number): void {
    const present = this.#rows.get(key);
    const presentEnd = present ? readInt64(present, 0) : never;
    if (presentEnd !== never) this.#ends.delete(withTimestamp(key, presentEnd));
    this.#lastEnd = row ? end : never;
    if (!row) {
      if (present) this.#rows.delete(key);
      return;
    }
    this.#rows.put(key, withTimestamp(row, end));
    if (end === never) return;
    this.#ends.put(withTimestamp(key, end), noValue);
    this.#firstEnd = Math.min(this.#firstEnd, end);
  }

  #live(row: Buffer): Buffer | null {
    return readInt64(row, 0) <= this.#now() ? null : row.subarray(timestampBytes);
  }

  #now(): number {
    return Math.max(this.#observedTime, this.#environment.task.streamTime());
  }

  #endAt(timestamp: number): number {
    return this.#ttlMs === undefined ? never : Math.min(never, timestamp + this.#ttlMs);
  }
}
