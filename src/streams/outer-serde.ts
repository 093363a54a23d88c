import { DecodeError } from "../errors.ts";
import type { Headers } from "./message.ts";
import type { Serde } from "./serde.ts";

/** How values are written that have others inside. */
interface Format<T, V> {
  /** Writes a value, with what writes those inside. */
  encode(value: T, serialize: (inside: V) => Uint8Array | string | null): Buffer;
  deserialize(buffer: Buffer, start: number, end: number): T;
  /** The bytes of those inside. */
  partsOf(bytes: Buffer): readonly Buffer[];
}

/** The serde of values that have others inside: what `inner` asks for, topic, headers and time to prepare, it gets. */
export function outerSerde<T, V>(
  inner: Serde<V>,
  { encode, deserialize, partsOf }: Format<T, V>,
): Serde<T> {
  const { serializeFor, prepare } = inner;
  const serializeInside = (inside: V) => inner.serialize(inside);
  return {
    serialize: (value) => encode(value, serializeInside),
    deserialize,
    copies: inner.copies,
    ...(serializeFor && {
      serializeFor: (value: T, topic: string, headers: Headers) =>
        encode(value, (inside) => serializeFor.call(inner, inside, topic, headers)),
    }),
    ...(prepare && {
      prepare: (batch: readonly Buffer[], topic: string) =>
        prepare.call(inner, preparedParts(batch, partsOf), topic),
    }),
  };
}

/** Records that make no sense have no parts: they are refused when they are read. */
function preparedParts(
  batch: readonly Buffer[],
  partsOf: (bytes: Buffer) => readonly Buffer[],
): Buffer[] {
  return batch.flatMap((bytes) => {
    try {
      return partsOf(bytes);
    } catch (error) {
      if (error instanceof DecodeError) return [];
      throw error;
    }
  });
}

/** Reads bytes as a slice of them. */
export const slices = {
  deserialize: (buffer: Buffer, start: number, end: number): Buffer => buffer.subarray(start, end),
};
