import { type Reader, Writer } from "../../protocol/index.ts";
import type { Headers, RecordMetadata } from "../message.ts";
import { noHeaders } from "../message.ts";

/** The record that a buffered row came from: what is in force again when the row is forwarded. */
export interface RecordOrigin {
  readonly timestamp: number;
  readonly headers: Headers;
  readonly metadata: RecordMetadata | undefined;
}

/** A row that waits in a buffer. */
export interface BufferedRecord {
  /** The value that was valid before the row was first buffered. */
  readonly prior: Buffer | null;
  readonly old: Buffer | null;
  readonly fresh: Buffer | null;
  readonly origin: RecordOrigin;
}

const nullSize = -1;
/** Stands for an old value that is the prior one. */
const sameAsPrior = -2;

/** The bytes of a buffered row, with room for what the caller appends (`BufferValue`). */
export function encodeBuffered({ prior, old, fresh, origin }: BufferedRecord): Writer {
  const writer = new Writer();
  encodeOrigin(writer, origin);
  encodeSized(writer, prior);
  if (old && prior?.equals(old)) writer.int32(sameAsPrior);
  else encodeSized(writer, old);
  encodeSized(writer, fresh);
  return writer;
}

/** Reads a buffered row. */
export function decodeBuffered(reader: Reader): BufferedRecord {
  const origin = decodeOrigin(reader);
  const prior = decodeSized(reader, reader.int32());
  const oldSize = reader.int32();
  const old = oldSize === sameAsPrior ? prior : decodeSized(reader, oldSize);
  return { origin, prior, old, fresh: decodeSized(reader, reader.int32()) };
}

/** What a buffered row takes in memory, as Kafka estimates it and `maxBytes` counts it. */
export function bufferedBytes({ prior, old, fresh, origin }: BufferedRecord): number {
  const isOldPrior = old !== null && prior?.equals(old);
  const values =
    (prior?.length ?? 0) + (isOldPrior ? 0 : (old?.length ?? 0)) + (fresh?.length ?? 0);
  let bytes = values + 8 + 8 + 4 + (origin.metadata?.topic.length ?? 0);
  for (const { key, value } of origin.headers) bytes += key.length + (value?.length ?? 0);
  return bytes;
}

/** `ProcessorRecordContext.serialize`. */
function encodeOrigin(writer: Writer, { timestamp, headers, metadata }: RecordOrigin): void {
  writer.int64(timestamp);
  writer.int64(metadata?.offset ?? -1);
  encodeSized(writer, Buffer.from(metadata?.topic ?? ""));
  writer.int32(metadata?.partition ?? -1);
  writer.int32(headers.length);
  for (const { key, value } of headers) {
    encodeSized(writer, Buffer.from(key));
    encodeSized(writer, value);
  }
}

function decodeOrigin(reader: Reader): RecordOrigin {
  const timestamp = reader.int64();
  const offset = reader.int64();
  const topic = reader.text(reader.int32());
  const partition = reader.int32();
  const count = reader.int32();
  const headers = Array.from({ length: Math.max(count, 0) }, () => ({
    key: reader.text(reader.int32()),
    value: decodeSized(reader, reader.int32()),
  }));
  const metadata = topic === "" ? undefined : { topic, partition, offset };
  return { timestamp, headers: count > 0 ? headers : noHeaders, metadata };
}

function encodeSized(writer: Writer, bytes: Uint8Array | null): void {
  writer.int32(bytes ? bytes.length : nullSize);
  if (bytes) writer.bytes(bytes);
}

function decodeSized(reader: Reader, size: number): Buffer | null {
  return size === nullSize ? null : reader.bytes(size);
}
