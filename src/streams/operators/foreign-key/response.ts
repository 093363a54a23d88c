import { DecodeError } from "../../../errors.ts";
import { outerSerde, slices } from "../../outer-serde.ts";
import type { Serde } from "../../serde.ts";
import { toBuffer } from "../../stores/byte-text.ts";
import { hashBytes, noHashBit } from "./subscription.ts";

/** A right row, as the answer to a subscription (`SubscriptionResponseWrapper`). */
export interface Response<W> {
  /** The hash that came with the subscription. */
  readonly hash: Buffer | null;
  readonly foreignValue: W | null;
  /** Where the answer must go; it is not written down. */
  readonly primaryPartition: number | undefined;
}

/**
 * Answers as the JVM writes them: `no hash? version 0 ‖ [hash] ‖ right value`. A value of no bytes is read as
 * none, as it is there.
 */
export function responseSerde<W>(inner: Serde<W>): Serde<Response<W>> {
  const serde = outerSerde<Response<W>, W>(inner, {
    encode,
    deserialize: (buffer, start, end) => decode(inner, buffer, start, end),
    partsOf(bytes) {
      const { foreignValue } = decode(slices, bytes, 0, bytes.length);
      return foreignValue === null ? [] : [foreignValue];
    },
  });
  // The hash is a slice of what was read.
  return { ...serde, copies: false };
}

function decode<W>(
  inner: Pick<Serde<W>, "deserialize">,
  buffer: Buffer,
  start: number,
  end: number,
): Response<W> {
  const first = start < end ? (buffer[start] as number) : -1;
  const valueStart = start + 1 + (first & noHashBit ? 0 : hashBytes);
  if ((first !== 0 && first !== noHashBit) || valueStart > end) {
    const message = `an answer of a foreign-key join has ${end - start} bytes and begins with ${first}, which cannot be read`;
    throw new DecodeError("INVALID_VALUE", message, start);
  }
  return {
    hash: first === noHashBit ? null : buffer.subarray(start + 1, valueStart),
    foreignValue: valueStart === end ? null : inner.deserialize(buffer, valueStart, end),
    primaryPartition: undefined,
  };
}

function encode<W>(
  { hash, foreignValue }: Response<W>,
  serialize: (value: W) => Uint8Array | string | null,
): Buffer {
  const serialized = foreignValue === null ? null : serialize(foreignValue);
  const value = serialized === null ? noBytes : toBuffer(serialized);
  const valueStart = 1 + (hash ? hashBytes : 0);
  const bytes = Buffer.allocUnsafe(valueStart + value.length);
  bytes[0] = hash ? 0 : noHashBit;
  hash?.copy(bytes, 1);
  value.copy(bytes, valueStart);
  return bytes;
}

const noBytes = Buffer.alloc(0);
