import { int64Max } from "../../protocol/index.ts";
import type { TaskContext } from "../node.ts";
import { after } from "./byte-text.ts";
import type { Rows } from "./engine.ts";
import type { KeySchema } from "./key-schema.ts";
import type { Segments } from "./segments.ts";

/** A row of a segmented store: its key with what the schema adds, and its value. */
export type SegmentedRow = readonly [key: Buffer, value: Buffer];

/** How rows are found by key where they lie by time: another row for each, in another order. */
export interface Index {
  readonly schema: KeySchema;
  /** The row's key in the index, and back. */
  indexKey(key: Buffer): Buffer;
  rowKey(indexKey: Buffer): Buffer;
}

const noValue = Buffer.alloc(0);

/**
 * Rows of windows or sessions in segments, some time of them kept: `AbstractRocksDBSegmentedBytesStore`,
 * and for rows by time `AbstractRocksDBTimeOrderedSegmentedBytesStore`. The time that was seen last is
 * that of writes, not that of the task.
 */
export class SegmentedRows {
  readonly #segments: Segments;
  readonly #schema: KeySchema;
  readonly #retentionMs: number;
  readonly #task: TaskContext;
  readonly #index: Index | undefined;
  /** What rows by time serve longer than rows by key: 1 ms, and only windows do. */
  readonly #margin: number;
  #observedTime = -1;

  constructor({
    segments,
    schema,
    retentionMs,
    task,
    isTimeFirst = false,
    index,
  }: {
    readonly segments: Segments;
    readonly schema: KeySchema;
    readonly retentionMs: number;
    readonly task: TaskContext;
    readonly isTimeFirst?: boolean | undefined;
    readonly index?: Index | undefined;
  }) {
    this.#segments = segments;
    this.#schema = schema;
    this.#retentionMs = retentionMs;
    this.#task = task;
    this.#index = index;
    this.#margin = isTimeFirst && schema.isByStart ? 0 : 1;
  }

  /** The greatest time that was written; −1 before the first. */
  get observedTime(): number {
    return this.#observedTime;
  }

  put(key: Buffer, value: Buffer | null): void {
    if (!this.#write(key, value)) this.#task.dropped({ why: "expired" });
  }

  /** Takes in a row of the changelog. */
  restore(key: Buffer, value: Buffer | null): void {
    this.#write(key, value);
  }

  remove(key: Buffer): void {
    const time = this.#schema.timeOf(key);
    this.#observedTime = Math.max(this.#observedTime, time);
    const rows = this.#segments.at(time);
    rows?.delete(key);
    if (this.#index) rows?.delete(this.#index.indexKey(key));
  }

  get(key: Buffer): Buffer | null {
    const time = this.#schema.timeOf(key);
    if (time < this.#kept(time)) return null;
    return this.#segments.at(time)?.get(key) ?? null;
  }

  /** Rows of one key. */
  fetch(key: Buffer, from: number, to: number, backwards: boolean): IterableIterator<SegmentedRow> {
    const start = this.#kept(from);
    const { schema } = this.#index ?? { schema: this.#schema };
    const bounds = [schema.lowest(key, start), schema.highest(key, to)] as const;
    return this.#search(schema, bounds, [key, key], [start, to], backwards);
  }

  /** Rows of a range of keys, undefined for open ends. */
  fetchKeys(
    fromKey: Buffer | undefined,
    toKey: Buffer | undefined,
    from: number,
    to: number,
    backwards: boolean,
  ): IterableIterator<SegmentedRow> {
    if (fromKey && toKey && fromKey.compare(toKey) > 0) return nothing();
    const start = this.#kept(from);
    const { schema } = this.#index ?? { schema: this.#schema };
    const bounds = [schema.lowestOf(fromKey, start), schema.highestOf(toKey, to)] as const;
    return this.#search(schema, bounds, [fromKey, toKey], [start, to], backwards);
  }

  /** Rows of all keys within the times. */
  fetchAll(from: number, to: number, backwards: boolean): IterableIterator<SegmentedRow> {
    const start = this.#kept(from);
    const schema = this.#schema;
    if (schema.isByStart && to < start) return nothing();
    const bounds = [schema.lowestOf(undefined, start), schema.highestOf(undefined, to)] as const;
    const segments = this.#segments.between(start, to, backwards);
    return searchAll(segments, bounds, backwards, (row) =>
      schema.holds(row, undefined, undefined, start, to),
    );
  }

  all(backwards: boolean): IterableIterator<SegmentedRow> {
    const start = this.#kept(0);
    const schema = this.#schema;
    const bounds = [
      schema.lowestOf(undefined, start),
      schema.highestOf(undefined, int64Max),
    ] as const;
    const segments = this.#segments.between(start, int64Max, backwards);
    return searchAll(segments, bounds, backwards, (row) =>
      schema.holds(row, undefined, undefined, start, int64Max),
    );
  }

  /** Rows of the segments that have these times, whether they are kept any longer or not. */
  endedBetween(from: number, to: number): IterableIterator<SegmentedRow> {
    const schema = this.#schema;
    const bounds = [schema.lowestOf(undefined, from), schema.highestOf(undefined, to)] as const;
    return searchAll(this.#segments.between(from, to, false), bounds, false, (row) =>
      schema.holds(row, undefined, undefined, from, int64Max),
    );
  }

  #search(
    schema: KeySchema,
    bounds: Bounds,
    [fromKey, toKey]: Bounds,
    [from, to]: readonly [number, number],
    backwards: boolean,
  ): IterableIterator<SegmentedRow> {
    if (schema.isByStart && to < from) return nothing();
    const segments = this.#segments.between(from, schema.lastSegmentTime(to), backwards);
    const found = searchAll(segments, bounds, backwards, (row) =>
      schema.holds(row, fromKey, toKey, from, to),
    );
    return this.#index ? this.#viaIndex(found, this.#index) : found;
  }

  *#viaIndex(found: Iterable<SegmentedRow>, { rowKey }: Index): IterableIterator<SegmentedRow> {
    for (const [indexKey] of found) {
      const key = rowKey(indexKey);
      const value = this.get(key);
      if (value) yield [key, value];
    }
  }

  /** The earliest time that is still served, or `from` if that is later. */
  #kept(from: number): number {
    return Math.max(from, this.#observedTime - this.#retentionMs + this.#margin);
  }

  #write(key: Buffer, value: Buffer | null): boolean {
    const time = this.#schema.timeOf(key);
    this.#observedTime = Math.max(this.#observedTime, time);
    const rows = this.#segments.live(time, this.#observedTime);
    if (!rows) return false;
    const index = this.#index?.indexKey(key);
    if (value) {
      if (index) rows.put(index, noValue);
      rows.put(key, value);
    } else {
      rows.delete(key);
      if (index) rows.delete(index);
    }
    return true;
  }
}

type Bounds = readonly [Buffer | undefined, Buffer | undefined];

/** Goes over segments one after the other; what a key range has beside the rows looked for is skipped. */
function* searchAll(
  segments: readonly Rows[],
  [from, to]: Bounds,
  backwards: boolean,
  holds: (key: Buffer) => boolean,
): IterableIterator<SegmentedRow> {
  const end = to && after(to);
  for (const rows of segments) {
    for (const row of rows.range(from, end, backwards)) {
      if (holds(row[0])) yield row;
    }
  }
}

function* nothing(): IterableIterator<never> {}
