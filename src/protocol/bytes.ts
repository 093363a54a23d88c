import { DecodeError } from "../errors.ts";

/** `Long.MAX_VALUE`, which Kafka uses as a sentinel: as a number it is 2⁶³, and travels exactly. */
export const int64Max = 2 ** 63;
/** `Long.MIN_VALUE`, which Kafka uses as a sentinel: as a number it is −2⁶³, and travels exactly. */
export const int64Min = -(2 ** 63);

declare global {
  /** Methods that Node has but does not document: they skip the look-up of the encoding's name. */
  interface Buffer {
    hexSlice(start: number, end: number): string;
    latin1Slice(start: number, end: number): string;
    utf8Slice(start: number, end: number): string;
    utf8Write(text: string, at: number, length: number): number;
  }
}

const twoTo32 = 2 ** 32;
/** The UUID that stands for "none". */
export const zeroUuid = "00000000-0000-0000-0000-000000000000";

/**
 * Reads Kafka's primitive types from a buffer, front to back. Nothing is copied: byte fields are
 * slices of the buffer. A read past the end, a length that cannot be, or an integer that a number
 * cannot hold throws a {@link DecodeError} with the position.
 */
export class Reader {
  readonly buffer: Buffer;
  /** Where the next byte is read; 0 ≤ position ≤ end. */
  position: number;
  readonly end: number;
  /** Whether tagged fields that the schema does not know are kept on the decoded object. */
  readonly keepUnknownTags: boolean;

  constructor(
    buffer: Buffer,
    {
      position = 0,
      end = buffer.length,
      keepUnknownTags = false,
    }: {
      readonly position?: number | undefined;
      readonly end?: number | undefined;
      readonly keepUnknownTags?: boolean | undefined;
    } = {},
  ) {
    this.buffer = buffer;
    this.position = position;
    this.end = end;
    this.keepUnknownTags = keepUnknownTags;
  }

  /** How many bytes are left. */
  get remaining(): number {
    return this.end - this.position;
  }

  boolean(): boolean {
    return this.int8() !== 0;
  }

