import { TopologyError } from "../../errors.ts";
import { noHeaders } from "../message.ts";
import { checkSerdes, type StoreOptions, storeBuilder } from "./builder-options.ts";
import { bytesOf, textOf } from "./byte-text.ts";
import { KeyCodec, plainFormat } from "./codec.ts";
import type { Rows } from "./engine.ts";
import { RowsKeyValueStore } from "./key-value-store.ts";
import { SortedKeys } from "./sorted-keys.ts";
import type { KeyValueStore } from "./state-store.ts";
import type { StoreBuilder } from "./store-builder.ts";

/** Options of {@link lruMap}, which is always in memory. */
export interface LruMapOptions<K, V>
  extends Pick<StoreOptions<K, V>, "key" | "value" | "changelog" | "cache"> {
  /** How many rows there are at most. */
  readonly maxEntries: number;
}

/**
 * A key-value store in memory that forgets the row used least recently when it has too many, and says so
 * in the changelog (`Stores.lruMap`).
 */
export function lruMap<K, V>(
  name: string,
  options: LruMapOptions<K, V>,
): StoreBuilder<KeyValueStore<K, V>> {
  checkSerdes(name, options);
  const { key, value, maxEntries, cache = false } = options;
  if (!(maxEntries >= 1)) {
    const message = `the store ${name} has ${maxEntries} as maxEntries: it must be 1 or more`;
    throw new TopologyError("INVALID_TOPOLOGY", message);
  }
  return storeBuilder(
    { ...options, storeType: "memory" },
    {
      kind: "key-value",
      name,
      open(environment) {
        const { topic, task, changelog } = environment;
        let isRestoring = false;
        const rows = new LruRows(maxEntries, (evicted) => {
          if (!isRestoring) changelog?.log(evicted, null, task.currentTimestamp(), noHeaders);
        });
        const store = new RowsKeyValueStore({
          name,
          isPersistent: false,
          keys: new KeyCodec(key, topic, task, name),
          format: plainFormat(value, topic, task),
          rows,
          environment,
          isCached: cache,
        });
        const restore = (row: Buffer, bytes: Buffer | null, timestamp: number) => {
          isRestoring = true;
          store.restore(row, bytes, timestamp, noHeaders);
          isRestoring = false;
        };
        return { store, restore };
      },
    },
  );
}

/** Rows in the order of their use, the least recent first. */
class LruRows implements Rows {
  readonly #maxEntries: number;
  readonly #onEvict: (key: Buffer) => void;
  readonly #values = new Map<string, Buffer>();

  constructor(maxEntries: number, onEvict: (key: Buffer) => void) {
    this.#maxEntries = maxEntries;
    this.#onEvict = onEvict;
  }

  get(key: Buffer): Buffer | null {
    const text = textOf(key);
    const value = this.#values.get(text);
    if (!value) return null;
    this.#use(text, value);
    return value;
  }

  put(key: Buffer, value: Buffer): void {
    this.#use(textOf(key), value);
    if (this.#values.size <= this.#maxEntries) return;
    const [eldest] = this.#values.keys();
    if (eldest === undefined) return;
    this.#values.delete(eldest);
    this.#onEvict(bytesOf(eldest));
  }

  delete(key: Buffer): void {
    this.#values.delete(textOf(key));
  }

  *range(
    from: Buffer | undefined,
    to: Buffer | undefined,
    backwards = false,
  ): IterableIterator<readonly [Buffer, Buffer]> {
    const order = new SortedKeys(this.#values.keys());
    for (const text of order.range(from && textOf(from), to && textOf(to), backwards)) {
      const value = this.#values.get(text);
      if (value) yield [bytesOf(text), value];
    }
  }

  approximateCount(): number {
    return this.#values.size;
  }

  #use(text: string, value: Buffer): void {
    this.#values.delete(text);
    this.#values.set(text, value);
  }
}
