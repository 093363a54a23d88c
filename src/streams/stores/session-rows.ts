import type { TaskContext } from "../node.ts";
import { sessionSchema } from "./key-first-schema.ts";
import {
  keyWithin,
  sessionEnd,
  sessionKey,
  sessionStart,
  sessionSuffixBytes,
} from "./key-schema.ts";
import { type SegmentedRow, SegmentedRows } from "./segmented-rows.ts";
import type { Segments } from "./segments.ts";
import {
  endOfTimeFirstSession,
  keyOfTimeFirstSession,
  sessionIndex,
  startOfTimeFirstSession,
  timeFirstSessionKey,
  timeFirstSessionSchema,
  toTimeFirstSession,
} from "./time-first-schema.ts";

/** A row of a session: the serialized key, the session's times, both inclusive, and the value. */
export interface SessionRow {
  readonly key: Buffer;
  readonly start: number;
  readonly end: number;
  readonly value: Buffer;
}

/** Rows of sessions as bytes, some time of them kept. */
export interface SessionRows {
  put(key: Buffer, start: number, end: number, value: Buffer | null): void;
  remove(key: Buffer, start: number, end: number): void;
  get(key: Buffer, start: number, end: number): Buffer | null;
  /** Sessions of a key that end at `earliestEnd` or later and start at `latestStart` or before. */
  find(
    key: Buffer,
    earliestEnd: number,
    latestStart: number,
    backwards: boolean,
  ): IterableIterator<SessionRow>;
  /** The same for a range of keys, undefined for open ends. */
  findKeys(
    fromKey: Buffer | undefined,
    toKey: Buffer | undefined,
    earliestEnd: number,
    latestStart: number,
    backwards: boolean,
  ): IterableIterator<SessionRow>;
  /** Sessions of all keys that end within the times, both inclusive. */
  findEnded(earliestEnd: number, latestEnd: number): IterableIterator<SessionRow>;
  /** Takes in a row of the changelog, whose key is `key ‖ int64 end ‖ int64 start`. */
  restore(sessionKey: Buffer, value: Buffer | null): void;
  /** The greatest end that was written; −1 before the first. */
  readonly observedTime: number;
  close(): void;
}

interface Layout {
  keyOf(key: Buffer, start: number, end: number): Buffer;
  rowOf(row: SegmentedRow): SessionRow;
  restoredKey(sessionKey: Buffer): Buffer;
}

/** Rows of sessions in segments by their ends, by key: `RocksDBSessionStore`. */
export function segmentedSessionRows(
  segments: Segments,
  task: TaskContext,
  retentionMs: number,
): SessionRows {
  const rows = new SegmentedRows({ segments, schema: sessionSchema, retentionMs, task });
  return new SegmentedSessionRows(rows, {
    keyOf: sessionKey,
    rowOf: ([key, value]) => ({
      key: keyWithin(key, sessionSuffixBytes),
      start: sessionStart(key),
      end: sessionEnd(key),
      value,
    }),
    restoredKey: (key) => key,
  });
}

/** The same by time, with an index by key, for results on close: `RocksDBTimeOrderedSessionStore`. */
export function timeOrderedSessionRows(
  segments: Segments,
  task: TaskContext,
  retentionMs: number,
): SessionRows {
  const schema = timeFirstSessionSchema;
  const order = { schema, isTimeFirst: true, index: sessionIndex };
  const rows = new SegmentedRows({ segments, retentionMs, task, ...order });
  return new SegmentedSessionRows(rows, {
    keyOf: timeFirstSessionKey,
    rowOf: ([key, value]) => ({
      key: keyOfTimeFirstSession(key),
      start: startOfTimeFirstSession(key),
      end: endOfTimeFirstSession(key),
      value,
    }),
    restoredKey: toTimeFirstSession,
  });
}

class SegmentedSessionRows implements SessionRows {
  readonly #rows: SegmentedRows;
  readonly #layout: Layout;

  constructor(rows: SegmentedRows, layout: Layout) {
    this.#rows = rows;
    this.#layout = layout;
  }

  get observedTime(): number {
    return this.#rows.observedTime;
  }

  put(key: Buffer, start: number, end: number, value: Buffer | null): void {
    this.#rows.put(this.#layout.keyOf(key, start, end), value);
  }

  remove(key: Buffer, start: number, end: number): void {
    this.#rows.remove(this.#layout.keyOf(key, start, end));
  }

  get(key: Buffer, start: number, end: number): Buffer | null {
    return this.#rows.get(this.#layout.keyOf(key, start, end));
  }

  find(
    key: Buffer,
    earliestEnd: number,
    latestStart: number,
    backwards: boolean,
  ): IterableIterator<SessionRow> {
    return this.#rowsOf(this.#rows.fetch(key, earliestEnd, latestStart, backwards));
  }

  findKeys(
    fromKey: Buffer | undefined,
    toKey: Buffer | undefined,
    earliestEnd: number,
    latestStart: number,
    backwards: boolean,
  ): IterableIterator<SessionRow> {
    return this.#rowsOf(this.#rows.fetchKeys(fromKey, toKey, earliestEnd, latestStart, backwards));
  }

  *findEnded(earliestEnd: number, latestEnd: number): IterableIterator<SessionRow> {
    for (const row of this.#rowsOf(this.#rows.endedBetween(earliestEnd, latestEnd))) {
      if (row.end >= earliestEnd && row.end <= latestEnd) yield row;
    }
  }

  restore(key: Buffer, value: Buffer | null): void {
    this.#rows.restore(this.#layout.restoredKey(key), value);
  }

  close(): void {
    // The rows belong to the state of the task, which outlives the store.
  }

  *#rowsOf(found: Iterable<SegmentedRow>): IterableIterator<SessionRow> {
    for (const row of found) yield this.#layout.rowOf(row);
  }
}
