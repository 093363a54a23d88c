import { int64Max } from "../../protocol/index.ts";
import type { TaskContext } from "../node.ts";
import { bytesOf, textOf } from "./byte-text.ts";
import type { ValueFormat } from "./engine.ts";
import { type KeySearch, keyWithin, windowStart, windowSuffixBytes } from "./key-schema.ts";
import { RisingTimes } from "./rising-times.ts";
import { TextIndex } from "./text-index.ts";
import type { WindowRow, WindowRows, WindowTerms } from "./window-rows.ts";

/** A row in memory: its value, and the time of that. */
export interface WindowCell<P> {
  readonly slot: Slot;
  /** Undefined once the row is deleted: a cell goes when its start expires. */
  readonly value: P | undefined;
  /** The time less the start: mostly a small integer, which takes no memory of its own. */
  readonly age: number;
}

/** The time of a row's value. */
export function timeOf({ slot, age }: WindowCell<unknown>): number {
  return slot.start + age;
}

/** A start that there are cells of, with the numbers of their keys. */
interface Slot {
  readonly start: number;
  readonly keys: number[];
  /** How many of the cells have no value. */
  emptyCount: number;
}

/**
 * Rows of windows in memory: `InMemoryWindowStore`. A row expires by itself, to the millisecond, and
 * rows of several keys come by time, then key. Rows are found by key, the times of a key in order. They are
 * bytes, or values as they are once a store has asked for that.
 */
export class MemoryWindowRows<P = unknown> implements WindowRows {
  readonly #task: TaskContext;
  readonly #retentionMs: number;
  readonly #retainsDuplicates: boolean;
  /**
   * The keys, each with its cells by start, duplicates in the order in which they came; a single cell, as most keys
   * have, is there by itself.
   */
  readonly #keys = new TextIndex(1);
  readonly #slots = new RisingTimes<Slot>();
  /** How values become bytes; undefined while they are bytes. */
  #format: ValueFormat<P> | undefined;
  #observedTime = -1;

  constructor(task: TaskContext, { retentionMs, retainsDuplicates }: WindowTerms) {
    this.#task = task;
    this.#retentionMs = retentionMs;
    this.#retainsDuplicates = retainsDuplicates;
  }

  /** The same rows, which must be none yet, with values as they are. */
  keepValues<Q>(format: ValueFormat<Q>): MemoryWindowRows<Q> {
    const rows = this as unknown as MemoryWindowRows<Q>;
    rows.#format = format;
    return rows;
  }

