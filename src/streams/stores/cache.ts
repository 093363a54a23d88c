import type { Headers, RecordMetadata } from "../message.ts";
import { noHeaders } from "../message.ts";
import type { TaskContext } from "../node.ts";
import type { SplitValue } from "./codec.ts";
import { RowIntegers, RowOrder } from "./row-order.ts";
import { SortedKeys } from "./sorted-keys.ts";
import type { CacheBudget } from "./store-builder.ts";
import { TextIndex } from "./text-index.ts";

/** A row in a cache, under its key's bytes as text. Null is a row that is deleted. */
export interface CachedRow<V> {
  readonly text: string;
  readonly value: V | null;
  /** Of the record that wrote it last. */
  readonly timestamp: number;
  readonly headers: Headers;
  readonly metadata: RecordMetadata | undefined;
}

/** What a cache needs of its store. */
export interface CacheOwner<V> {
  /** Takes values apart into what changes and its time, so that a row need not be an object; kept whole without it. */
  readonly parts?: SplitValue<V> | undefined;
  /** Passes a row on and gives how many bytes its value has. */
  write(row: CachedRow<V>): number;
}

/**
 * What a row takes beside its key, its value and the topic's name, in bytes, as Kafka counts it
 * (`LRUNode`, `LRUCacheEntry`, `ProcessorRecordContext`), so that a budget holds as many rows here as there.
 * In truth it is some 300 bytes in either.
 */
const overheadBytes = 45;
/** What is assumed of a value until rows have been written through. */
const assumedValueBytes = 100;

/**
 * Rows that were read or written lately, as objects, in front of a store (KIP-63): what is written waits
 * here until the commit, or until there is no room, and only the last of several writes is passed on, in
 * the order of those last writes (`NamedCache`).
 */
export class WriteBehindCache<V> {
  readonly #budget: CacheBudget;
  readonly #task: TaskContext;
  readonly #owner: CacheOwner<V>;
  readonly #parts: SplitValue<V>;
  /** With the value beside each key. */
  readonly #index = new TextIndex(1);
  // What belongs to a row lies in arrays, by its number: an object for each would be slow to come by.
  #numbers = new Float64Array(numbersPerRow * smallestCapacity);
  /** How many bytes each takes, and which of the origins its record had, plus one where it waits to be written. */
  readonly #integers = new RowIntegers();
  /** All rows, by when they were used last. */
  readonly #ages = new RowOrder(this.#integers, "first");
  /** Rows that wait, by when they were written last. */
  readonly #writes = new RowOrder(this.#integers, "second");
  /** Of the few rows whose records had any. */
  readonly #headers = new Map<number, Headers>();
  readonly #origins: (RecordMetadata | undefined)[] = [];
  #order: SortedKeys | undefined;
  #dirtyCount = 0;
  #valueBytes = assumedValueBytes;

  constructor(budget: CacheBudget, task: TaskContext, owner: CacheOwner<V>) {
    this.#budget = budget;
    this.#task = task;
    this.#owner = owner;
    this.#parts = owner.parts ?? whole;
  }

  /** The row's value, which counts as used by that; undefined where the cache does not know it. */
  get(text: string): V | null | undefined {
    const row = this.#index.find(text);
    if (row < 0) return undefined;
    this.#ages.moveToEnd(row);
    return this.#valueAt(row);
  }

  /** Remembers what was read. */
  remember(text: string, value: V): void {
    this.#set(this.#add(text), value);
    this.#makeRoom();
  }

  /** Takes in a write under the present record's context; null deletes. */
  put(text: string, value: V | null): void {
    const known = this.#index.find(text);
    const row = known < 0 ? this.#add(text) : known;
    this.#set(row, value);
    this.#setContext(row);
    this.#ages.moveToEnd(row);
    this.#writes.moveToEnd(row);
    this.#makeRoom();
  }

  /** The rows from `from` (inclusive) to `to` (exclusive) as they are known now, in the order of their keys. */
  range(
    from: string | undefined,
    to: string | undefined,
    backwards = false,
  ): IterableIterator<CachedRow<V>> {
    this.#order ??= new SortedKeys(this.#index.texts());
    return this.#rowsOf(this.#order.range(from, to, backwards));
  }

  /** The least key that is not below `from`, or backwards the greatest that is below it. */
  seek(from: string | undefined, backwards: boolean): string | undefined {
    this.#order ??= new SortedKeys(this.#index.texts());
    return backwards ? this.#order.below(from) : this.#order.atLeast(from ?? "");
  }

