import { Reader, readInt64, Writer } from "../../protocol/index.ts";
import { type Headers, noHeaders } from "../message.ts";
import type { Serde } from "../serde.ts";
import { toBuffer } from "./byte-text.ts";
import { type RowFormat, timestampBytes } from "./codec.ts";
import type { AggregationWithHeaders, ValueTimestampHeaders } from "./state-store.ts";

/**
 * Rows that keep the headers of the record that made them (KIP-1271):
 * `varint size ‖ headers ‖ int64 timestamp ‖ serialized value`, where no headers have the size 0. The changelog has
 * the plain value, under that time and with those headers.
 */
export function timestampHeadersFormat<V>(
  serde: Serde<V>,
  topic: string,
): RowFormat<ValueTimestampHeaders<V>> {
  const serialize = headersSerializer(serde, topic);
  return {
    encode({ value, timestamp, headers }) {
      const serialized = serialize(value, headers);
      return serialized === null ? null : encodeRow(headers, timestamp, serialized);
    },
    decode(row) {
      const { headers, end } = decodeHeaders(row);
      const valueStart = end + timestampBytes;
      const value = serde.deserialize(row, valueStart, row.length);
      return { value, timestamp: readInt64(row, end), headers };
    },
    logged: (row) => row.subarray(headersEnd(row) + timestampBytes),
    timestampOf: (row) => readInt64(row, headersEnd(row)),
    parts: undefined,
    kept: undefined,
    headersOf: (value, context) => (value === null ? context : value.headers),
    restored: (value, timestamp, headers) => encodeRow(headers, timestamp, value),
  };
}

/** The same for sessions, whose time is in their keys: `varint size ‖ headers ‖ serialized aggregation`. */
export function headersFormat<A>(
  serde: Serde<A>,
  topic: string,
): RowFormat<AggregationWithHeaders<A>> {
  const serialize = headersSerializer(serde, topic);
  return {
    encode({ aggregation, headers }) {
      const serialized = serialize(aggregation, headers);
      return serialized === null ? null : encodeRow(headers, undefined, serialized);
    },
    decode(row) {
      const { headers, end } = decodeHeaders(row);
      return { aggregation: serde.deserialize(row, end, row.length), headers };
    },
    logged: (row) => row.subarray(headersEnd(row)),
    timestampOf: (_row, otherwise) => otherwise,
    parts: undefined,
    kept: undefined,
    headersOf: (value, context) => (value === null ? context : value.headers),
    restored: (value, _timestamp, headers) => encodeRow(headers, undefined, value),
  };
}

/** Serializes values told of their own headers, not of those of the record at work. */
function headersSerializer<V>(
  serde: Serde<V>,
  topic: string,
): (value: V, headers: Headers) => Uint8Array | string | null {
  return (value, headers) => {
    if (value === null || value === undefined) return null;
    if (serde.serializeFor) return serde.serializeFor(value, topic, headers);
    return serde.serialize(value);
  };
}

function encodeRow(
  headers: Headers,
  timestamp: number | undefined,
  serialized: Uint8Array | string,
): Buffer {
  const value = toBuffer(serialized);
  const block = headers.length === 0 ? undefined : encodeHeaders(headers);
  const writer = new Writer((block?.length ?? 0) + value.length + longestFrame);
  writer.varint(block?.length ?? 0);
  if (block) writer.bytes(block);
  if (timestamp !== undefined) writer.int64(timestamp);
  writer.bytes(value);
  return writer.toBuffer();
}

/** A varint and a timestamp. */
const longestFrame = 13;

/** `varint count ‖ (varint length ‖ key ‖ varint length, −1 for null ‖ value)*` (`HeadersSerializer`). */
function encodeHeaders(headers: Headers): Buffer {
  const writer = new Writer(headers.length * assumedHeaderBytes);
  writer.varint(headers.length);
  for (const { key, value } of headers) {
    const keyBytes = Buffer.from(key);
    writer.varint(keyBytes.length);
    writer.bytes(keyBytes);
    writer.varint(value ? value.length : -1);
    if (value) writer.bytes(value);
  }
  return writer.toBuffer();
}

const assumedHeaderBytes = 32;

/** Where a row's headers end. */
function headersEnd(row: Buffer): number {
  const reader = new Reader(row);
  const size = reader.varint();
  return reader.position + size;
}

function decodeHeaders(row: Buffer): { readonly headers: Headers; readonly end: number } {
  const reader = new Reader(row);
  const size = reader.varint();
  const end = reader.position + size;
  if (size === 0) return { headers: noHeaders, end };
  const headers = Array.from({ length: reader.varint() }, () => {
    const key = reader.bytes(reader.varint()).toString();
    const length = reader.varint();
    return { key, value: length < 0 ? null : reader.bytes(length) };
  });
  return { headers, end };
}
