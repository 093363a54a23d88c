import type { TaskContext } from "../node.ts";
import { windowSchema } from "./key-first-schema.ts";
import { keyWithin, windowKey, windowStart, windowSuffixBytes } from "./key-schema.ts";
import { type SegmentedRow, SegmentedRows } from "./segmented-rows.ts";
import type { Segments } from "./segments.ts";
import {
  keyOfTimeFirst,
  startOfTimeFirst,
  timeFirstWindowKey,
  timeFirstWindowSchema,
  toTimeFirstWindow,
  windowIndex,
} from "./time-first-schema.ts";
import { nextSequence, type WindowRow, type WindowRows, type WindowTerms } from "./window-rows.ts";

/** How a kind of store lays its rows out. */
interface Layout {
  keyOf(key: Buffer, start: number, sequence: number): Buffer;
  rowOf(row: SegmentedRow): WindowRow;
  /** The row's key where the changelog has `key ‖ start ‖ sequence`. */
  restoredKey(windowKey: Buffer): Buffer;
}

/** Rows of windows in segments, by key and time: `RocksDBWindowStore`. */
export function segmentedWindowRows(
  segments: Segments,
  task: TaskContext,
  terms: WindowTerms,
): WindowRows {
  const { retentionMs } = terms;
  const rows = new SegmentedRows({ segments, schema: windowSchema, retentionMs, task });
  const layout: Layout = {
    keyOf: windowKey,
    rowOf: ([key, value]) => ({
      key: keyWithin(key, windowSuffixBytes),
      start: windowStart(key),
      value,
    }),
    restoredKey: (key) => key,
  };
  return new SegmentedWindowRows(rows, layout, terms);
}

/** Rows of windows in segments, by time and key, for results on close: `RocksDBTimeOrderedWindowStore`. */
export function timeOrderedWindowRows(
  segments: Segments,
  task: TaskContext,
  { hasIndex, ...terms }: WindowTerms & { readonly hasIndex: boolean },
): WindowRows {
  const { retentionMs } = terms;
  const index = hasIndex ? windowIndex : undefined;
  const schema = timeFirstWindowSchema;
  const order = { schema, isTimeFirst: true, index };
  const rows = new SegmentedRows({ segments, retentionMs, task, ...order });
  const layout: Layout = {
    keyOf: timeFirstWindowKey,
    rowOf: ([key, value]) => ({ key: keyOfTimeFirst(key), start: startOfTimeFirst(key), value }),
    restoredKey: toTimeFirstWindow,
  };
  return new SegmentedWindowRows(rows, layout, terms);
}

class SegmentedWindowRows implements WindowRows {
  readonly #rows: SegmentedRows;
  readonly #layout: Layout;
  readonly #retainsDuplicates: boolean;
  #sequence = 0;

  constructor(rows: SegmentedRows, layout: Layout, { retainsDuplicates }: WindowTerms) {
    this.#rows = rows;
    this.#layout = layout;
    this.#retainsDuplicates = retainsDuplicates;
  }

  get observedTime(): number {
    return this.#rows.observedTime;
  }

  put(key: Buffer, value: Buffer | null, start: number): void {
    if (this.#retainsDuplicates) {
      if (value === null) return;
      this.#sequence = nextSequence(this.#sequence);
    }
    this.#rows.put(this.#layout.keyOf(key, start, this.#sequence), value);
  }

  get(key: Buffer, start: number): Buffer | null {
    return this.#rows.get(this.#layout.keyOf(key, start, this.#sequence));
  }

  fetch(key: Buffer, from: number, to: number, backwards: boolean): IterableIterator<WindowRow> {
    return this.#rowsOf(this.#rows.fetch(key, from, to, backwards));
  }

  fetchKeys(
    fromKey: Buffer | undefined,
    toKey: Buffer | undefined,
    from: number,
    to: number,
    backwards: boolean,
  ): IterableIterator<WindowRow> {
    return this.#rowsOf(this.#rows.fetchKeys(fromKey, toKey, from, to, backwards));
  }

  fetchAll(from: number, to: number, backwards: boolean): IterableIterator<WindowRow> {
    return this.#rowsOf(this.#rows.fetchAll(from, to, backwards));
  }

  all(backwards: boolean): IterableIterator<WindowRow> {
    return this.#rowsOf(this.#rows.all(backwards));
  }

  restore(key: Buffer, value: Buffer | null): void {
    this.#rows.restore(this.#layout.restoredKey(key), value);
  }

  close(): void {
    // The rows belong to the state of the task, which outlives the store.
  }

  *#rowsOf(found: Iterable<SegmentedRow>): IterableIterator<WindowRow> {
    for (const row of found) yield this.#layout.rowOf(row);
  }
}