  /** Writes all rows through that wait. */
  flush(): void {
    this.flushSlice(this.#dirtyCount);
  }

  /** Writes at most so many rows through, those written longest ago first; gives how many still wait. */
  flushSlice(maxRows: number): number {
    const rows: CachedRow<V>[] = [];
    while (rows.length < maxRows && this.#writes.first >= 0) {
      const row = this.#writes.first;
      rows.push(this.#rowAt(row));
      this.#markClean(row);
    }
    // All are clean before the first is passed on: what that leads to may write to this cache again.
    for (const row of rows) this.#passOn(row);
    for (const { text, value } of rows) if (value === null) this.#forgetDeleted(text);
    return this.#dirtyCount;
  }

  /** Forgets all rows, also those that wait, and gives up its part in the budget. */
  close(): void {
    this.#order = undefined;
    while (this.#ages.first >= 0) this.#remove(this.#ages.first);
    this.#index.clear();
    this.#dirtyCount = 0;
  }

  #add(text: string): number {
    const row = this.#index.add(text);
    this.#integers.open(row);
    if ((row + 1) * numbersPerRow > this.#numbers.length) {
      const numbers = new Float64Array(this.#numbers.length * 2);
      numbers.set(this.#numbers);
      this.#numbers = numbers;
    }
    this.#order?.add(text);
    this.#ages.moveToEnd(row);
    return row;
  }

  #set(row: number, value: V | null): void {
    this.#index.setCell(row, valueCell, value === null ? null : this.#parts.valueIn(value));
    if (value !== null) this.#numbers[row * numbersPerRow] = this.#parts.timeIn(value, 0);
    this.#measure(row);
  }

  #setContext(row: number): void {
    const task = this.#task;
    const metadata = task.recordMetadata();
    const at = row * numbersPerRow;
    this.#numbers[at + 1] = task.currentTimestamp();
    this.#numbers[at + 2] = metadata ? metadata.offset : -1;
    if (!this.#isDirty(row)) this.#dirtyCount += 1;
    this.#integers.set(row, originIndex, this.#originOf(metadata) + 1);
    const headers = task.currentHeaders();
    if (headers.length > 0) this.#headers.set(row, headers);
    else if (this.#headers.size > 0) this.#headers.delete(row);
  }

  /** The topics and partitions that records come from are few. */
  #originOf(metadata: RecordMetadata | undefined): number {
    const origins = this.#origins;
    for (let index = 0; index < origins.length; index += 1) {
      const known = origins[index];
      if (known?.topic === metadata?.topic && known?.partition === metadata?.partition)
        return index;
    }
    return origins.push(metadata) - 1;
  }

  #valueAt(row: number): V | null {
    const value = this.#index.cell(row, valueCell);
    if (value === null) return null;
    return this.#parts.join(value, this.#numbers[row * numbersPerRow] as number);
  }

  #rowAt(row: number): CachedRow<V> {
    const at = row * numbersPerRow;
    const origin = this.#origins[this.#integers.get(row, originIndex) - 1];
    return {
      text: this.#index.textAt(row),
      value: this.#valueAt(row),
      timestamp: this.#numbers[at + 1] as number,
      headers: this.#headers.get(row) ?? noHeaders,
      metadata: origin && { ...origin, offset: this.#numbers[at + 2] as number },
    };
  }

  #isDirty(row: number): boolean {
    return this.#integers.get(row, originIndex) > 0;
  }

  #markClean(row: number): void {
    this.#integers.set(row, originIndex, 0);
    this.#writes.remove(row);
    this.#dirtyCount -= 1;
  }

  #forgetDeleted(text: string): void {
    const row = this.#index.find(text);
    if (row >= 0 && this.#index.cell(row, valueCell) === null && !this.#isDirty(row))
      this.#remove(row);
  }

  #remove(row: number): void {
    this.#order?.delete(this.#index.textAt(row));
    this.#index.remove(row);
    this.#ages.remove(row);
    this.#writes.remove(row);
    this.#budget.take(-this.#integers.get(row, bytesIndex));
    if (this.#headers.size > 0) this.#headers.delete(row);
  }

  #passOn(row: CachedRow<V>): void {
    const bytes = this.#owner.write(row);
    // A running mean: values are measured only where they become bytes anyway.
    if (bytes > 0) this.#valueBytes += (bytes - this.#valueBytes) / 16;
  }

  /** Estimates what a row takes, anew with each write: by then it may be known what values are like. */
  #measure(row: number): void {
    const topicBytes = this.#origins[0]?.topic.length ?? 0;
    const keyBytes = this.#index.textAt(row).length;
    const bytes = keyBytes + topicBytes + Math.round(this.#valueBytes) + overheadBytes;
    const before = this.#integers.get(row, bytesIndex);
    if (bytes === before) return;
    this.#budget.take(bytes - before);
    this.#integers.set(row, bytesIndex, bytes);
  }

  /** Writes the row through that was used least recently, and forgets it; false where there is none. */
  #evict(): boolean {
    const row = this.#ages.first;
    if (row < 0) return false;
    if (!this.#isDirty(row)) {
      this.#remove(row);
      return true;
    }
    const evicted = this.#rowAt(row);
    this.#markClean(row);
    this.#remove(row);
    this.#passOn(evicted);
    this.flushSlice(rowsPerEviction);
    return true;
  }

  #makeRoom(): void {
    while (this.#budget.isExceeded && this.#evict()) {
      // Until there is room, or nothing left to evict.
    }
  }

  *#rowsOf(texts: Iterable<string>): IterableIterator<CachedRow<V>> {
    for (const text of texts) {
      const row = this.#index.find(text);
      if (row < 0) continue;
      this.#ages.moveToEnd(row);
      yield this.#rowAt(row);
    }
  }
}

/** An eviction of a row that waits takes others along, as in Kafka all others: that many at most. */
const rowsPerEviction = 1000;
const smallestCapacity = 16;
/** The time in the value, the timestamp of the record that wrote it, and its offset. */
const numbersPerRow = 3;
const valueCell = 1;
const bytesIndex = 0;
const originIndex = 1;

/** For values that are kept whole. */
const whole: SplitValue<never> = {
  valueIn: (value) => value,
  timeIn: () => 0,
  join: (value) => value as never,
};
