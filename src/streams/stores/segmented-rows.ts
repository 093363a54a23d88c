import type { TaskContext } from "../node.ts";
import { after } from "./byte-text.ts";
import type { Rows } from "./engine.ts";
import type { KeySchema, KeySearch } from "./key-schema.ts";
import type { Segments } from "./segments.ts";

/** How rows are found by key where they lie by time: another row for each, in another order. */
export interface Index {
  readonly schema: KeySchema;
  /** The row's key in the index, and back. */
  indexKey(key: Buffer): Buffer;
  rowKey(indexKey: Buffer): Buffer;
}

/** What {@link SegmentedRows} are made of. */
export interface SegmentedRowsParts<R> {
  readonly segments: Segments;
  readonly schema: KeySchema;
  readonly retentionMs: number;
  readonly task: TaskContext;
  /** The earliest time that is served is the latest one less the retention, and this: 1 ms by default. */
  readonly marginMs?: number | undefined;
  readonly index?: Index | undefined;
  /** Makes what is found of a row's key, with what the schema adds, and its value. */
  rowOf(key: Buffer, value: Buffer): R;
}

const noValue = Buffer.alloc(0);

/**
 * Rows of windows or sessions in segments, some time of them kept: `AbstractRocksDBSegmentedBytesStore`,
 * and for rows by time `AbstractRocksDBTimeOrderedSegmentedBytesStore`. The time that was seen last is
 * that of writes, not that of the task.
 */
export class SegmentedRows<R> {
  readonly #parts: SegmentedRowsParts<R>;
  readonly #segments: Segments;
  readonly #schema: KeySchema;
  readonly #index: Index | undefined;
  /** What is searched for keys. */
  readonly #keySchema: KeySchema;
  readonly #keptMs: number;
  /** The greatest time that was written; −1 before the first. */
  #observedTime = -1;

  constructor(parts: SegmentedRowsParts<R>) {
    this.#parts = parts;
    this.#segments = parts.segments;
    this.#schema = parts.schema;
    this.#index = parts.index;
    this.#keySchema = (parts.index ?? parts).schema;
    this.#keptMs = parts.retentionMs - (parts.marginMs ?? 1);
  }

  putRow(key: Buffer, value: Buffer | null): void {
    if (!this.#write(key, value)) this.#parts.task.dropped({ why: "expired" });
  }

  /** Takes in a row of the changelog. */
  restoreRow(key: Buffer, value: Buffer | null): void {
    this.#write(key, value);
  }

  /** Removes a row, also one that is not kept any longer. */
  removeRow(key: Buffer): void {
    const time = this.#schema.timeOf(key);
    this.#observedTime = Math.max(this.#observedTime, time);
    const rows = this.#segments.at(time);
    rows?.delete(key);
    if (this.#index) rows?.delete(this.#index.indexKey(key));
  }

  getRow(key: Buffer): Buffer | null {
    const time = this.#schema.timeOf(key);
    if (time < this.#kept(time)) return null;
    return this.#segments.at(time)?.get(key) ?? null;
  }

  /** Rows of one key within the times. */
  fetch(key: Buffer, from: number, to: number, backwards: boolean): IterableIterator<R> {
    const start = this.#kept(from);
    const schema = this.#keySchema;
    const bounds = [schema.lowest(key, start), schema.highest(key, to)] as const;
    return this.#search(bounds, { fromKey: key, toKey: key, from: start, to, backwards });
  }

  fetchKeys(search: KeySearch): IterableIterator<R> {
    const { fromKey, toKey, to } = search;
    if (fromKey && toKey && fromKey.compare(toKey) > 0) return [].values();
    const from = this.#kept(search.from);
    const schema = this.#keySchema;
    const bounds = [schema.lowestOf(fromKey, from), schema.highestOf(toKey, to)] as const;
    return this.#search(bounds, { ...search, from });
  }

  /** Rows of all keys within the times. */
  fetchAll(from: number, to: number, backwards: boolean): IterableIterator<R> {
    const start = this.#kept(from);
    return this.#schema.isByStart && to < start ? [].values() : this.fetchOf(start, to, backwards);
  }

  /** The same from the segments that have these times, whether they are kept any longer or not. */
  fetchOf(from: number, to: number, backwards: boolean): IterableIterator<R> {
    const schema = this.#schema;
    const bounds = [schema.lowestOf(undefined, from), schema.highestOf(undefined, to)] as const;
    const segments = this.#segments.between(from, to, backwards);
    const search = { fromKey: undefined, toKey: undefined, from, to, backwards };
    return searchAll(segments, bounds, { schema, search, rowOf: this.#parts.rowOf });
  }

  close(): void {
    // The rows belong to the state of the task, which outlives the store.
  }

  #search(bounds: Bounds, search: KeySearch): IterableIterator<R> {
    const { from, to, backwards } = search;
    const schema = this.#keySchema;
    if (schema.isByStart && to < from) return [].values();
    const segments = this.#segments.between(from, schema.lastSegmentTime(to), backwards);
    const { index, rowOf } = this.#parts;
    if (!index) return searchAll(segments, bounds, { schema, search, rowOf });
    const indexed = (indexKey: Buffer) => {
      const key = index.rowKey(indexKey);
      const value = this.getRow(key);
      return value ? rowOf(key, value) : undefined;
    };
    return searchAll(segments, bounds, { schema, search, rowOf: indexed });
  }

  /** The earliest time that is still served, or `from` if that is later. */
  #kept(from: number): number {
    return Math.max(from, this.#observedTime - this.#keptMs);
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

interface Scan<R> {
  readonly schema: KeySchema;
  readonly search: KeySearch;
  rowOf(key: Buffer, value: Buffer): R | undefined;
}

/** Goes over segments one after the other; what a key range has beside the rows looked for is skipped. */
function* searchAll<R>(
  segments: readonly Rows[],
  [from, to]: Bounds,
  { schema, search, rowOf }: Scan<R>,
): IterableIterator<R> {
  const end = to && after(to);
  for (const rows of segments) {
    for (const [key, value] of rows.range(from, end, search.backwards)) {
      const row = schema.holds(key, search) ? rowOf(key, value) : undefined;
      if (row !== undefined) yield row;
    }
  }
}
