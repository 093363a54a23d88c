import { MillraceError } from "../../errors.ts";
import { readInt64, writeInt64 } from "../../protocol/index.ts";
import { type Headers, noHeaders } from "../message.ts";
import type { TaskContext } from "../node.ts";
import type { Serde } from "../serde.ts";
import { textOfSerialized, toBuffer } from "./byte-text.ts";
import type { ValueFormat } from "./engine.ts";
import type { ValueAndTimestamp } from "./state-store.ts";

/** How a store's keys become bytes, under the name of the topic that serdes are told. */
export class KeyCodec<K> {
  /** The key that {@link text} was asked for last, as it travels: text where that is ASCII. */
  lastField: Uint8Array | string = "";
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

  /** The bytes of a bound of a range, which may be open. */
  bound(key: K | undefined): Buffer | undefined {
    return key === undefined || key === null ? undefined : this.encode(key);
  }

  /** The key's bytes as text; what is asked for twice in a row, as for a read and a write, is made once. */
  text(key: K): string {
    const isPlain = typeof key !== "object" && key !== undefined;
    // Zero and minus zero are equal, but not as bytes.
    if (isPlain && Object.is(key, this.#lastKey)) return this.#lastText;
    const serialized = this.#serialize(key);
    const text = textOfSerialized(serialized);
    this.lastField = serialized;
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
  /** What rows are made of, where that can be told. */
  readonly parts: RowParts<V> | undefined;
  /** How rows in memory are kept: as these parts where values come back as they were (see `Serde`), else with bytes in them. */
  readonly kept: RowParts<V> | undefined;
  /** The headers of the changelog's record of a value, or of its deletion; `context` are those of the record at work. */
  headersOf(value: V | null, context: Headers): Headers;
  /** The row of a record of the changelog. */
  restored(value: Buffer, timestamp: number, headers: Headers): Buffer;
}

/**
 * Whether records of the changelog bear the headers of the records that they follow from: all, none, or only
 * those of deletions.
 */
export type LogsHeaders = boolean | "deletions";

function loggedHeaders(logs: LogsHeaders): RowFormat<unknown>["headersOf"] {
  switch (logs) {
    case true:
      return (_value, context) => context;
    case false:
      return () => noHeaders;
    case "deletions":
      return (value, context) => (value === null ? context : noHeaders);
    default:
      return logs satisfies never;
  }
}

/** How a store's value is taken apart into a value and a time, and put together again. */
export interface SplitValue<V, P = unknown> {
  valueIn(value: V): P;
  /** The time of a value, or `otherwise` where it has none. */
  timeIn(value: V, otherwise: number): number;
  join(value: P, timestamp: number): V;
}

/** A row's value and its time, apart; `P` is the type of the former. */
export interface RowParts<V, P = unknown> extends ValueFormat<P>, SplitValue<V, P> {
  /** What the changelog has of a value: null where it deletes. */
  plain(value: P): Uint8Array | string | null;
}

/** Rows that are the serialized value. */
export function plainFormat<V>(
  serde: Serde<V>,
  topic: string,
  task: TaskContext,
  logsHeaders: LogsHeaders = false,
): RowFormat<V> {
  const serialize = serializerOf(serde, topic, task);
  const encode = (value: V) => {
    const serialized = serialize(value);
    return serialized === null ? null : toBuffer(serialized);
  };
  const decode = (row: Buffer) => serde.deserialize(row, 0, row.length);
  const parts: RowParts<V, V> = {
    encodeParts: encode,
    decodeValue: decode,
    timestampOf: (_row, otherwise) => otherwise,
    valueIn: (value) => value,
    timeIn: (_value, otherwise) => otherwise,
    join: (value) => value,
    plain: serialize,
  };
  return {
    encode,
    decode,
    logged: (row) => row,
    timestampOf: (_row, otherwise) => otherwise,
    parts: parts as RowParts<V>,
    kept: (serde.isExact ? parts : plainBytes(encode, decode)) as RowParts<V>,
    headersOf: loggedHeaders(logsHeaders),
    restored: (value) => value,
  };
}

/** Rows that are `int64 timestamp ‖ serialized value`. */
export function timestampedFormat<V>(
  serde: Serde<V>,
  topic: string,
  task: TaskContext,
  logsHeaders: LogsHeaders = false,
): RowFormat<ValueAndTimestamp<V>> {
  const serialize = serializerOf(serde, topic, task);
  const plain = (value: V) => (value === null || value === undefined ? null : serialize(value));
  const encodeParts = (value: V, timestamp: number) => {
    const serialized = plain(value);
    return serialized === null ? null : withTimestamp(serialized, timestamp);
  };
  const decodeValue = (row: Buffer) => serde.deserialize(row, timestampBytes, row.length);
  const parts: RowParts<ValueAndTimestamp<V>, V> = {
    encodeParts,
    decodeValue,
    timestampOf: (row) => readInt64(row, 0),
    valueIn: ({ value }) => value,
    timeIn: ({ timestamp }) => timestamp,
    join: (value, timestamp) => ({ value, timestamp }),
    plain,
  };
  return {
    encode: ({ value, timestamp }) => encodeParts(value, timestamp),
    decode: (row) => ({ value: decodeValue(row), timestamp: readInt64(row, 0) }),
    logged: (row) => row.subarray(timestampBytes),
    timestampOf: (row) => readInt64(row, 0),
    parts: parts as RowParts<ValueAndTimestamp<V>>,
    kept: (serde.isExact ? parts : timestampedBytes(plain, serde)) as RowParts<
      ValueAndTimestamp<V>
    >,
    headersOf: loggedHeaders(logsHeaders),
    restored: withTimestamp,
  };
}

/** Rows that are the serialized value, kept as that. */
function plainBytes<V>(
  encode: (value: V) => Buffer | null,
  decode: (row: Buffer) => V,
): RowParts<V, Buffer | null> {
  return {
    encodeParts: (bytes) => bytes,
    decodeValue: (row) => row,
    timestampOf: (_row, otherwise) => otherwise,
    valueIn(value) {
      const bytes = encode(value);
      return bytes && ownBytes(bytes);
    },
    timeIn: (_value, otherwise) => otherwise,
    join: (bytes) => decode(bytes as Buffer),
    plain: (bytes) => bytes,
  };
}

/** Serialized values with their times beside them. */
function timestampedBytes<V>(
  serialize: (value: V) => Uint8Array | string | null,
  serde: Serde<V>,
): RowParts<ValueAndTimestamp<V>, Buffer | null> {
  return {
    encodeParts: (bytes, timestamp) => bytes && withTimestamp(bytes, timestamp),
    decodeValue: (row) => row.subarray(timestampBytes),
    timestampOf: (row) => readInt64(row, 0),
    valueIn({ value }) {
      const serialized = serialize(value);
      return serialized === null ? null : Buffer.from(serialized as string);
    },
    timeIn: ({ timestamp }) => timestamp,
    join: (bytes, timestamp) => ({
      value: serde.deserialize(bytes as Buffer, 0, (bytes as Buffer).length),
      timestamp,
    }),
    plain: (bytes) => bytes,
  };
}

/** A value that is a small part of a larger buffer than this is copied, lest it keeps that alive. */
const largeBuffer = 65_536;

/** Bytes that can be kept for long. */
export function ownBytes(bytes: Buffer): Buffer {
  const isPart = bytes.buffer.byteLength > largeBuffer && bytes.length < largeBuffer;
  return isPart ? Buffer.from(bytes) : bytes;
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
