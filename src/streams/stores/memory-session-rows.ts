import type { TaskContext } from "../node.ts";
import { bytesOf, textOf } from "./byte-text.ts";
import {
  type KeySearch,
  keyWithin,
  sessionEnd,
  sessionStart,
  sessionSuffixBytes,
} from "./key-schema.ts";
import { RisingTimes } from "./rising-times.ts";
import type { SessionRow, SessionRows } from "./session-rows.ts";

interface Cell {
  readonly start: number;
  readonly end: number;
  value: Buffer;
}

/**
 * Rows of sessions in memory: `InMemorySessionStore`. A session expires by itself, to the millisecond;
 * sessions come by end, then key, then start from the latest to the earliest.
 */
export class MemorySessionRows implements SessionRows {
  readonly #task: TaskContext;
  readonly #retentionMs: number;
  /** The cells of a key, by end, then start downwards. */
  readonly #byKey = new Map<string, Cell[]>();
  /** The ends, each with the keys that have cells of it. */
  readonly #ends = new RisingTimes<{ readonly end: number; readonly keys: Set<string> }>();
  #observedTime = -1;

  constructor(task: TaskContext, retentionMs: number) {
    this.#task = task;
    this.#retentionMs = retentionMs;
  }

  put(key: Buffer, start: number, end: number, value: Buffer | null): void {
    this.#dropExpired();
    this.#observedTime = Math.max(this.#observedTime, end);
    if (end <= this.#observedTime - this.#retentionMs) this.#task.dropped({ why: "expired" });
    else if (value) this.#set(textOf(key), { start, end, value });
    else this.remove(key, start, end);
  }

  remove(key: Buffer, start: number, end: number): void {
    const text = textOf(key);
    const cells = this.#byKey.get(text);
    if (!cells) return;
    const at = firstAt(cells, end, start);
    const cell = cells[at];
    if (cell?.end !== end || cell.start !== start) return;
    cells.splice(at, 1);
    if (cells.length === 0) this.#byKey.delete(text);
    if (cells[at]?.end === end || cells[at - 1]?.end === end) return;
    const keys = this.#ends.get(end)?.keys;
    keys?.delete(text);
    if (keys?.size === 0) this.#ends.delete(end);
  }

  get(key: Buffer, start: number, end: number): Buffer | null {
    this.#dropExpired();
    if (end <= this.#observedTime - this.#retentionMs) return null;
    const cells = this.#byKey.get(textOf(key)) ?? [];
    const cell = cells[firstAt(cells, end, start)];
    return cell?.end === end && cell.start === start ? cell.value : null;
  }

  fetch(
    key: Buffer,
    earliestEnd: number,
    latestStart: number,
    backwards: boolean,
  ): IterableIterator<SessionRow> {
    this.#dropExpired();
    const cells = this.#byKey.get(textOf(key)) ?? [];
    const found = cells.slice(firstAt(cells, earliestEnd)).filter(startsBy(latestStart));
    if (backwards) found.reverse();
    return rowsOf(key, found);
  }

  fetchKeys({ fromKey, toKey, from, to, backwards }: KeySearch): IterableIterator<SessionRow> {
    this.#dropExpired();
    const ends = this.#endsBetween(from, Number.POSITIVE_INFINITY);
    const [first, last] = [fromKey && textOf(fromKey), toKey && textOf(toKey)];
    const isAsked = (key: string) =>
      (first === undefined || key >= first) && (last === undefined || key <= last);
    return this.#atEnds(ends, isAsked, to, backwards);
  }

  fetchEnded(earliestEnd: number, latestEnd: number): IterableIterator<SessionRow> {
    this.#dropExpired();
    const ends = this.#endsBetween(earliestEnd, latestEnd);
    return this.#atEnds(ends, () => true, Number.POSITIVE_INFINITY, false);
  }

  restore(key: Buffer, value: Buffer | null): void {
    this.put(keyWithin(key, sessionSuffixBytes), sessionStart(key), sessionEnd(key), value);
  }

  close(): void {
    this.#byKey.clear();
    this.#ends.clear();
  }

  #endsBetween(earliest: number, latest: number): number[] {
    return this.#ends.between(earliest, latest).map(({ end }) => end);
  }

  *#atEnds(
    ends: number[],
    isAsked: (key: string) => boolean,
    latestStart: number,
    backwards: boolean,
  ): IterableIterator<SessionRow> {
    if (backwards) ends.reverse();
    for (const end of ends) {
      const keys = [...(this.#ends.get(end)?.keys ?? [])].filter(isAsked).sort();
      if (backwards) keys.reverse();
      for (const key of keys) {
        const cells = this.#byKey.get(key) ?? [];
        const found = cells.filter((cell) => cell.end === end).filter(startsBy(latestStart));
        if (backwards) found.reverse();
        yield* rowsOf(bytesOf(key), found);
      }
    }
  }

  #set(key: string, cell: Cell): void {
    let cells = this.#byKey.get(key);
    if (!cells) {
      cells = [];
      this.#byKey.set(key, cells);
    }
    const at = firstAt(cells, cell.end, cell.start);
    const present = cells[at];
    const isThere = present?.end === cell.end && present.start === cell.start;
    cells.splice(at, isThere ? 1 : 0, cell);
    const known = this.#ends.get(cell.end);
    if (known) known.keys.add(key);
    else this.#ends.add(cell.end, { end: cell.end, keys: new Set([key]) });
  }

  #dropExpired(): void {
    const firstLive = Math.max(0, this.#observedTime - this.#retentionMs + 1);
    for (;;) {
      const expired = this.#ends.takeBelow(firstLive);
      if (!expired) return;
      for (const key of expired.keys) this.#dropOf(key, firstLive);
    }
  }

  #dropOf(key: string, firstLive: number): void {
    const cells = this.#byKey.get(key);
    cells?.splice(0, firstAt(cells, firstLive));
    if (cells?.length === 0) this.#byKey.delete(key);
  }
}

function startsBy(latestStart: number) {
  return ({ start }: Cell) => start <= latestStart;
}

function* rowsOf(key: Buffer, cells: readonly Cell[]): IterableIterator<SessionRow> {
  for (const { start, end, value } of cells) yield { key, start, end, value };
}

/** The index of the first cell that ends at `end`, or later, and of those that end then starts at `start` or before. */
function firstAt(cells: readonly Cell[], end: number, start = Number.POSITIVE_INFINITY): number {
  let low = 0;
  let high = cells.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const cell = cells[middle] as Cell;
    if (cell.end < end || (cell.end === end && cell.start > start)) low = middle + 1;
    else high = middle;
  }
  return low;
}
