import { int64Max } from "../../protocol/index.ts";
import { noHeaders } from "../message.ts";
import {
  checkPeriod,
  checkSerdes,
  openRows,
  type StoreOptions,
  stateOf,
  storeBuilder,
} from "./builder-options.ts";
import { toBuffer } from "./byte-text.ts";
import { KeyCodec, serializerOf } from "./codec.ts";
import { Segments } from "./segments.ts";
import type { VersionedKeyValueStore, VersionedRecord } from "./state-store.ts";
import type { StoreBuilder, StoreEnvironment } from "./store-builder.ts";
import { VersionedRows } from "./versioned-rows.ts";

/** Options of versioned stores, which have no cache. */
export interface VersionedStoreOptions<K, V> extends Omit<StoreOptions<K, V>, "cache"> {
  /** How far back versions can be read, and how late a version may come. */
  readonly historyRetentionMs: number;
  /** How much time a segment of old versions covers; follows from the retention by default. */
  readonly segmentIntervalMs?: number | undefined;
}

/** A store that keeps the versions of each value for a time (KIP-889). */
export function versionedKeyValueStore<K, V>(
  name: string,
  options: VersionedStoreOptions<K, V>,
): StoreBuilder<VersionedKeyValueStore<K, V>> {
  checkSerdes(name, options);
  checkPeriod(name, "historyRetentionMs", options.historyRetentionMs);
  return storeBuilder(options, {
    kind: "versioned-key-value",
    name,
    historyRetentionMs: options.historyRetentionMs,
    isCached: false,
    open(environment) {
      const rows = versionedRows(name, options, environment);
      const store = new RowsVersionedStore(name, options, rows, environment);
      return { store, restore: (key, value, timestamp) => rows.restore(key, value, timestamp) };
    },
  });
}

class RowsVersionedStore<K, V> implements VersionedKeyValueStore<K, V> {
  readonly name: string;
  readonly isPersistent: boolean;
  readonly #keys: KeyCodec<K>;
  readonly #serialize: (value: V) => Uint8Array | string | null;
  readonly #deserialize: (bytes: Buffer) => V;
  readonly #rows: VersionedRows;
  readonly #environment: StoreEnvironment;

  constructor(
    name: string,
    { key, value, storeType }: VersionedStoreOptions<K, V>,
    rows: VersionedRows,
    environment: StoreEnvironment,
  ) {
    const { topic, task } = environment;
    this.name = name;
    this.isPersistent = storeType !== "memory";
    this.#keys = new KeyCodec(key, topic, task, name);
    this.#serialize = serializerOf(value, topic, task);
    this.#deserialize = (bytes) => value.deserialize(bytes, 0, bytes.length);
    this.#rows = rows;
    this.#environment = environment;
  }

  put(key: K, value: V | null, timestamp: number): number | undefined {
    const bytes = this.#keys.encode(key);
    const serialized = value === null || value === undefined ? null : this.#serialize(value);
    const row = serialized === null ? null : toBuffer(serialized);
    const { changelog, task } = this.#environment;
    const isInTime = this.#rows.isInTime(timestamp);
    if (!isInTime) task.dropped({ why: "expired" });
    const next = isInTime ? this.#rows.put(bytes, row, timestamp) : undefined;
    // Also what came too late is logged, as Kafka does it; restoring drops it again.
    changelog?.log(bytes, row, timestamp, noHeaders);
    return next;
  }

  delete(key: K, timestamp: number): VersionedRecord<V> | null {
    const present = this.#rows.isInTime(timestamp) ? this.get(key, timestamp) : null;
    this.put(key, null, timestamp);
    return present;
  }

  get(key: K, asOf: number = int64Max): VersionedRecord<V> | null {
    const found = this.#rows.get(this.#keys.encode(key), asOf);
    if (!found) return null;
    const { value, timestamp, validTo } = found;
    return { value: this.#deserialize(value), timestamp, validTo };
  }

  flush(): void {
    // Nothing waits: every change is written at once.
  }

  close(): void {
    // The rows belong to the state of the task.
  }
}

function versionedRows(
  name: string,
  options: Omit<VersionedStoreOptions<never, never>, "key" | "value">,
  environment: StoreEnvironment,
): VersionedRows {
  const { historyRetentionMs, storeType } = options;
  const intervalMs = options.segmentIntervalMs ?? defaultIntervalMs(historyRetentionMs);
  const state = stateOf(environment, storeType);
  const open = (rows: string) => openRows(state, rows, options);
  const segments = new Segments({ state, name, retentionMs: historyRetentionMs, intervalMs, open });
  return new VersionedRows(open(`${name}#latestValues`), segments, historyRetentionMs);
}

/** `RocksDbVersionedKeyValueBytesStoreSupplier.defaultSegmentInterval`. */
function defaultIntervalMs(historyRetentionMs: number): number {
  const part = (share: number, least: number) =>
    Math.max(Math.floor(historyRetentionMs / share), least);
  if (historyRetentionMs <= 60_000) return part(3, 2_000);
  if (historyRetentionMs <= 300_000) return part(5, 20_000);
  if (historyRetentionMs <= 3_600_000) return part(12, 60_000);
  return part(24, 300_000);
}
