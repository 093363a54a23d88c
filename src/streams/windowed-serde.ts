import { DecodeError, MillraceError } from "../errors.ts";
import { int64Max, readInt64, writeInt64 } from "../protocol/index.ts";
import { type Duration, durationMs } from "./duration.ts";
import { noHeaders } from "./message.ts";
import { outerSerde } from "./outer-serde.ts";
import type { Serde } from "./serde.ts";
import { checkInnerSerde } from "./serde-check.ts";
import { toBuffer } from "./stores/byte-text.ts";
import type { Window, Windowed } from "./stores/state-store.ts";

const int64Bytes = 8;

/**
 * Keys of time windows as the JVM writes them: the key's bytes and the window's start. The end does not
 * travel, so the windows' `size` is needed to read it; without, what is read has no end.
 */
export function windowed<K>(
  inner: Serde<K>,
  { size }: { readonly size?: Duration | undefined } = {},
): Serde<Windowed<K>> {
  checkInnerSerde(inner, "windowed");
  // Unlimited windows are of a size that no length of time has.
  const sizeMs = typeof size === "object" ? durationMs(size, "the size of windows", 1) : size;
  return behindKey(inner, {
    length: int64Bytes,
    write: (buffer, at, { start }) => writeInt64(buffer, start, at),
    read(buffer, at) {
      const start = readInt64(buffer, at);
      return { start, end: sizeMs === undefined ? int64Max : Math.min(start + sizeMs, int64Max) };
    },
  });
}

/** Keys of sessions as the JVM writes them: the key's bytes, the session's end, and its start. */
export function sessionWindowed<K>(inner: Serde<K>): Serde<Windowed<K>> {
  checkInnerSerde(inner, "sessionWindowed");
  return behindKey(inner, {
    length: 2 * int64Bytes,
    write(buffer, at, { start, end }) {
      writeInt64(buffer, end, at);
      writeInt64(buffer, start, at + int64Bytes);
    },
    read: (buffer, at) => ({
      start: readInt64(buffer, at + int64Bytes),
      end: readInt64(buffer, at),
    }),
  });
}

/** How windows of one kind are written behind their keys. */
interface Suffix {
  readonly length: number;
  write(buffer: Buffer, at: number, window: Window): void;
  read(buffer: Buffer, at: number): Window;
}

function behindKey<K>(inner: Serde<K>, suffix: Suffix): Serde<Windowed<K>> {
  const { length } = suffix;
  const serde = outerSerde<Windowed<K>, K>(inner, {
    encode({ key, window }, serialize) {
      const keyBytes = bytesOf(serialize(key));
      const bytes = Buffer.allocUnsafe(keyBytes.length + length);
      bytes.set(keyBytes);
      suffix.write(bytes, keyBytes.length, window);
      return bytes;
    },
    deserialize(buffer, start, end) {
      checkSize(length, start, end);
      const key = inner.deserialize(buffer, start, end - length);
      return { key, window: suffix.read(buffer, end - length) };
    },
    partsOf(bytes) {
      checkSize(length, 0, bytes.length);
      return [bytes.subarray(0, bytes.length - length)];
    },
  });
  return {
    ...serde,
    partitionKey: ({ key }, topic) =>
      inner.serializeFor ? inner.serializeFor(key, topic, noHeaders) : inner.serialize(key),
  };
}

function bytesOf(serialized: Uint8Array | string | null): Buffer {
  if (serialized !== null) return toBuffer(serialized);
  throw new MillraceError("INVALID_ARGUMENT", "a windowed key must not be null inside");
}

function checkSize(least: number, start: number, end: number): void {
  if (end - start >= least) return;
  const message = `a windowed key has ${end - start} bytes where it must have at least ${least}`;
  throw new DecodeError("INVALID_LENGTH", message, start);
}