  int8(): number {
    return this.buffer.readInt8(this.#advance(1));
  }

  int16(): number {
    return this.buffer.readInt16BE(this.#advance(2));
  }

  uint16(): number {
    return this.buffer.readUInt16BE(this.#advance(2));
  }

  int32(): number {
    return this.buffer.readInt32BE(this.#advance(4));
  }

  uint32(): number {
    return this.buffer.readUInt32BE(this.#advance(4));
  }

  int64(): number {
    const at = this.#advance(8);
    return readInt64(this.buffer, at);
  }

  float64(): number {
    return this.buffer.readDoubleBE(this.#advance(8));
  }

  uuid(): string {
    const at = this.#advance(16);
    const hex = this.buffer.hexSlice(at, at + 16);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  /** An unsigned varint of at most 32 bits, as in compact lengths and tags. */
  unsignedVarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.buffer[this.#advance(1)] as number;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (value >= twoTo32) break;
        return value;
      }
    }
    throw new DecodeError("INVALID_VARINT", "a varint has more than 32 bits", this.position);
  }

  /** A zigzag varint of at most 32 bits, as in records. */
  varint(): number {
    const raw = this.unsignedVarint();
    return (raw >>> 1) ^ -(raw & 1);
  }

  /** A zigzag varint of at most 64 bits, as in the timestamps of records. */
  varlong(): number {
    let low = 0;
    let high = 0;
    for (let index = 0; index < 10; index += 1) {
      const byte = this.buffer[this.#advance(1)] as number;
      // Bits 0 to 27 come from the first four bytes, 28 to 55 from the next four, the rest from two.
      if (index < 4) low += (byte & 0x7f) * 2 ** (7 * index);
      else high += (byte & 0x7f) * 2 ** (7 * (index - 4));
      if (byte < 0x80) return this.#unzigzag(low, high);
    }
    throw new DecodeError("INVALID_VARINT", "a varint has more than 64 bits", this.position);
  }

  /** The next `length` bytes, as a slice of the buffer. */
  bytes(length: number): Buffer {
    const at = this.#advance(length);
    return this.buffer.subarray(at, at + length);
  }

  /** The next `length` bytes, as text. */
  text(length: number): string {
    const at = this.#advance(length);
    return this.buffer.utf8Slice(at, at + length);
  }

  skip(length: number): void {
    this.#advance(length);
  }

  /** Throws unless a collection of `count` items, each of at least one byte, can follow. */
  checkCount(count: number): void {
    if (count < 0 || count > this.remaining) {
      const message = `a length of ${count} does not fit into the ${this.remaining} bytes that follow`;
      throw new DecodeError("INVALID_LENGTH", message, this.position);
    }
  }

  #unzigzag(low: number, high: number): number {
    // value = (low + high·2²⁸); zigzag: even ones are not negative.
    const odd = low % 2 === 1;
    const half = (low - (odd ? 1 : 0)) / 2 + high * 2 ** 27;
    if (half + (odd ? 1 : 0) > Number.MAX_SAFE_INTEGER) {
      const message = "a varint is greater than 2^53-1, which this library does not represent";
      throw new DecodeError("INTEGER_TOO_LARGE", message, this.position);
    }
    return odd ? -half - 1 : half;
  }

  #advance(length: number): number {
    const at = this.position;
    if (length < 0) {
      throw new DecodeError("INVALID_LENGTH", `a length is negative: ${length}`, at);
    }
    if (length > this.end - at) {
      const message = `${length} bytes are needed where ${this.end - at} are left`;
      throw new DecodeError("TRUNCATED", message, at);
    }
    this.position = at + length;
    return at;
  }
}

/** Reads a signed 64-bit integer; throws a {@link DecodeError} where a number cannot hold it. */
export function readInt64(buffer: Buffer, at: number): number {
  const high = buffer.readInt32BE(at);
  const low = buffer.readUInt32BE(at + 4);
  const value = high * twoTo32 + low;
  if (Number.isSafeInteger(value)) return value;
  if (high === 0x7fffffff && low === 0xffffffff) return int64Max;
  if (high === -0x80000000 && low === 0) return int64Min;
  const message = "an int64 is beyond 2^53-1, which this library does not represent";
  throw new DecodeError("INTEGER_TOO_LARGE", message, at);
}

/** Writes a signed 64-bit integer: a safe integer, {@link int64Max} or {@link int64Min}. */
export function writeInt64(buffer: Buffer, value: number, at: number): void {
  if (value === int64Max) {
    buffer.writeInt32BE(0x7fffffff, at);
    buffer.writeUInt32BE(0xffffffff, at + 4);
    return;
  }
  const high = Math.floor(value / twoTo32);
  buffer.writeInt32BE(high, at);
  buffer.writeUInt32BE(value - high * twoTo32, at + 4);
}

const initialCapacity = 256;
/** From this size on, a byte field is handed on as it is instead of being copied. */
const shareBytesFrom = 8192;

/**
 * Writes Kafka's primitive types into a buffer that grows. Large byte fields are not copied:
 * {@link Writer.parts} gives the message as the pieces that are to be sent one after the other.
 */
export class Writer {
  buffer: Buffer;
  /** Where the next byte goes in `buffer`. */
  position = 0;
  readonly #parts: Buffer[] = [];
  #partsLength = 0;

  constructor(capacity: number = initialCapacity) {
    this.buffer = Buffer.allocUnsafe(capacity);
  }

  /** How many bytes have been written in all. */
  get length(): number {
    return this.#partsLength + this.position;
  }

  boolean(value: boolean): void {
    this.int8(value ? 1 : 0);
  }

  int8(value: number): void {
    // The position first: advancing may put another buffer in place.
    const at = this.#advance(1);
    this.buffer.writeInt8(value, at);
  }

  int16(value: number): void {
    const at = this.#advance(2);
    this.buffer.writeInt16BE(value, at);
  }

  uint16(value: number): void {
    const at = this.#advance(2);
    this.buffer.writeUInt16BE(value, at);
  }

  int32(value: number): void {
    const at = this.#advance(4);
    this.buffer.writeInt32BE(value, at);
  }

  uint32(value: number): void {
    const at = this.#advance(4);
    this.buffer.writeUInt32BE(value, at);
  }

  int64(value: number): void {
    const at = this.#advance(8);
    writeInt64(this.buffer, value, at);
  }

  float64(value: number): void {
    const at = this.#advance(8);
    this.buffer.writeDoubleBE(value, at);
  }

  uuid(value: string): void {
    const at = this.#advance(16);
    const hex = value.replaceAll("-", "");
    if (this.buffer.write(hex, at, 16, "hex") !== 16) {
      throw new TypeError(`not a UUID: ${value}`);
    }
  }

  unsignedVarint(value: number): void {
    let at = this.#advance(unsignedVarintSize(value));
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.buffer[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.buffer[at] = rest;
  }

  varint(value: number): void {
    this.unsignedVarint(((value << 1) ^ (value >> 31)) >>> 0);
  }

  varlong(value: number): void {
    let { low, high } = zigzag(value);
    while (high !== 0 || low >= 0x80) {
      this.int8(((low & 0x7f) | 0x80) - 256);
      low = (low >>> 7) + (high % 128) * 2 ** 25;
      high = Math.floor(high / 128);
    }
    this.int8(low);
  }

  /** Appends bytes; large ones are shared, so they must not change until they are sent. */
  bytes(value: Uint8Array): void {
    if (value.length >= shareBytesFrom) {
      this.#flushPart();
      this.#parts.push(
        Buffer.isBuffer(value)
          ? value
          : Buffer.from(value.buffer, value.byteOffset, value.byteLength),
      );
      this.#partsLength += value.length;
      return;
    }
    const at = this.#advance(value.length);
    this.buffer.set(value, at);
  }

  /** Appends text whose byte length is known. */
  text(value: string, byteLength: number): void {
    const at = this.#advance(byteLength);
    this.buffer.utf8Write(value, at, byteLength);
  }

  /** Everything written so far, as pieces in order. The writer must not be used afterwards. */
  parts(): Buffer[] {
    this.#flushPart();
    return this.#parts;
  }

  /** Everything written so far, as one buffer. */
  toBuffer(): Buffer {
    if (this.#parts.length === 0) return this.buffer.subarray(0, this.position);
    return Buffer.concat(this.parts());
  }

  #flushPart(): void {
    if (this.position === 0) return;
    this.#parts.push(this.buffer.subarray(0, this.position));
    this.#partsLength += this.position;
    this.buffer = this.buffer.subarray(this.position);
    this.position = 0;
  }

  #advance(length: number): number {
    const at = this.position;
    const needed = at + length;
    if (needed > this.buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2, initialCapacity));
      this.buffer.copy(grown, 0, 0, at);
      this.buffer = grown;
    }
    this.position = needed;
    return at;
  }
}

/** How many bytes an unsigned varint takes: 1 to 5. */
export function unsignedVarintSize(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5;
}

/** The zigzag form of a safe integer, as two halves of 32 bits. */
function zigzag(value: number): { low: number; high: number } {
  const magnitude = value < 0 ? -value - 1 : value;
  const high = Math.floor(magnitude / 2 ** 31);
  const low = ((magnitude % 2 ** 31) * 2 + (value < 0 ? 1 : 0)) >>> 0;
  return { low, high };
}
