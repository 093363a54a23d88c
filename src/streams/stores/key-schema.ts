import { readInt64, writeInt64 } from "../../protocol/index.ts";
import { timestampBytes } from "./codec.ts";

/** What is looked for among windows or sessions: keys, undefined for open ends, and times, both inclusive. */
export interface KeySearch {
  readonly fromKey: Buffer | undefined;
  readonly toKey: Buffer | undefined;
  /** The earliest start of a window, or the earliest end of a session. */
  readonly from: number;
  /** The latest start of either. */
  readonly to: number;
  readonly backwards: boolean;
}

/** How the keys of a segmented store's rows are laid out, and which of them a search has to look at. */
export interface KeySchema {
  /** The time that chooses a row's segment. */
  timeOf(key: Buffer): number;
  /** Where rows of one key within the times begin; nothing before it is among them. */
  lowest(key: Buffer, from: number): Buffer;
  /** Where they end, inclusive. */
  highest(key: Buffer, to: number): Buffer;
  /** The same for keys from one on, undefined for all. */
  lowestOf(key: Buffer | undefined, from: number): Buffer | undefined;
  highestOf(key: Buffer | undefined, to: number): Buffer | undefined;
  /** Whether a row is what is looked for. */
  holds(row: Buffer, search: KeySearch): boolean;
  /** The latest time of a segment that can have rows within a search up to `to`. */
  lastSegmentTime(to: number): number;
  /** Whether rows before the time that is kept need not be looked for at all: windows, not sessions. */
  readonly isByStart: boolean;
}

/** `Integer.MAX_VALUE`: the greatest sequence number. */
export const maxSequence = 0x7fffffff;
const sequenceBytes = 4;

/** How many bytes follow the key in the row of a window. */
export const windowSuffixBytes = timestampBytes + sequenceBytes;
/** How many bytes follow the key in the row of a session. */
export const sessionSuffixBytes = 2 * timestampBytes;

/** `key ‖ int64 start ‖ int32 sequence`. */
export function windowKey(key: Buffer, start: number, sequence: number): Buffer {
  const { length } = key;
  const bytes = Buffer.allocUnsafe(length + windowSuffixBytes);
  bytes.set(key);
  writeInt64(bytes, start, length);
  bytes.writeInt32BE(sequence, length + timestampBytes);
  return bytes;
}

/** The same of a key whose bytes are given as text. */
export function windowKeyOfText(key: string, start: number, sequence: number): Buffer {
  const { length } = key;
  const bytes = Buffer.allocUnsafe(length + windowSuffixBytes);
  bytes.write(key, 0, length, "latin1");
  writeInt64(bytes, start, length);
  bytes.writeInt32BE(sequence, length + timestampBytes);
  return bytes;
}

/** `key ‖ int64 end ‖ int64 start`. */
export function sessionKey(key: Buffer, start: number, end: number): Buffer {
  const { length } = key;
  const bytes = Buffer.allocUnsafe(length + sessionSuffixBytes);
  bytes.set(key);
  writeInt64(bytes, end, length);
  writeInt64(bytes, start, length + timestampBytes);
  return bytes;
}

/** The key within the row of a window or session. */
export function keyWithin(row: Buffer, suffixBytes: number): Buffer {
  return row.subarray(0, row.length - suffixBytes);
}

/** The start of the window that a row is of. */
export function windowStart(row: Buffer): number {
  return readInt64(row, row.length - windowSuffixBytes);
}

/** The number that tells rows of one key and window apart. */
export function windowSequence(row: Buffer): number {
  return row.readInt32BE(row.length - sequenceBytes);
}

/** The end of the session that a row is of. */
export function sessionEnd(row: Buffer): number {
  return readInt64(row, row.length - sessionSuffixBytes);
}

/** The start of the session that a row is of. */
export function sessionStart(row: Buffer): number {
  return readInt64(row, row.length - timestampBytes);
}

/** Whether a key is among those that are looked for. */
export function isWithin(key: Buffer, { fromKey, toKey }: KeySearch): boolean {
  return (!fromKey || key.compare(fromKey) >= 0) && (!toKey || key.compare(toKey) <= 0);
}

/**
 * The end of rows with keys up to `key`, where `suffix` is the greatest that can follow a key: of a
 * key's bytes those stay that the first byte of the suffix could not outdo (`OrderedBytes.upperRange`).
 */
export function upperRange(key: Buffer, suffix: Buffer): Buffer {
  const first = suffix[0] as number;
  let kept = Math.min(1, key.length);
  while (kept < key.length && (key[kept] as number) >= first) kept += 1;
  return Buffer.concat([first === 0 ? key : key.subarray(0, kept), suffix]);
}

/** The start of rows with keys from `key` on. */
export function lowerRange(key: Buffer, suffixBytes: number): Buffer {
  return Buffer.concat([key, Buffer.alloc(suffixBytes)]);
}
