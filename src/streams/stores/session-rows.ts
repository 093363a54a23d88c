import type { TaskContext } from "../node.ts";
import { sessionSchema } from "./key-first-schema.ts";
import {
  type KeySchema,
  type KeySearch,
  keyWithin,
  sessionEnd,
  sessionKey,
  sessionStart,
  sessionSuffixBytes,
} from "./key-schema.ts";
import { type Index, SegmentedRows } from "./segmented-rows.ts";
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
  fetch(
    key: Buffer,
    earliestEnd: number,
    latestStart: number,
    backwards: boolean,
  ): IterableIterator<SessionRow>;
  /** The same for a range of keys. */
  fetchKeys(search: KeySearch): IterableIterator<SessionRow>;
  /** Sessions of all keys that end within the times, both inclusive. */
  fetchEnded(earliestEnd: number, latestEnd: number): IterableIterator<SessionRow>;
  /** Takes in a row of the changelog, whose key is `key ‖ int64 end ‖ int64 start`. */
  restore(sessionKey: Buffer, value: Buffer | null): void;
  close(): void;
}

interface Layout {
  readonly schema: KeySchema;
  readonly index?: Index | undefined;
  keyOf(key: Buffer, start: number, end: number): Buffer;
  rowOf(row: Buffer, value: Buffer): SessionRow;
  /** The row's key where the changelog has `key ‖ end ‖ start`. */
  restoredKey(sessionKey: Buffer): Buffer;
}

/** By key, then end, then start: `RocksDBSessionStore`. */
const keyFirst: Layout = {
  schema: sessionSchema,
  keyOf: sessionKey,
  rowOf: (row, value) => ({
    key: keyWithin(row, sessionSuffixBytes),
    start: sessionStart(row),
    end: sessionEnd(row),
    value,
  }),
  restoredKey: (key) => key,
};

/** By time, with an index by key, for results on close: `RocksDBTimeOrderedSessionStore`. */
const timeFirst: Layout = {
  schema: timeFirstSessionSchema,
  index: sessionIndex,
  keyOf: timeFirstSessionKey,
  rowOf: (row, value) => ({
    key: keyOfTimeFirstSession(row),
    start: startOfTimeFirstSession(row),
    end: endOfTimeFirstSession(row),
    value,
  }),
  restoredKey: toTimeFirstSession,
};

/** Rows of sessions in segments by their ends. */
export class SegmentedSessionRows extends SegmentedRows<SessionRow> implements SessionRows {
  readonly #layout: Layout;

  constructor(
    segments: Segments,
    task: TaskContext,
    {
      retentionMs,
      isTimeOrdered,
    }: { readonly retentionMs: number; readonly isTimeOrdered: boolean },
  ) {
    const layout = isTimeOrdered ? timeFirst : keyFirst;
    const { schema, index, rowOf } = layout;
    super({ segments, task, retentionMs, schema, index, rowOf });
    this.#layout = layout;
  }

  put(key: Buffer, start: number, end: number, value: Buffer | null): void {
    this.putRow(this.#layout.keyOf(key, start, end), value);
  }

  remove(key: Buffer, start: number, end: number): void {
    this.removeRow(this.#layout.keyOf(key, start, end));
  }

  get(key: Buffer, start: number, end: number): Buffer | null {
    return this.getRow(this.#layout.keyOf(key, start, end));
  }

  *fetchEnded(earliestEnd: number, latestEnd: number): IterableIterator<SessionRow> {
    for (const row of this.fetchOf(earliestEnd, latestEnd, false)) {
      if (row.end >= earliestEnd && row.end <= latestEnd) yield row;
    }
  }

  restore(key: Buffer, value: Buffer | null): void {
    this.restoreRow(this.#layout.restoredKey(key), value);
  }
}
