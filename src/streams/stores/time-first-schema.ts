import { int64Max, readInt64, writeInt64 } from "../../protocol/index.ts";
import { asIndex, indexOf, sessionSchema, windowSchema } from "./key-first-schema.ts";
import {
  isWithin,
  type KeySchema,
  keyWithin,
  sessionEnd,
  sessionKey,
  sessionStart,
  sessionSuffixBytes,
  windowKey,
  windowSequence,
  windowStart,
  windowSuffixBytes,
} from "./key-schema.ts";
import type { Index } from "./segmented-rows.ts";

const timePrefix = 0;
const behindTimes = Buffer.of(timePrefix + 1);
const sequenceBytes = 4;
/** The prefix and one timestamp. */
const windowLead = 9;
/** The prefix and two timestamps. */
const sessionLead = 17;

/** `0x00 ‖ int64 start ‖ key ‖ int32 sequence`. */
export function timeFirstWindowKey(key: Buffer, start: number, sequence: number): Buffer {
  const bytes = Buffer.allocUnsafe(windowLead + key.length + sequenceBytes);
  bytes[0] = timePrefix;
  writeInt64(bytes, start, 1);
  bytes.set(key, windowLead);
  bytes.writeInt32BE(sequence, windowLead + key.length);
  return bytes;
}

/** `0x00 ‖ int64 end ‖ int64 start ‖ key`. */
export function timeFirstSessionKey(key: Buffer, start: number, end: number): Buffer {
  const bytes = Buffer.allocUnsafe(sessionLead + key.length);
  bytes[0] = timePrefix;
  writeInt64(bytes, end, 1);
  writeInt64(bytes, start, 9);
  bytes.set(key, sessionLead);
  return bytes;
}

/** The key within the row of a window. */
export function keyOfTimeFirst(row: Buffer): Buffer {
  return row.subarray(windowLead, row.length - sequenceBytes);
}

/** The start of a window by its row. */
export function startOfTimeFirst(row: Buffer): number {
  return readInt64(row, 1);
}

/** The key within the row of a session. */
export function keyOfTimeFirstSession(row: Buffer): Buffer {
  return row.subarray(sessionLead);
}

/** The start of a session by its row. */
export function startOfTimeFirstSession(row: Buffer): number {
  return readInt64(row, 9);
}

/** The end of a session by its row. */
export function endOfTimeFirstSession(row: Buffer): number {
  return readInt64(row, 1);
}

/** The row's key for the key of a window as the changelog has it. */
export function toTimeFirstWindow(key: Buffer): Buffer {
  const bare = keyWithin(key, windowSuffixBytes);
  return timeFirstWindowKey(bare, windowStart(key), windowSequence(key));
}

/** The row's key for the key of a session as the changelog has it. */
export function toTimeFirstSession(key: Buffer): Buffer {
  return timeFirstSessionKey(
    keyWithin(key, sessionSuffixBytes),
    sessionStart(key),
    sessionEnd(key),
  );
}

function timeBound(time: number): Buffer {
  const bytes = Buffer.allocUnsafe(windowLead);
  bytes[0] = timePrefix;
  writeInt64(bytes, Math.max(0, time), 1);
  return bytes;
}

/** The first bytes behind all rows of a time. */
function timeEnd(time: number): Buffer {
  return time >= int64Max ? behindTimes : timeBound(time + 1);
}

/** Rows of windows by time, then key: `PrefixedWindowKeySchemas.TimeFirstWindowKeySchema`. */
export const timeFirstWindowSchema: KeySchema = {
  timeOf: startOfTimeFirst,
  lowest: (_key, from) => timeBound(from),
  highest: (_key, to) => timeEnd(to),
  lowestOf: (_key, from) => timeBound(from),
  highestOf: (_key, to) => timeEnd(to),
  holds(row, search) {
    if (row[0] !== timePrefix) return false;
    const start = startOfTimeFirst(row);
    if (start < search.from || start > search.to) return false;
    return isWithin(keyOfTimeFirst(row), search);
  },
  lastSegmentTime: (to) => to,
  isByStart: true,
};

/** Rows of sessions by end, then start, then key: `PrefixedSessionKeySchemas.TimeFirstSessionKeySchema`. */
export const timeFirstSessionSchema: KeySchema = {
  timeOf: endOfTimeFirstSession,
  lowest: (_key, from) => timeBound(from),
  highest: () => behindTimes,
  lowestOf: (_key, from) => timeBound(from),
  highestOf: () => behindTimes,
  holds(row, search) {
    if (row[0] !== timePrefix) return false;
    const [start, end] = [startOfTimeFirstSession(row), endOfTimeFirstSession(row)];
    if (end < search.from || start > search.to) return false;
    return isWithin(keyOfTimeFirstSession(row), search);
  },
  lastSegmentTime: () => int64Max,
  isByStart: false,
};

/** Finds windows of rows by time by their keys. */
export const windowIndex: Index = {
  schema: indexOf(windowSchema),
  indexKey: (row) =>
    asIndex(windowKey(keyOfTimeFirst(row), startOfTimeFirst(row), windowSequence(row))),
  rowKey: (indexKey) => toTimeFirstWindow(indexKey.subarray(1)),
};

/** Finds sessions of rows by time by their keys. */
export const sessionIndex: Index = {
  schema: indexOf(sessionSchema),
  indexKey: (row) =>
    asIndex(
      sessionKey(
        keyOfTimeFirstSession(row),
        startOfTimeFirstSession(row),
        endOfTimeFirstSession(row),
      ),
    ),
  rowKey: (indexKey) => toTimeFirstSession(indexKey.subarray(1)),
};
