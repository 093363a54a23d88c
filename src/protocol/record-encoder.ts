import { MillraceError } from "../errors.ts";
import { unsignedVarintSize } from "./bytes.ts";
import { writeText } from "./text.ts";

/** What a record's key or value is written from; text becomes UTF-8. */
export type Field = string | Uint8Array | null;

/** A header of a record that is to be written. */
export interface RecordHeaderIn {
  readonly key: string;
  readonly value: Field;
}

/** A record's own parts at their longest: length 5, attributes 1, timestamp 10, offset and number of headers 5 each. */
const overheadBytes = 26;
/** The length of a key, a value or a part of a header, at its longest. */
const lengthBytes = 5;
/** Up to this size a loop copies bytes quicker than the way into native code and back. */
const shortBytes = 16;

/** The most bytes that a record can take, which may be three times as many as it will. Costs next to nothing. */
export function roughRecordSize(
  key: Field,
  value: Field,
  headers: readonly RecordHeaderIn[] | undefined,
): number {
  let size = overheadBytes + roughFieldSize(key) + roughFieldSize(value);
  if (headers === undefined) return size;
  for (const header of headers) size += roughFieldSize(header.key) + roughFieldSize(header.value);
  return size;
}

/** The most bytes that a record can take, a few tens above what it will. Has to look at every character. */
export function recordSizeBound(
  key: Field,
  value: Field,
  headers: readonly RecordHeaderIn[] | undefined,
): number {
  let size = overheadBytes + fieldSizeBound(key) + fieldSizeBound(value);
  if (headers === undefined) return size;
  for (const header of headers) size += fieldSizeBound(header.key) + fieldSizeBound(header.value);
  return size;
}

/**
 * Writes one record (magic 2) into a buffer that has room for {@link recordSizeBound}, and gives the
 * position after it. Both deltas count from the batch's bases.
 */
export function writeRecord(
  buffer: Buffer,
  start: number,
  timestampDelta: number,
  offsetDelta: number,
  key: Field,
  value: Field,
  headers: readonly RecordHeaderIn[] | undefined,
): number {
  // Text is taken for ASCII at first. Where it is not, its bytes move once their number is known.
  let expected = 1 + varlongSize(timestampDelta) + varintSize(offsetDelta);
  expected += expectedSize(key) + expectedSize(value) + expectedHeadersSize(headers);
  const bodyStart = start + varintSize(expected);
  let at = bodyStart;
  // The attributes, none of which is used yet by any version of Kafka.
  buffer[at++] = 0;
  at = writeVarlong(buffer, at, timestampDelta);
  at = writeVarint(buffer, at, offsetDelta);
  at = writeField(buffer, at, key);
  at = writeField(buffer, at, value);
  at = writeHeaders(buffer, at, headers);
  return writeLength(buffer, start, bodyStart, at);
}

function roughFieldSize(field: Field): number {
  if (field === null) return lengthBytes;
  // A UTF-16 unit takes three bytes at most: characters of four are made of two units.
  return lengthBytes + (typeof field === "string" ? 3 * field.length : field.length);
}

function fieldSizeBound(field: Field): number {
  if (field === null) return lengthBytes;
  return lengthBytes + (typeof field === "string" ? Buffer.byteLength(field) : field.length);
}

function expectedSize(field: Field): number {
  return field === null ? 1 : varintSize(field.length) + field.length;
}

function expectedHeadersSize(headers: readonly RecordHeaderIn[] | undefined): number {
  if (headers === undefined) return 1;
  let size = varintSize(headers.length);
  for (const { key, value } of headers) size += expectedSize(key) + expectedSize(value);
  return size;
}

function writeHeaders(
  buffer: Buffer,
  at: number,
  headers: readonly RecordHeaderIn[] | undefined,
): number {
  if (headers === undefined) {
    buffer[at] = 0;
    return at + 1;
  }
  at = writeVarint(buffer, at, headers.length);
  for (const { key, value } of headers) {
    at = writeField(buffer, at, key);
    at = writeField(buffer, at, value);
  }
  return at;
}

function writeField(buffer: Buffer, at: number, field: Field): number {
  if (field === null) return writeVarint(buffer, at, -1);
  if (typeof field === "string") {
    const start = at + varintSize(field.length);
    return writeLength(buffer, at, start, start + writeText(buffer, field, start));
  }
  const { length } = field;
  at = writeVarint(buffer, at, length);
  if (length > shortBytes) buffer.set(field, at);
  else for (let index = 0; index < length; index += 1) buffer[at + index] = field[index] as number;
  return at + length;
}

/**
 * Writes at `at` the length of `buffer[start, end)`, and gives the position after these bytes. They
 * move if the length takes more bytes than were left for it.
 */
function writeLength(buffer: Buffer, at: number, start: number, end: number): number {
  const length = end - start;
  const moved = at + varintSize(length);
  if (moved !== start) buffer.copyWithin(moved, start, end);
  writeVarint(buffer, at, length);
  return moved + length;
}

function zigzag(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0;
}

function varintSize(value: number): number {
  return unsignedVarintSize(zigzag(value));
}

function writeVarint(buffer: Buffer, at: number, value: number): number {
  let rest = zigzag(value);
  while (rest >= 0x80) {
    buffer[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  buffer[at] = rest;
  return at + 1;
}

function varlongSize(value: number): number {
  if (value === (value | 0)) return varintSize(value);
  let size = 1;
  for (let rest = zigzagAbove6Bits(value); rest >= 1; rest = Math.floor(rest / 128)) size += 1;
  return size;
}

function writeVarlong(buffer: Buffer, at: number, value: number): number {
  if (value === (value | 0)) return writeVarint(buffer, at, value);
  let rest = zigzagAbove6Bits(value);
  // The first byte has the sign, and the six lowest bits above it.
  const low = (value < 0 ? -value - 1 : value) % 64;
  buffer[at++] = (low << 1) | (value < 0 ? 1 : 0) | 0x80;
  while (rest >= 0x80) {
    buffer[at++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  buffer[at] = rest;
  return at + 1;
}

/** What the zigzag form of a number beyond 32 bits has above its first byte. */
function zigzagAbove6Bits(value: number): number {
  if (!Number.isSafeInteger(value)) {
    const message = `a record's timestamp must be an integer, ${value} after that of its batch is not`;
    throw new MillraceError("INVALID_ARGUMENT", message);
  }
  return Math.floor((value < 0 ? -value - 1 : value) / 64);
}
