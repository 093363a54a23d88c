import { int64Max } from "../../protocol/index.ts";
import type { TaskContext } from "../node.ts";
import { bytesOf, textOf } from "./byte-text.ts";
import { keyWithin, windowStart, windowSuffixBytes } from "./key-schema.ts";
import { RisingTimes } from "./rising-times.ts";
import type { WindowRow, WindowRows, WindowTerms } from "./window-rows.ts";

interface Cell {
  readonly start: number;
  value: Buffer;
}

/**
 * Rows of windows in memory: `InMemoryWindowStore`. A row expires by itself, to the millisecond, and
 * rows of several keys come by time, then key. Rows are found by key, the times of a key in order.
 */
export class MemoryWindowRows implements WindowRows {
  readonly #task: TaskContext;
  readonly #retentionMs: number;
  readonly #retainsDuplicates: boolean;
  /** The cells of a key, by start, duplicates in the order in which they came. */
  readonly #byKey = new Map<string, Cell[]>();
  /** The keys that have cells at a start, with how many. */
  readonly #byStart = new Map<number, Map<string, number>>();
  readonly #starts = new RisingTimes();
  #observedTime = -1;

  constructor(task: TaskContext, { retentionMs, retainsDuplicates }: WindowTerms) {
    this.#task = task;
    this.#retentionMs = retentionMs;
    this.#retainsDuplicates = retainsDuplicates;
  }

  get observedTime(): number {
    return this.#observedTime;
  }

  put(key: Buffer, value: Buffer | null, start: number): void {
    this.#dropExpired();
    this.#observedTime = Math.max(this.#observedTime, start);
    if (start <= this.#observedTime - this.#retentionMs) this.#task.dropped({ why: "expired" });
    else if (value !== null) this.#set(textOf(key), start, value);
    else if (!this.#retainsDuplicates) this.#unset(textOf(key), start);
  }

  get(key: Buffer, start: number): Buffer | null {
    this.#dropExpired();
    if (start <= this.#observedTime - this.#retentionMs || this.#retainsDuplicates) return null;
    const cells = this.#byKey.get(textOf(key));
    const cell = cells?.[firstAt(cells, start)];
    return cell?.start === start ? cell.value : null;
  }

  fetch(key: Buffer, from: number, to: number, backwards: boolean): IterableIterator<WindowRow> {
    this.#dropExpired();
    const first = Math.max(from, this.#observedTime - this.#retentionMs + 1);
    const cells = this.#byKey.get(textOf(key)) ?? [];
    const found = cells.slice(firstAt(cells, first), firstAt(cells, to + 1));
    if (backwards) found.reverse();
    return rowsOf(key, found);
  }

  fetchKeys(
    fromKey: Buffer | undefined,
    toKey: Buffer | undefined,
    from: number,
    to: number,
    backwards: boolean,
  ): IterableIterator<WindowRow> {
    this.#dropExpired();
    const first = Math.max(from, this.#observedTime - this.#retentionMs + 1);
    return this.#between(fromKey && textOf(fromKey), toKey && textOf(toKey), first, to, backwards);
  }

  fetchAll(from: number, to: number, backwards: boolean): IterableIterator<WindowRow> {
    return this.fetchKeys(undefined, undefined, from, to, backwards);
  }

  all(backwards: boolean): IterableIterator<WindowRow> {
    return this.fetchKeys(undefined, undefined, 0, int64Max, backwards);
  }

  restore(key: Buffer, value: Buffer | null): void {
    this.put(keyWithin(key, windowSuffixBytes), value, windowStart(key));
  }

  close(): void {
    this.#byKey.clear();
    this.#byStart.clear();
    this.#starts.clear();
  }

  *#between(
    fromKey: string | undefined,
    toKey: string | undefined,
    from: number,
    to: number,
    backwards: boolean,
  ): IterableIterator<WindowRow> {
    const starts = this.#starts.between(from, to);
    if (backwards) starts.reverse();
    for (const start of starts) {
      const keys = [...(this.#byStart.get(start)?.keys() ?? [])].sort();
      if (backwards) keys.reverse();
      for (const key of keys) {
        if ((fromKey !== undefined && key < fromKey) || (toKey !== undefined && key > toKey)) {
          continue;
        }
        const cells = this.#byKey.get(key) ?? [];
        const found = cells.slice(firstAt(cells, start), firstAt(cells, start + 1));
        if (backwards) found.reverse();
        yield* rowsOf(bytesOf(key), found);
      }
    }
  }

  #set(key: string, start: number, value: Buffer): void {
    let cells = this.#byKey.get(key);
    if (!cells) {
      cells = [];
      this.#byKey.set(key, cells);
    }
    const at = this.#retainsDuplicates ? firstAt(cells, start + 1) : firstAt(cells, start);
    const present = cells[at];
    if (!this.#retainsDuplicates && present?.start === start) {
      present.value = value;
      return;
    }
    cells.splice(at, 0, { start, value });
    this.#count(key, start);
  }

  #unset(key: string, start: number): void {
    const cells = this.#byKey.get(key);
    if (!cells) return;
    const at = firstAt(cells, start);
    if (cells[at]?.start !== start) return;
    cells.splice(at, 1);
    if (cells.length === 0) this.#byKey.delete(key);
    const keys = this.#byStart.get(start);
    keys?.delete(key);
    if (keys?.size === 0) {
      this.#byStart.delete(start);
      this.#starts.delete(start);
    }
  }

  #count(key: string, start: number): void {
    let keys = this.#byStart.get(start);
    if (!keys) {
      keys = new Map();
      this.#byStart.set(start, keys);
      this.#starts.add(start);
    }
    keys.set(key, (keys.get(key) ?? 0) + 1);
  }

  #dropExpired(): void {
    const firstLive = Math.max(0, this.#observedTime - this.#retentionMs + 1);
    for (const start of this.#starts.takeBelow(firstLive)) {
      for (const [key, cellCount] of this.#byStart.get(start) ?? []) {
        const cells = this.#byKey.get(key);
        // Starts expire in order, so these are the first that the key has.
        cells?.splice(0, cellCount);
        if (cells?.length === 0) this.#byKey.delete(key);
      }
      this.#byStart.delete(start);
    }
  }
}

function* rowsOf(key: Buffer, cells: readonly Cell[]): IterableIterator<WindowRow> {
  for (const { start, value } of cells) yield { key, start, value };
}

/** The index of the first cell that does not start before a time. */
function firstAt(cells: readonly Cell[], start: number): number {
  let low = 0;
  let high = cells.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cells[middle] as Cell).start < start) low = middle + 1;
    else high = middle;
  }
  return low;
}
