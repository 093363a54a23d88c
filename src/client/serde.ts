import { MillraceError } from "../errors.ts";
import { readText } from "../protocol/index.ts";

/** Turns values into what travels: bytes, text (sent as UTF-8), or null for no value. */
export interface Serializer<T> {
  serialize(value: T): Uint8Array | string | null;
}

/**
 * Turns bytes into values. It is given the place of the bytes in a larger buffer, which must not be
 * changed, and is not called for null: null stays null.
 */
export interface Deserializer<T> {
  deserialize(buffer: Buffer, start: number, end: number): T;
  /**
   * Whether what comes out keeps nothing of the buffer, as text does and a slice does not. The buffer
   * can then be used again, which makes reading a good deal faster. False by default.
   */
  readonly copies?: boolean | undefined;
}

/** Both directions of a format. */
export interface Serde<T> extends Serializer<T>, Deserializer<T> {}

/** Text in UTF-8. Anything else is refused: INVALID_ARGUMENT. */
export const string: Serde<string> = {
  serialize(value) {
    if (typeof value === "string") return value;
    const found = value === undefined ? "undefined" : `a value of type ${typeof value}`;
    throw new MillraceError("INVALID_ARGUMENT", `${found} cannot be written as text`);
  },
  deserialize: readText,
  copies: true,
};

/**
 * Bytes as they are. What is read is a slice of the network's buffer, which stays in memory for as
 * long as the slice does: copy what is to be kept.
 */
export const bytes: Serde<Uint8Array> & Deserializer<Buffer> = {
  serialize: (value) => value,
  deserialize: (buffer, start, end) => buffer.subarray(start, end),
};

/** Makes a serde of two functions of your own; what `deserialize` is given is a slice, not a copy. */
export function serde<T>({
  serialize,
  deserialize,
}: {
  readonly serialize: (value: T) => Uint8Array | string | null;
  readonly deserialize: (bytes: Buffer) => T;
}): Serde<T> {
  return {
    serialize,
    deserialize: (buffer, start, end) => deserialize(buffer.subarray(start, end)),
  };
}
