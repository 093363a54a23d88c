import { DecodeError } from "../../errors.ts";
import { Reader } from "../../protocol/index.ts";
import type { Change, Headers, Message, RecordMetadata } from "../message.ts";
import { noHeaders } from "../message.ts";
import {
  type BufferedRecord,
  bufferedBytes,
  decodeBuffered,
  encodeBuffered,
} from "./buffered-record.ts";
import { checkSerdes, type StoreOptions, storeBuilder } from "./builder-options.ts";
import { bytesOf, textOf, toBuffer } from "./byte-text.ts";
import { KeyCodec, serializerOf } from "./codec.ts";
import { DirtyKeys } from "./dirty-keys.ts";
import { SortedKeys } from "./sorted-keys.ts";
import type { StateStore } from "./state-store.ts";
import { noTimestamp, type StoreBuilder, type StoreEnvironment } from "./store-builder.ts";
import { timeCharacters, timeIn, timeText } from "./time-bytes.ts";

/** Hands on what leaves a buffer, under the record that it came from. */
export type Release<K, V> = (message: Message<K, V>, metadata: RecordMetadata | undefined) => void;

/** Changes of a table that wait, one for each key, in the order of the times that they were buffered for. */
export interface SuppressBuffer<K, V> extends StateStore {
  readonly recordCount: number;
  /** What the changes take in memory, as Kafka estimates it. */
  readonly bytes: number;
  /** The earliest time that something is buffered for; infinite where nothing is. */
  readonly minTimestamp: number;
  /** Buffers a change; one of its key that waits already keeps its place in the order. */
  put(time: number, message: Message<K, Change<V>>, metadata: RecordMetadata | undefined): void;
  /** Releases changes, earliest first, as long as the predicate is true. */
  evictWhile(isDue: () => boolean, release: Release<K, Change<V>>): void;
  /** The value that was valid before the key's change was first buffered; undefined for a key that does not wait. */
  priorValue(key: K): { readonly value: V | null } | undefined;
}

/** The buffer of a suppressed table: in memory, with a changelog (`InMemoryTimeOrderedKeyValueChangeBuffer`). */
export function suppressBuffer<K, V>(
  name: string,
  options: Pick<StoreOptions<K, V>, "key" | "value" | "changelog">,
): StoreBuilder<SuppressBuffer<K, V>> {
  checkSerdes(name, options);
  return storeBuilder(
    { ...options, storeType: "memory" },
    {
      kind: "suppress-buffer",
      name,
      isCached: false,
      open(environment) {
        const store = new MemorySuppressBuffer(name, options, environment);
        return {
          store,
          restore: (key, value, _timestamp, headers) => store.restore(key, value, headers),
        };
      },
    },
  );
}

/** The version of the changelog's format, which its records carry as a header. */
const versionHeader = "v";
const version = 3;
const changelogHeaders: Headers = [{ key: versionHeader, value: Buffer.of(version) }];

interface Waiting {
  /** In the order: `int64 time ‖ key` as text. */
  readonly place: string;
  readonly row: BufferedRecord;
  readonly bytes: number;
}

class MemorySuppressBuffer<K, V> implements SuppressBuffer<K, V> {
  readonly name: string;
  readonly isPersistent = false;
  readonly #keys: KeyCodec<K>;
  readonly #serialize: (value: V) => Uint8Array | string | null;
  readonly #deserialize: (bytes: Buffer) => V;
  readonly #environment: StoreEnvironment;
  /** By key. */
  readonly #waiting = new Map<string, Waiting>();
  /** The places of all, by the time they wait for, then the key. */
  #order = new SortedKeys();
  readonly #dirty = new DirtyKeys();
  #bytes = 0;

  constructor(
    name: string,
    { key, value }: Pick<StoreOptions<K, V>, "key" | "value">,
    environment: StoreEnvironment,
  ) {
    const { topic, task } = environment;
    this.name = name;
    this.#keys = new KeyCodec(key, topic, task, name);
    this.#serialize = serializerOf(value, topic, task);
    this.#deserialize = (bytes) => value.deserialize(bytes, 0, bytes.length);
    this.#environment = environment;
  }

