import { int64Max } from "../../protocol/index.ts";
import {
  isWithin,
  type KeySchema,
  keyWithin,
  lowerRange,
  maxSequence,
  sessionEnd,
  sessionKey,
  sessionStart,
  sessionSuffixBytes,
  upperRange,
  windowKey,
  windowStart,
  windowSuffixBytes,
} from "./key-schema.ts";

/** Rows of windows by key, then time: `WindowKeySchema`. */
export const windowSchema: KeySchema = {
  timeOf: windowStart,
  lowest: (key, from) => windowKey(key, Math.max(0, from), 0),
  highest: (key, to) => windowKey(key, to, maxSequence),
  lowestOf: (key) => key && lowerRange(key, windowSuffixBytes),
  highestOf: (key, to) => key && upperRange(key, windowKey(empty, to, maxSequence)),
  holds(row, search) {
    const start = windowStart(row);
    if (start < search.from || start > search.to) return false;
    return isWithin(keyWithin(row, windowSuffixBytes), search);
  },
  lastSegmentTime: (to) => to,
  isByStart: true,
};

/** Rows of sessions by key, then end, then start: `SessionKeySchema`. */
export const sessionSchema: KeySchema = {
  timeOf: sessionEnd,
  lowest: (key, from) => sessionKey(key, 0, Math.max(0, from)),
  highest: (key, to) => sessionKey(key, to, int64Max),
  lowestOf: (key) => key && lowerRange(key, sessionSuffixBytes),
  highestOf: (key, to) => key && upperRange(key, sessionKey(empty, to, int64Max)),
  holds(row, search) {
    if (sessionEnd(row) < search.from || sessionStart(row) > search.to) return false;
    return isWithin(keyWithin(row, sessionSuffixBytes), search);
  },
  lastSegmentTime: () => int64Max,
  isByStart: false,
};

const empty = Buffer.alloc(0);

/**
 * The same rows behind a byte 0x01: the index of a store whose rows are by time
 * (`PrefixedWindowKeySchemas.KeyFirstWindowKeySchema` and its like for sessions).
 */
export function indexOf(schema: KeySchema): KeySchema {
  return {
    ...schema,
    timeOf: (row) => schema.timeOf(row),
    lowest: (key, from) => asIndex(schema.lowest(key, from)),
    highest: (key, to) => asIndex(schema.highest(key, to)),
    lowestOf: (key, from) => asIndex(schema.lowestOf(key, from) ?? empty),
    highestOf(key, to) {
      const bytes = schema.highestOf(key, to);
      return bytes ? asIndex(bytes) : behindIndex;
    },
    holds: (row, search) => row[0] === indexPrefix && schema.holds(row.subarray(1), search),
  };
}

const indexPrefix = 1;
const behindIndex = Buffer.of(indexPrefix + 1);

/** The row's key in the index. */
export function asIndex(key: Buffer): Buffer {
  return Buffer.concat([Buffer.of(indexPrefix), key]);
}
