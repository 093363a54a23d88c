import { Reader } from "../../protocol/index.ts";
import type { Message, RecordMetadata } from "../message.ts";
import { noHeaders } from "../message.ts";
import { decodeBuffered, encodeBuffered } from "./buffered-record.ts";
import {
  checkSerdes,
  opened,
  openRows,
  type StoreOptions,
  stateOf,
  storeBuilder,
} from "./builder-options.ts";
import { toBuffer } from "./byte-text.ts";
import { KeyCodec, serializerOf } from "./codec.ts";
import type { Rows } from "./engine.ts";
import type { StateStore } from "./state-store.ts";
import { noTimestamp, type StoreBuilder, type StoreEnvironment } from "./store-builder.ts";
import type { Release } from "./suppress-buffer.ts";
import { keyOfTimeFirst, startOfTimeFirst, timeFirstWindowKey } from "./time-first-schema.ts";
import { nextSequence } from "./window-rows.ts";

/** Records of a stream that wait for the table they are joined with to be as late as they are (KIP-923). */
export interface TimeOrderedBuffer<K, V> extends StateStore {
  readonly recordCount: number;
  /** Buffers a record; false where its grace is over, so that it is to be joined at once. */
  put(message: Message<K, V>, metadata: RecordMetadata | undefined): boolean;
  /** Releases the records whose grace is over, by time, then key, as long as the predicate is true. */
  evictWhile(isDue: () => boolean, release: Release<K, V>): void;
}

/** Options of {@link timeOrderedBuffer}. */
export interface TimeOrderedBufferOptions<K, V>
  extends Pick<
    StoreOptions<K, V>,
    "key" | "value" | "changelog" | "storeType" | "engine" | "compression"
  > {
  readonly graceMs: number;
}

/** The buffer of a join of a stream with a table that has grace (`RocksDBTimeOrderedKeyValueBuffer`). */
export function timeOrderedBuffer<K, V>(
  name: string,
  options: TimeOrderedBufferOptions<K, V>,
): StoreBuilder<TimeOrderedBuffer<K, V>> {
  checkSerdes(name, options);
  return storeBuilder(options, {
    kind: "key-value",
    name,
    isCached: false,
    open: (environment) => opened(new RowsTimeOrderedBuffer(name, options, environment)),
  });
}

/** The changelog has a time behind each row, which is always 0. */
const loggedTimeBytes = 8;

class RowsTimeOrderedBuffer<K, V> implements TimeOrderedBuffer<K, V> {
  readonly name: string;
  readonly isPersistent: boolean;
  readonly #graceMs: number;
  readonly #keys: KeyCodec<K>;
  readonly #serialize: (value: V) => Uint8Array | string | null;
  readonly #deserialize: (bytes: Buffer) => V;
  readonly #rows: Rows;
  readonly #environment: StoreEnvironment;
  #sequence = 0;
  #observedTime = -1;
  #recordCount = 0;

  constructor(
    name: string,
    options: TimeOrderedBufferOptions<K, V>,
    environment: StoreEnvironment,
  ) {
    const { key, value, graceMs, storeType = "persistent" } = options;
    const { topic, task } = environment;
    this.name = name;
    this.isPersistent = storeType === "persistent";
    this.#graceMs = graceMs;
    this.#keys = new KeyCodec(key, topic, task, name);
    this.#serialize = serializerOf(value, topic, task);
    this.#deserialize = (bytes) => value.deserialize(bytes, 0, bytes.length);
    this.#rows = openRows(stateOf(environment, storeType), name, options);
    this.#environment = environment;
    for (const [rowKey] of this.#rows.range(undefined, undefined)) this.#count(rowKey);
  }

  get recordCount(): number {
    return this.#recordCount;
  }

  put(message: Message<K, V>, metadata: RecordMetadata | undefined): boolean {
    const { key, value, timestamp, headers } = message;
    if (this.#observedTime - this.#graceMs > timestamp) return false;
    this.#sequence = nextSequence(this.#sequence);
    const rowKey = timeFirstWindowKey(this.#keys.encode(key), timestamp, this.#sequence);
    const serialized = this.#serialize(value);
    const writer = encodeBuffered({
      prior: null,
      old: null,
      fresh: serialized === null ? null : toBuffer(serialized),
      origin: { timestamp, headers, metadata },
    });
    writer.int64(0);
    const logged = writer.toBuffer();
    this.#rows.put(rowKey, logged.subarray(0, logged.length - loggedTimeBytes));
    this.#count(rowKey);
    this.#environment.changelog?.log(rowKey, logged, noTimestamp, noHeaders);
    return true;
  }

  evictWhile(isDue: () => boolean, release: Release<K, V>): void {
    if (!isDue()) return;
    if (this.#observedTime < this.#graceMs) return;
    const end = timeFirstWindowKey(noKey, this.#observedTime - this.#graceMs + 1, 0);
    for (const [rowKey, row] of this.#rows.range(undefined, end)) {
      if (!isDue()) return;
      const { fresh, origin } = decodeBuffered(new Reader(row));
      const { timestamp, headers, metadata } = origin;
      const key = this.#keys.decode(keyOfTimeFirst(rowKey));
      const value = fresh === null ? (null as V) : this.#deserialize(fresh);
      release({ key, value, timestamp, headers }, metadata);
      this.#rows.delete(rowKey);
      this.#recordCount -= 1;
      this.#environment.changelog?.log(rowKey, null, noTimestamp, noHeaders);
    }
  }

  /** Takes in a record of the changelog. */
  restore(rowKey: Buffer, logged: Buffer | null): void {
    const isThere = this.#rows.get(rowKey) !== null;
    if (logged) {
      this.#rows.put(rowKey, logged.subarray(0, logged.length - loggedTimeBytes));
      if (!isThere) this.#count(rowKey);
    } else if (isThere) {
      this.#rows.delete(rowKey);
      this.#recordCount -= 1;
    }
  }

  flush(): void {
    // Nothing waits here for a commit: every change is written at once.
  }

  close(): void {
    // The rows belong to the state of the task.
  }

  #count(rowKey: Buffer): void {
    this.#observedTime = Math.max(this.#observedTime, startOfTimeFirst(rowKey));
    this.#recordCount += 1;
  }
}

const noKey = Buffer.alloc(0);
