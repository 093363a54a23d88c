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
} from "./time-first-schema.ts";

/** How a cache in front of a window store lays its keys out: in the order of the rows below it. */
export interface WindowCacheLayout {
  readonly schema: KeySchema;
  /** The text of a row's key, without duplicates. */
  text(keyText: string, start: number): string;
  /** The same as bytes. */
  rowKey(key: Buffer, start: number): Buffer;
  keyOf(row: Buffer): Buffer;
  startOf(row: Buffer): number;
}

/** The end of the text of a row that is no duplicate: its sequence is 0. */
const noSequence = "\0\0\0\0";

/** For rows by key, then time: `CachingWindowStore`. */
export const keyFirstCache: WindowCacheLayout = {
  schema: windowSchema,
  text: (keyText, start) => keyText + timeText(start) + noSequence,
  rowKey: (key, start) => windowKey(key, start, 0),
  keyOf: (row) => keyWithin(row, windowSuffixBytes),
  startOf: windowStart,
};

/** For rows by time, then key: `TimeOrderedCachingWindowStore`. */
export const timeFirstCache: WindowCacheLayout = {
  schema: timeFirstWindowSchema,
  text: (keyText, start) => `\0${timeText(start)}${keyText}${noSequence}`,
  rowKey: (key, start) => timeFirstWindowKey(key, start, 0),
  keyOf: keyOfTimeFirst,
  startOf: startOfTimeFirst,
};
