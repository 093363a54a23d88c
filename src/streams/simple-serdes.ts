import { DecodeError, MillraceError } from "../errors.ts";
import type { Serde } from "./serde.ts";

/** A UUID in its usual form of 36 characters, as Kafka's UUIDSerializer writes it. Capitals become small letters. */
export const uuid: Serde<string> = {
  serialize(value) {
    if (isUuid(value)) return value.toLowerCase();
    const message = "a value for uuid must be text of the form 8-4-4-4-12 hexadecimal digits";
    throw new MillraceError("INVALID_ARGUMENT", message);
  },
  deserialize(buffer, start, end) {
    const text = buffer.latin1Slice(start, end);
    if (isUuid(text)) return text.toLowerCase();
    const message = `${end - start} bytes that are no UUID of 36 characters`;
    throw new DecodeError("INVALID_VALUE", message, start);
  },
  copies: true,
};

/** True or false as one byte, as Kafka's BooleanSerializer writes it. */
export const boolean: Serde<boolean> = {
  serialize: (value) => Buffer.of(value ? 1 : 0),
  deserialize(buffer, start, end) {
    const byte = buffer[start];
    if (end - start === 1 && (byte === 0 || byte === 1)) return byte === 1;
    const message = `a boolean has ${end - start} bytes where it must have one, which is 0 or 1`;
    throw new DecodeError("INVALID_VALUE", message, start);
  },
  copies: true,
  isExact: true,
};

/** Null and nothing else, as Kafka's VoidSerde: for topics whose keys, or values, are never there. */
export const nothing: Serde<null> = {
  serialize(value) {
    if (value === null || value === undefined) return null;
    throw new MillraceError("INVALID_ARGUMENT", `nothing can be written as nothing but null`);
  },
  deserialize(_buffer, start, end) {
    const message = `${end - start} bytes where there must be null`;
    throw new DecodeError("INVALID_VALUE", message, start);
  },
  copies: true,
};

function isUuid(text: unknown): text is string {
  return typeof text === "string" && uuidPattern.test(text);
}

const uuidPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
