import { windowSchema } from "./key-first-schema.ts";
import {
  type KeySchema,
  keyWithin,
  windowKey,
  windowStart,
  windowSuffixBytes,
} from "./key-schema.ts";
import { timeText } from "./time-bytes.ts";
import {
  keyOfTimeFirst,
  startOfTimeFirst,
  timeFirstWindowKey,
  timeFirstWindowSchema,
  toTimeFirstWindow,
} from "./time-first-schema.ts";

/** How rows of windows are laid out in segments, and in a cache in front of them, whose order is to be the same. */
export interface WindowLayout {
  readonly schema: KeySchema;
  /** The text of a row's key, without duplicates. */
  text(keyText: string, start: number): string;
  /** The same as bytes. */
  rowKey(key: Buffer, start: number, sequence: number): Buffer;
  keyOf(row: Buffer): Buffer;
  startOf(row: Buffer): number;
  /** The row's key where the changelog has `key ‖ start ‖ sequence`. */
  restoredKey(windowKey: Buffer): Buffer;
}

/** The end of the text of a row that is no duplicate: its sequence is 0. */
const noSequence = "\0\0\0\0";

/** Rows by key, then time: `RocksDBWindowStore`, `CachingWindowStore`. */
export const keyFirst: WindowLayout = {
  schema: windowSchema,
  text: (keyText, start) => keyText + timeText(start) + noSequence,
  rowKey: windowKey,
  keyOf: (row) => keyWithin(row, windowSuffixBytes),
  startOf: windowStart,
  restoredKey: (key) => key,
};

/** Rows by time, then key, for results on close: `RocksDBTimeOrderedWindowStore`, `TimeOrderedCachingWindowStore`. */
export const timeFirst: WindowLayout = {
  schema: timeFirstWindowSchema,
  text: (keyText, start) => `\0${timeText(start)}${keyText}${noSequence}`,
  rowKey: timeFirstWindowKey,
  keyOf: keyOfTimeFirst,
  startOf: startOfTimeFirst,
  restoredKey: toTimeFirstWindow,
};