  /** Puts a value under the text of a key; undefined deletes. */
  set(text: string, start: number, value: P | undefined, time: number): void {
    this.#dropExpired();
    if (start > this.#observedTime) this.#observedTime = start;
    if (start <= this.#observedTime - this.#retentionMs) this.#task.dropped({ why: "expired" });
    else if (value !== undefined) this.#set(text, start, value, time - start);
    else if (!this.#retainsDuplicates) this.#unset(text, start);
  }

  /** The row of the text of a key; none where a start can have several. */
  find(text: string, start: number): WindowCell<P> | undefined {
    this.#dropExpired();
    const isExpired = start <= this.#observedTime - this.#retentionMs;
    if (isExpired || this.#retainsDuplicates) return undefined;
    const cells = this.#cellsOf(text);
    const cell = Array.isArray(cells) ? cells[firstAt(cells, start)] : cells;
    return cell?.slot.start === start && cell.value !== undefined ? cell : undefined;
  }

  /** The rows of the text of a key that start within the times, as they are now. */
  cells(text: string, from: number, to: number, backwards: boolean): readonly WindowCell<P>[] {
    this.#dropExpired();
    const first = Math.max(from, this.#observedTime - this.#retentionMs + 1);
    return within(listOf(this.#cellsOf(text)), first, to, backwards);
  }

  put(key: Buffer, value: Buffer | null, start: number): void {
    const format = this.#format;
    if (value === null) this.set(textOf(key), start, undefined, 0);
    else if (!format) this.set(textOf(key), start, value as P, 0);
    else this.set(textOf(key), start, format.decodeValue(value), format.timestampOf(value, 0));
  }

  get(key: Buffer, start: number): Buffer | null {
    const cell = this.find(textOf(key), start);
    return cell ? this.#bytesOf(cell) : null;
  }

  fetch(key: Buffer, from: number, to: number, backwards: boolean): IterableIterator<WindowRow> {
    return this.#rowsOf(key, this.cells(textOf(key), from, to, backwards));
  }

  fetchKeys({ fromKey, toKey, from, to, backwards }: KeySearch): IterableIterator<WindowRow> {
    this.#dropExpired();
    const first = Math.max(from, this.#observedTime - this.#retentionMs + 1);
    return this.#between(fromKey && textOf(fromKey), toKey && textOf(toKey), first, to, backwards);
  }

  fetchAll(from: number, to: number, backwards: boolean): IterableIterator<WindowRow> {
    return this.fetchKeys({ fromKey: undefined, toKey: undefined, from, to, backwards });
  }

  restore(key: Buffer, value: Buffer | null): void {
    this.put(keyWithin(key, windowSuffixBytes), value, windowStart(key));
  }

  close(): void {
    for (const { keys } of this.#slots.between(0, int64Max)) keys.length = 0;
    this.#keys.clear();
    this.#slots.clear();
  }

  *#between(
    fromKey: string | undefined,
    toKey: string | undefined,
    from: number,
    to: number,
    backwards: boolean,
  ): IterableIterator<WindowRow> {
    const hasRows = ({ keys, emptyCount }: Slot) => keys.length > emptyCount;
    const slots = this.#slots.between(from, to).filter(hasRows);
    if (backwards) slots.reverse();
    for (const slot of slots) {
      const texts = this.#textsOf(slot).sort();
      if (backwards) texts.reverse();
      for (const text of texts) {
        if ((fromKey !== undefined && text < fromKey) || (toKey !== undefined && text > toKey)) {
          continue;
        }
        yield* this.#rowsOf(bytesOf(text), this.#cellsAt(text, slot, backwards));
      }
    }
  }

  /** The keys that have rows of a start. */
  #textsOf(slot: Slot): string[] {
    const texts = slot.keys.map((key) => this.#keys.textAt(key));
    if (slot.emptyCount === 0) return texts;
    return texts.filter((text) => this.#cellsAt(text, slot, false).length > 0);
  }

  #cellsAt(text: string, { start }: Slot, backwards: boolean): readonly WindowCell<P>[] {
    return within(listOf(this.#cellsOf(text)), start, start, backwards);
  }

  *#rowsOf(key: Buffer, cells: readonly WindowCell<P>[]): IterableIterator<WindowRow> {
    for (const cell of cells) yield { key, start: cell.slot.start, value: this.#bytesOf(cell) };
  }

  #bytesOf(cell: WindowCell<P>): Buffer {
    const format = this.#format;
    if (!format) return cell.value as Buffer;
    return format.encodeParts(cell.value as P, timeOf(cell)) as Buffer;
  }

  #cellsOf(text: string): Cells<P> {
    const key = this.#keys.find(text);
    return key < 0 ? undefined : (this.#keys.cell(key, 1) as Cells<P>);
  }

  #set(text: string, start: number, value: P, age: number): void {
    const found = this.#keys.find(text);
    const key = found >= 0 ? found : this.#keys.add(text);
    const known = this.#keys.cell(key, 1) as Cells<P>;
    const cells = listOf(known);
    const at = firstAt(cells, this.#retainsDuplicates ? start + 1 : start);
    const present = cells[at];
    if (!this.#retainsDuplicates && present?.slot.start === start) {
      if (present.value === undefined) this.#replace(key, at, value, age);
      else {
        present.value = value;
        present.age = age;
      }
      return;
    }
    const before = cells[at - 1];
    const slot = before?.slot.start === start ? before.slot : this.#slotOf(start, key);
    const cell = { slot, value, age };
    if (!known) this.#keys.setCell(key, 1, cell);
    else {
      if (at === cells.length) cells.push(cell);
      else cells.splice(at, 0, cell);
      this.#keys.setCell(key, 1, cells);
    }
  }

  /** Leaves a cell without a value: an iteration that has the old one goes on to see what it saw. */
  #unset(text: string, start: number): void {
    const cells = listOf(this.#cellsOf(text));
    const at = firstAt(cells, start);
    const cell = cells[at];
    if (cell?.slot.start !== start || cell.value === undefined) return;
    this.#replace(this.#keys.find(text), at, undefined, 0);
  }

  /** Puts a cell without a value where there is one with, or the other way round. */
  #replace(key: number, at: number, value: P | undefined, age: number): void {
    const cells = this.#keys.cell(key, 1) as Cell<P>[] | Cell<P>;
    const { slot } = Array.isArray(cells) ? (cells[at] as Cell<P>) : cells;
    slot.emptyCount += value === undefined ? 1 : -1;
    const cell = { slot, value, age };
    if (Array.isArray(cells)) cells[at] = cell;
    else this.#keys.setCell(key, 1, cell);
  }

  /** The slot of a start, which this key is noted in. */
  #slotOf(start: number, key: number): Slot {
    const known = this.#slots.get(start);
    if (known) {
      known.keys.push(key);
      return known;
    }
    const slot = { start, keys: [key], emptyCount: 0 };
    this.#slots.add(start, slot);
    return slot;
  }

  #dropExpired(): void {
    const firstLive = Math.max(0, this.#observedTime - this.#retentionMs + 1);
    for (;;) {
      const slot = this.#slots.takeBelow(firstLive);
      if (!slot) return;
      for (const key of slot.keys) this.#drop(key, slot);
      slot.keys.length = 0;
    }
  }

  /** Starts expire in order, so the cells of one are the first that the key has. */
  #drop(key: number, slot: Slot): void {
    const cells = this.#keys.cell(key, 1) as Cells<P>;
    if (Array.isArray(cells)) {
      let count = 0;
      while (cells[count]?.slot === slot) count += 1;
      if (count < cells.length) {
        cells.splice(0, count);
        if (cells.length === 1) this.#keys.setCell(key, 1, cells[0]);
        return;
      }
    }
    this.#keys.remove(key);
  }
}

interface Cell<P> extends WindowCell<P> {
  value: P | undefined;
  age: number;
}

/** The cells of a key. */
type Cells<P> = Cell<P>[] | Cell<P> | undefined;

function listOf<P>(cells: Cells<P>): Cell<P>[] {
  if (!cells) return [];
  return Array.isArray(cells) ? cells : [cells];
}

const none: readonly never[] = [];

/** The cells with a value that start within the times, both inclusive. */
function within<P>(
  cells: readonly Cell<P>[],
  from: number,
  to: number,
  backwards: boolean,
): readonly Cell<P>[] {
  const first = firstAt(cells, from);
  const end = firstAt(cells, to + 1);
  if (first >= end) return none;
  const found: Cell<P>[] = [];
  for (let at = first; at < end; at += 1) {
    const cell = cells[at] as Cell<P>;
    if (cell.value !== undefined) found.push(cell);
  }
  return backwards ? found.reverse() : found;
}

/** The index of the first cell that does not start before a time. */
function firstAt<P>(cells: readonly WindowCell<P>[], start: number): number {
  let low = 0;
  let high = cells.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cells[middle] as WindowCell<P>).slot.start < start) low = middle + 1;
    else high = middle;
  }
  return low;
}
