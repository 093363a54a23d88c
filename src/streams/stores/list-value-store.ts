import { readInt64, writeInt64 } from "../../protocol/index.ts";
import { noHeaders } from "../message.ts";
import type { Serde } from "../serde.ts";
import { openRows, type StoreOptions, stateOf, storeBuilder } from "./builder-options.ts";
import { toBuffer } from "./byte-text.ts";
import { KeyCodec, serializerOf, timestampBytes } from "./codec.ts";
import type { Rows } from "./engine.ts";
import type { StateStore } from "./state-store.ts";
import type { StoreBuilder, StoreEnvironment } from "./store-builder.ts";

/** A record of one side of a join of streams that has found no partner yet. */
export interface Unjoined<K, L, R> {
  readonly timestamp: number;
  readonly key: K;
  readonly side: "left" | "right";
  readonly value: L | R;
}

/**
 * Records of an outer join that wait for their window to close, by time, then side, then key; there may
 * be several of each (`ListValueStore` with `TimestampedKeyAndJoinSide` and `LeftOrRightValue`).
 */
export interface UnjoinedStore<K, L, R> extends StateStore {
  add(record: Unjoined<K, L, R>): void;
  /** Removes all records of a time, side and key; without any, nothing is logged either. */
  removeIfPresent(timestamp: number, side: "left" | "right", key: K): void;
  /** Removes them, and logs that in any case. */
  remove(timestamp: number, side: "left" | "right", key: K): void;
  /** All records in order, duplicates in the order in which they came. */
  all(): IterableIterator<Unjoined<K, L, R>>;
}

/** Options of {@link unjoinedStore}: serdes of the key and of both sides' values. */
export interface UnjoinedStoreOptions<K, L, R>
  extends Pick<
    StoreOptions<K, never>,
    "key" | "storeType" | "engine" | "changelog" | "compression"
  > {
  readonly left: Serde<L>;
  readonly right: Serde<R>;
}

/** The store that an outer or left join of streams shares between its sides. */
export function unjoinedStore<K, L, R>(
  name: string,
  options: UnjoinedStoreOptions<K, L, R>,
): StoreBuilder<UnjoinedStore<K, L, R>> {
  return storeBuilder(options, {
    kind: "list-value",
    name,
    isCached: false,
    open(environment) {
      const rows = openRows(stateOf(environment, options.storeType), name, options);
      const store = new RowsUnjoinedStore(name, options, rows, environment);
      const restore = (key: Buffer, value: Buffer | null) => {
        if (value) rows.put(key, value);
        else rows.delete(key);
      };
      return { store, restore };
    },
  });
}

const leftSide = 1;
const rightSide = 0;
/** `ListSerde` says with this that each value's length is given. */
const variableSize = 1;
/** The strategy and the count. */
const listHeadBytes = 5;

class RowsUnjoinedStore<K, L, R> implements UnjoinedStore<K, L, R> {
  readonly name: string;
  readonly isPersistent: boolean;
  readonly #keys: KeyCodec<K>;
  readonly #rows: Rows;
  readonly #environment: StoreEnvironment;
  readonly #serialize: (value: L | R, side: "left" | "right") => Uint8Array | string | null;
  readonly #deserialize: (bytes: Buffer) => L | R;

  constructor(
    name: string,
    { key, left, right, storeType }: UnjoinedStoreOptions<K, L, R>,
    rows: Rows,
    environment: StoreEnvironment,
  ) {
    const { topic, task } = environment;
    this.name = name;
    this.isPersistent = storeType !== "memory";
    this.#keys = new KeyCodec(key, topic, task, name);
    this.#rows = rows;
    this.#environment = environment;
    const [ofLeft, ofRight] = [serializerOf(left, topic, task), serializerOf(right, topic, task)];
    this.#serialize = (value, side) => (side === "left" ? ofLeft(value as L) : ofRight(value as R));
    this.#deserialize = (bytes) =>
      (bytes[0] === leftSide ? left : right).deserialize(bytes, 1, bytes.length);
  }

  add({ timestamp, side, key, value }: Unjoined<K, L, R>): void {
    const serialized = this.#serialize(value, side);
    const bytes = serialized === null ? Buffer.alloc(0) : toBuffer(serialized);
    const rowKey = this.#rowKey(timestamp, side, key);
    const list = appended(this.#rows.get(rowKey), side, bytes);
    this.#rows.put(rowKey, list);
    this.#log(rowKey, list);
  }

  removeIfPresent(timestamp: number, side: "left" | "right", key: K): void {
    const rowKey = this.#rowKey(timestamp, side, key);
    if (!this.#rows.get(rowKey)) return;
    this.#rows.delete(rowKey);
    this.#log(rowKey, null);
  }

  remove(timestamp: number, side: "left" | "right", key: K): void {
    const rowKey = this.#rowKey(timestamp, side, key);
    this.#rows.delete(rowKey);
    this.#log(rowKey, null);
  }

  *all(): IterableIterator<Unjoined<K, L, R>> {
    for (const [rowKey, list] of this.#rows.range(undefined, undefined)) {
      const timestamp = readInt64(rowKey, 0);
      const side = rowKey[timestampBytes] === leftSide ? "left" : "right";
      const key = this.#keys.decode(rowKey.subarray(timestampBytes + 1));
      for (const bytes of valuesOf(list)) {
        yield { timestamp, key, side, value: this.#deserialize(bytes) };
      }
    }
  }

  flush(): void {
    // Nothing waits: every change is written at once.
  }

  close(): void {
    // The rows belong to the state of the task.
  }

  /** `int64 timestamp ‖ byte side ‖ key`. */
  #rowKey(timestamp: number, side: "left" | "right", key: K): Buffer {
    const bytes = this.#keys.encode(key);
    const rowKey = Buffer.allocUnsafe(timestampBytes + 1 + bytes.length);
    writeInt64(rowKey, timestamp, 0);
    rowKey[timestampBytes] = side === "left" ? leftSide : rightSide;
    rowKey.set(bytes, timestampBytes + 1);
    return rowKey;
  }

  #log(key: Buffer, list: Buffer | null): void {
    const { changelog, task } = this.#environment;
    changelog?.log(key, list, task.currentTimestamp(), noHeaders);
  }
}

/** `byte 1 ‖ int32 count ‖ (int32 length ‖ bytes)*` with one value more, which is `byte side ‖ value`. */
function appended(list: Buffer | null, side: "left" | "right", value: Buffer): Buffer {
  const head = list ?? Buffer.of(variableSize, 0, 0, 0, 0);
  const longer = Buffer.allocUnsafe(head.length + 4 + 1 + value.length);
  longer.set(head, 0);
  longer.writeInt32BE(head.readInt32BE(1) + 1, 1);
  longer.writeInt32BE(1 + value.length, head.length);
  longer[head.length + 4] = side === "left" ? leftSide : rightSide;
  longer.set(value, head.length + 5);
  return longer;
}

function* valuesOf(list: Buffer): IterableIterator<Buffer> {
  let at = listHeadBytes;
  while (at < list.length) {
    const length = list.readInt32BE(at);
    yield list.subarray(at + 4, at + 4 + length);
    at += 4 + length;
  }
}