  get recordCount(): number {
    return this.#waiting.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get minTimestamp(): number {
    const first = this.#order.atLeast("");
    return first === undefined ? Number.POSITIVE_INFINITY : timeIn(first);
  }

  put(time: number, message: Message<K, Change<V>>, metadata: RecordMetadata | undefined): void {
    const { key, value, timestamp, headers } = message;
    const text = this.#keys.text(key);
    const present = this.#waiting.get(text)?.row;
    const old = this.#encode(value.oldValue);
    this.#set(time, text, {
      prior: present ? present.prior : old,
      old,
      fresh: this.#encode(value.newValue),
      origin: { timestamp, headers, metadata },
    });
    if (this.#environment.changelog) this.#dirty.add(text);
  }

  evictWhile(isDue: () => boolean, release: Release<K, Change<V>>): void {
    while (isDue()) {
      const place = this.#order.atLeast("");
      if (place === undefined) return;
      const text = place.slice(timeCharacters);
      const { row } = this.#waiting.get(text) as Waiting;
      const { timestamp, headers, metadata } = row.origin;
      const key = this.#keys.decode(bytesOf(text));
      const change = { newValue: this.#decode(row.fresh), oldValue: this.#decode(row.old) };
      release({ key, value: { ...change, isLatest: true }, timestamp, headers }, metadata);
      this.#delete(text);
      if (this.#environment.changelog) this.#dirty.add(text);
    }
  }

  priorValue(key: K): { readonly value: V | null } | undefined {
    const present = this.#waiting.get(this.#keys.text(key));
    return present && { value: this.#decode(present.row.prior) };
  }

  /** Takes in a record of the changelog. */
  restore(key: Buffer, value: Buffer | null, headers: Headers): void {
    if (value === null) {
      this.#delete(textOf(key));
      return;
    }
    const written = headers.findLast((header) => header.key === versionHeader)?.value?.[0];
    if (written !== version) {
      const format = written === undefined ? "without a version" : `of version ${written}`;
      const message = `the changelog of ${this.name} has a record ${format}; only version ${version} (Kafka Streams 2.6 and later) can be read`;
      throw new DecodeError("INVALID_VALUE", message, 0);
    }
    const reader = new Reader(value);
    const row = decodeBuffered(reader);
    this.#set(reader.int64(), textOf(key), row);
  }

  flush(): void {
    const { changelog } = this.#environment;
    if (!changelog) return;
    for (const text of this.#dirty.drain()) {
      const waiting = this.#waiting.get(text);
      if (!waiting) {
        changelog.log(bytesOf(text), null, noTimestamp, noHeaders);
        continue;
      }
      const writer = encodeBuffered(waiting.row);
      writer.int64(timeIn(waiting.place));
      changelog.log(bytesOf(text), writer.toBuffer(), noTimestamp, changelogHeaders);
    }
  }

  close(): void {
    this.#waiting.clear();
    this.#dirty.drain();
    this.#order = new SortedKeys();
    this.#bytes = 0;
  }

  #set(time: number, text: string, row: BufferedRecord): void {
    const present = this.#waiting.get(text);
    const place = present ? present.place : timeText(time) + text;
    const bytes = place.length + bufferedBytes(row);
    this.#waiting.set(text, { place, row, bytes });
    if (!present) this.#order.add(place);
    this.#bytes += bytes - (present ? present.bytes : 0);
  }

  #delete(text: string): void {
    const present = this.#waiting.get(text);
    if (!present) return;
    this.#waiting.delete(text);
    this.#order.delete(present.place);
    this.#bytes -= present.bytes;
  }

  #encode(value: V | null): Buffer | null {
    const serialized = value === null ? null : this.#serialize(value);
    return serialized === null ? null : toBuffer(serialized);
  }

  #decode(bytes: Buffer | null): V | null {
    return bytes && this.#deserialize(bytes);
  }
}
