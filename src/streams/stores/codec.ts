import { MillraceError } from "../../errors.ts";
import { readInt64, writeInt64 } from "../../protocol/index.ts";
import type { TaskContext } from "../node.ts";
import type { Serde } from "../serde.ts";
import { textOfSerialized, toBuffer } from "./byte-text.ts";
import type { ValueAndTimestamp } from "./state-store.ts";

/** How a store's keys become bytes, under the name of the topic that serdes are told. */
export class KeyCodec<K> {
  readonly #serialize: (key: K) => Uint8Array | string;
  readonly #serde: Serde<K>;
  #lastKey: K | undefined;
  #lastText = "";

  constructor(serde: Serde<K>, topic: string, task: TaskContext, store: string) {
    this.#serde = serde;
    const serialize = serializerOf(serde, topic, task);
    this.#serialize = (key) => {
      const serialized = key === null || key === undefined ? null : serialize(key);
      if (serialized !== null) return serialized;
      throw new MillraceError("INVALID_ARGUMENT", `the store ${store} was given a key of null`);
    };
  }

  encode(key: K): Buffer {
    return toBuffer(this.#serialize(key));
  }

  /** The key's bytes as text; what is asked for twice in a row, as for a read and a write, is made once. */
  text(key: K): string {
    if (key === this.#lastKey && typeof key !== "object") return this.#lastText;
    const text = textOfSerialized(this.#serialize(key));
    this.#lastKey = key;
    this.#lastText = text;
    return text;
  }

  decode(bytes: Buffer): K {
    return this.#serde.deserialize(bytes, 0, bytes.length);
  }
}

/** How a store's values become rows, and how rows become records of the changelog (KIP-258). */
export interface RowFormat<V> {
  /** The row; null where the serializer gives null, which deletes. */
  encode(value: V): Buffer | null;
  decode(row: Buffer): V;
  /** What the changelog has of a row: the plain value. */
  logged(row: Buffer): Buffer;
  /** The timestamp of the changelog's record of a row; `otherwise` where the row has none. */
  timestampOf(row: Buffer, otherwise: number): number;
  /** The row of a record of the changelog. */
  restored(value: Buffer, timestamp: number): Buffer;
}

/** Rows that are the serialized value. */
export function plainFormat<V>(serde: Serde<V>, topic: string, task: TaskContext): RowFormat<V> {
  const serialize = serializerOf(serde, topic, task);
  return {
    encode(value) {
      const serialized = serialize(value);
      return serialized === null ? null : toBuffer(serialized);
    },
    decode: (row) => serde.deserialize(row, 0, row.length),
    logged: (row) => row,
    timestampOf: (_row, otherwise) => otherwise,
    restored: (value) => value,
  };
}

/** Rows that are `int64 timestamp ‖ serialized value`. */
export function timestampedFormat<V>(
  serde: Serde<V>,
  topic: string,
  task: TaskContext,
): RowFormat<ValueAndTimestamp<V>> {
  const serialize = serializerOf(serde, topic, task);
  return {
    encode({ value, timestamp }) {
      const serialized = value === null || value === undefined ? null : serialize(value);
      return serialized === null ? null : withTimestamp(serialized, timestamp);
    },
    decode: (row) => ({
      value: serde.deserialize(row, timestampBytes, row.length),
      timestamp: readInt64(row, 0),
    }),
    logged: (row) => row.subarray(timestampBytes),
    timestampOf: (row) => readInt64(row, 0),
    restored: withTimestamp,
  };
}

/** How many bytes a timestamp takes. */
export const timestampBytes = 8;

/** `int64 timestamp ‖ bytes`. */
export function withTimestamp(bytes: Uint8Array | string, timestamp: number): Buffer {
  if (typeof bytes === "string") {
    const row = Buffer.allocUnsafe(timestampBytes + Buffer.byteLength(bytes));
    row.utf8Write(bytes, timestampBytes, row.length - timestampBytes);
    writeInt64(row, timestamp, 0);
    return row;
  }
  const row = Buffer.allocUnsafe(timestampBytes + bytes.length);
  row.set(bytes, timestampBytes);
  writeInt64(row, timestamp, 0);
  return row;
}

/** What turns values into bytes, told of topic and headers where the serde asks for them. */
export function serializerOf<T>(
  serde: Serde<T>,
  topic: string,
  task: TaskContext,
): (value: T) => Uint8Array | string | null {
  if (!serde.serializeFor) return (value) => serde.serialize(value);
  return (value) => serde.serializeFor?.(value, topic, task.currentHeaders()) ?? null;
}
