import { hash } from "node:crypto";
import { after } from "./byte-text.ts";
import type { CommittedRows } from "./overlay-rows.ts";

/** A key up to this length is stored as it is. */
const plainBytes = 1960;
const hashBytes = 16;
const lengthBytes = 4;
const behindHashes = Buffer.alloc(hashBytes + 1, 0xff);

/**
 * How rows are stored where keys can have 1,978 bytes at most, as in lmdb: of a longer key the beginning and
 * a hash are the stored key, and the whole key is in front of the value. Rows of long keys with one
 * beginning are put in order when they are read.
 */
export function storedRow(key: Buffer, value: Buffer): readonly [Buffer, Buffer] {
  if (key.length <= plainBytes) return [key, value];
  const row = Buffer.allocUnsafe(lengthBytes + key.length + value.length);
  row.writeUInt32BE(key.length);
  row.set(key, lengthBytes);
  row.set(value, lengthBytes + key.length);
  return [storedKey(key), row];
}

/** The key that a row is stored under. */
export function storedKey(key: Buffer): Buffer {
  if (key.length <= plainBytes) return key;
  const digest = hash("sha256", key, "buffer").subarray(0, hashBytes);
  return Buffer.concat([key.subarray(0, plainBytes), digest]);
}

/** Rows as they are stored. */
export interface StoredRows extends Pick<CommittedRows, "get" | "count"> {
  range(...bounds: Parameters<CommittedRows["range"]>): Iterable<StoredRow>;
}

interface StoredRow {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** Reads rows that were stored so. */
export function readingLongKeys(stored: StoredRows): CommittedRows {
  return {
    get(key) {
      const row = stored.get(storedKey(key));
      return row && (key.length > plainBytes ? fullRow(row)[1] : row);
    },
    range(from, to, backwards) {
      const first = from && from.length > plainBytes ? from.subarray(0, plainBytes) : from;
      const last = to && to.length > plainBytes ? lastWith(to.subarray(0, plainBytes)) : to;
      return inOrder(stored.range(first, last, backwards), from, to, backwards);
    },
    count: () => stored.count(),
  };
}

/** The end of all stored keys that begin with these bytes. */
function lastWith(prefix: Buffer): Buffer {
  return after(Buffer.concat([prefix, behindHashes]));
}

function* inOrder(
  rows: Iterable<StoredRow>,
  from: Buffer | undefined,
  to: Buffer | undefined,
  backwards: boolean,
): IterableIterator<readonly [Buffer, Buffer]> {
  let group: (readonly [Buffer, Buffer])[] = [];
  let prefix: Buffer | undefined;
  const sign = backwards ? -1 : 1;
  const isAsked = ([key]: readonly [Buffer, Buffer]) =>
    (!from || key.compare(from) >= 0) && (!to || key.compare(to) < 0);
  const sorted = () => group.filter(isAsked).sort(([one], [other]) => sign * one.compare(other));
  for (const { key, value } of rows) {
    const isLong = key.length > plainBytes;
    if (prefix && !(isLong && key.subarray(0, plainBytes).equals(prefix))) {
      yield* sorted();
      group = [];
      prefix = undefined;
    }
    if (isLong) {
      prefix ??= key.subarray(0, plainBytes);
      group.push(fullRow(value));
    } else if (key.length < plainBytes || isAsked([key, value])) {
      yield [key, value];
    }
  }
  yield* sorted();
}

function fullRow(row: Buffer): readonly [Buffer, Buffer] {
  const end = lengthBytes + row.readUInt32BE();
  return [row.subarray(lengthBytes, end), row.subarray(end)];
}
