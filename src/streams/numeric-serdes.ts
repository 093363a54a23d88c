import { DecodeError, MillraceError } from "../errors.ts";
import { writeInt64 } from "../protocol/index.ts";
import type { Serde } from "./serde.ts";

/** An int16, big-endian, as Kafka's ShortSerializer writes it. */
export const int16: Serde<number> = {
  serialize(value) {
    if (!Number.isInteger(value) || value < -0x8000 || value > 0x7fff) refuse("int16", value);
    const bytes = Buffer.allocUnsafe(2);
    bytes.writeInt16BE(value);
    return bytes;
  },
  deserialize(buffer, start, end) {
    checkSize("int16", 2, start, end);
    return buffer.readInt16BE(start);
  },
  copies: true,
  isExact: true,
};

/** An int32, big-endian, as Kafka's IntegerSerializer writes it. */
export const int32: Serde<number> = {
  serialize(value) {
    if (!Number.isInteger(value) || value < -0x80000000 || value > 0x7fffffff)
      refuse("int32", value);
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeInt32BE(value);
    return bytes;
  },
  deserialize(buffer, start, end) {
    checkSize("int32", 4, start, end);
    return buffer.readInt32BE(start);
  },
  copies: true,
  isExact: true,
};

/** An int64 as a `bigint`, big-endian, as Kafka's LongSerializer writes it. */
export const bigint64: Serde<bigint> = {
  serialize(value) {
    if (typeof value !== "bigint" || value !== BigInt.asIntN(64, value)) refuse("int64", value);
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeBigInt64BE(value);
    return bytes;
  },
  deserialize(buffer, start, end) {
    checkSize("int64", 8, start, end);
    return buffer.readBigInt64BE(start);
  },
  copies: true,
  isExact: true,
};

/**
 * An int64 as a `number`, big-endian, as Kafka's LongSerializer writes it: what counts are. Numbers that a
 * `number` cannot hold exactly are refused in both directions.
 */
export const int64: Serde<number> = {
  serialize(value) {
    if (value === lastInt64.value) return lastInt64.bytes;
    if (!Number.isSafeInteger(value)) refuse("int64", value);
    const bytes = Buffer.allocUnsafe(8);
    writeInt64(bytes, value, 0);
    lastInt64.value = value;
    lastInt64.bytes = bytes;
    return bytes;
  },
  deserialize(buffer, start, end) {
    checkSize("int64", 8, start, end);
    const value = buffer.readInt32BE(start) * 0x100000000 + buffer.readUInt32BE(start + 4);
    if (Number.isSafeInteger(value)) return value;
    const message = "an int64 is too large for a number: read it with bigint64";
    throw new DecodeError("INTEGER_TOO_LARGE", message, start);
  },
  copies: true,
  isExact: true,
};

/** A count mostly goes to a changelog and to a topic one after the other: its bytes, which nobody changes, serve for both. */
const lastInt64 = { value: 0, bytes: Buffer.alloc(8) };

/** A float32, big-endian, as Kafka's FloatSerializer writes it. */
export const float32: Serde<number> = {
  serialize(value) {
    if (typeof value !== "number") refuse("float32", value);
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeFloatBE(value);
    return bytes;
  },
  deserialize(buffer, start, end) {
    checkSize("float32", 4, start, end);
    return buffer.readFloatBE(start);
  },
  copies: true,
};

/** A float64, big-endian, as Kafka's DoubleSerializer writes it. */
export const float64: Serde<number> = {
  serialize(value) {
    if (typeof value !== "number") refuse("float64", value);
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeDoubleBE(value);
    return bytes;
  },
  deserialize(buffer, start, end) {
    checkSize("float64", 8, start, end);
    return buffer.readDoubleBE(start);
  },
  copies: true,
  isExact: true,
};

function checkSize(type: string, size: number, start: number, end: number): void {
  if (end - start === size) return;
  const message = `a value of type ${type} has ${end - start} bytes where it must have ${size}`;
  throw new DecodeError("INVALID_LENGTH", message, start);
}

function refuse(type: string, value: unknown): never {
  throw new MillraceError("INVALID_ARGUMENT", `${value} does not fit into ${type}`);
}
