import { DecodeError, MillraceError } from "../errors.ts";
import { int64Max, readInt64, writeInt64 } from "../protocol/index.ts";
import type { Serde } from "./serde.ts";
import type { Windowed } from "./stores/state-store.ts";

const int64Bytes = 8;

/**
 * Keys of time windows as the JVM writes them: the key's bytes and the window's start. The end does not
 * travel, so `size` (milliseconds) is needed to read it; without, windows have no end.
 */
export function windowed<K>(
  inner: Serde<K>,
  { size }: { readonly size?: number | undefined } = {},
): Serde<Windowed<K>> {
  return {
    serialize({ key, window }) {
      const keyBytes = bytesOf(inner, key);
      const bytes = Buffer.allocUnsafe(keyBytes.length + int64Bytes);
      keyBytes.copy(bytes);
      writeInt64(bytes, window.start, keyBytes.length);
      return bytes;
    },
    deserialize(buffer, start, end) {
      checkSize(int64Bytes, start, end);
      const windowStart = readInt64(buffer, end - int64Bytes);
      const key = inner.deserialize(buffer, start, end - int64Bytes);
      const windowEnd = size === undefined ? int64Max : Math.min(windowStart + size, int64Max);
      return { key, window: { start: windowStart, end: windowEnd } };
    },
    partitionKey: ({ key }) => inner.serialize(key),
    copies: inner.copies,
  };
}

/** Keys of sessions as the JVM writes them: the key's bytes, the session's end, and its start. */
export function sessionWindowed<K>(inner: Serde<K>): Serde<Windowed<K>> {
  return {
    serialize({ key, window }) {
      const keyBytes = bytesOf(inner, key);
      const bytes = Buffer.allocUnsafe(keyBytes.length + 2 * int64Bytes);
      keyBytes.copy(bytes);
      writeInt64(bytes, window.end, keyBytes.length);
      writeInt64(bytes, window.start, keyBytes.length + int64Bytes);
      return bytes;
    },
    deserialize(buffer, start, end) {
      checkSize(2 * int64Bytes, start, end);
      const window = {
        start: readInt64(buffer, end - int64Bytes),
        end: readInt64(buffer, end - 2 * int64Bytes),
      };
      return { key: inner.deserialize(buffer, start, end - 2 * int64Bytes), window };
    },
    partitionKey: ({ key }) => inner.serialize(key),
    copies: inner.copies,
  };
}

function bytesOf<K>(inner: Serde<K>, key: K): Buffer {
  const bytes = inner.serialize(key);
  if (bytes !== null) return Buffer.from(bytes as string);
  throw new MillraceError("INVALID_ARGUMENT", "a windowed key must not be null inside");
}

function checkSize(least: number, start: number, end: number): void {
  if (end - start >= least) return;
  const message = `a windowed key has ${end - start} bytes where it must have at least ${least}`;
  throw new DecodeError("INVALID_LENGTH", message, start);
}
