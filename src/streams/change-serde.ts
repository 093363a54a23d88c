import { DecodeError, MillraceError } from "../errors.ts";
import { Reader, Writer } from "../protocol/index.ts";
import type { Change } from "./message.ts";
import { outerSerde, slices } from "./outer-serde.ts";
import type { Serde } from "./serde.ts";

/** What the last byte of a change says is before it. */
const oldOnly = 0;
const newOnly = 1;
const both = 2;
/** Added to the ones above where a byte before the last one says whether the change is of the latest version. */
const withVersion = 3;

/**
 * Changes as the JVM sends them through the repartition topic of a grouped table: the values' bytes, and
 * behind them which ones there are (`ChangedSerializer`, KIP-904). Whether a change is of the latest version is
 * understood, but not written.
 */
export function changeSerde<V>(inner: Serde<V>): Serde<Change<V>> {
  return outerSerde<Change<V>, V>(inner, {
    encode,
    deserialize: (buffer, start, end) => decode(inner, buffer, start, end),
    partsOf(bytes) {
      const { newValue, oldValue } = decode(slices, bytes, 0, bytes.length);
      return [newValue, oldValue].filter((value) => value !== null);
    },
  });
}

function encode<V>(
  { newValue, oldValue }: Change<V>,
  serialize: (value: V) => Uint8Array | string | null,
): Buffer {
  const fresh = newValue === null ? undefined : bytesOf(serialize(newValue));
  const old = oldValue === null ? undefined : bytesOf(serialize(oldValue));
  const writer = new Writer((fresh?.length ?? 0) + (old?.length ?? 0) + longestFrame);
  if (fresh && old) writer.varint(fresh.length);
  if (fresh) writer.bytes(fresh);
  if (old) writer.bytes(old);
  if (!fresh && !old) {
    const message = "a change with neither an old nor a new value cannot be sent to its group";
    throw new MillraceError("INVALID_STATE", message);
  }
  writer.int8(fresh && old ? both : fresh ? newOnly : oldOnly);
  return writer.toBuffer();
}

/** A varint and the byte that ends a change. */
const longestFrame = 6;

function decode<V>(
  inner: Pick<Serde<V>, "deserialize">,
  buffer: Buffer,
  start: number,
  end: number,
): Change<V> {
  const last = end > start ? (buffer[end - 1] as number) : -1;
  const hasVersion = last >= withVersion && last <= withVersion + both;
  const valuesEnd = end - (hasVersion ? 2 : 1);
  if (last < 0 || last > withVersion + both || valuesEnd < start) refuse(last, start);
  const isLatest = !hasVersion || buffer[valuesEnd] === 1;
  const value = (from: number, to: number) => inner.deserialize(buffer, from, to);
  switch (last % withVersion) {
    case oldOnly:
      return { newValue: null, oldValue: value(start, valuesEnd), isLatest };
    case newOnly:
      return { newValue: value(start, valuesEnd), oldValue: null, isLatest };
    default: {
      const reader = new Reader(buffer.subarray(start, valuesEnd));
      const length = reader.varint();
      const valueStart = start + reader.position;
      const split = valueStart + length;
      if (length < 0 || split > valuesEnd) refuse(last, start);
      return { newValue: value(valueStart, split), oldValue: value(split, valuesEnd), isLatest };
    }
  }
}

function bytesOf(serialized: Uint8Array | string | null): Uint8Array {
  if (serialized === null) {
    const message = "the serde of a grouped table's values gave null for a value";
    throw new MillraceError("INVALID_ARGUMENT", message);
  }
  return typeof serialized === "string" ? Buffer.from(serialized) : serialized;
}

function refuse(last: number, start: number): never {
  const message = `a change of a grouped table ends with ${last}, which says nothing that fits`;
  throw new DecodeError("INVALID_VALUE", message, start);
}
