import type { Headers, RecordMetadata } from "../message.ts";
import { noHeaders } from "../message.ts";
import type { TaskContext } from "../node.ts";
import { RowOrder } from "./row-order.ts";
import { SortedKeys } from "./sorted-keys.ts";
import type { CacheBudget, Evictable } from "./store-builder.ts";
import { TextIndex } from "./text-index.ts";

/** A row in a cache, under its key's bytes as text. Null is a row that is deleted. */
export interface CachedRow<V> {
  readonly text: string;
  value: V | null;
  /** Of the record that wrote it last. */
  timestamp: number;
  headers: Headers;
  metadata: RecordMetadata | undefined;
}

interface Entry<V> extends CachedRow<V> {
  /** Its number, by which its place in the orders is found. */
  readonly row: number;
  isDirty: boolean;
  bytes: number;
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
export class WriteBehindCache<V> implements Evictable {
  readonly #budget: CacheBudget;
  readonly #task: TaskContext;
  readonly #write: (row: CachedRow<V>) => number;
  readonly #index = new TextIndex();
  readonly #entries: (Entry<V> | undefined)[] = [];
  /** All rows, by when they were used last. */
  readonly #ages = new RowOrder();
  /** Rows that wait, by when they were written last. */
  readonly #writes = new RowOrder();
  #order: SortedKeys | undefined;
  #dirtyCount = 0;
  #valueBytes = assumedValueBytes;
  /** A row is mostly written right after it was read. */
  #last: Entry<V> | undefined;

  /** `write` passes a row on and gives how many bytes its value has. */
  constructor(budget: CacheBudget, task: TaskContext, write: (row: CachedRow<V>) => number) {
    this.#budget = budget;
    this.#task = task;
    this.#write = write;
    budget.join(this);
  }

  /** How many rows wait to be written through. */
  get dirtyCount(): number {
    return this.#dirtyCount;
  }

  /** The row, which counts as used by that; undefined where the cache does not know it. */
  get(text: string): CachedRow<V> | undefined {
    const entry = this.#find(text);
    if (entry) this.#ages.moveToEnd(entry.row);
    return entry;
  }

  /** Remembers what was read. */
  remember(text: string, value: V): void {
    this.#add(text, value);
    this.#makeRoom();
  }

  /** Takes in a write under the present record's context; null deletes. */
  put(text: string, value: V | null): void {
    const task = this.#task;
    const entry = this.#find(text) ?? this.#add(text, value);
    entry.value = value;
    entry.timestamp = task.currentTimestamp();
    entry.headers = task.currentHeaders();
    entry.metadata = task.recordMetadata();
    this.#ages.moveToEnd(entry.row);
    this.#writes.moveToEnd(entry.row);
    if (!entry.isDirty) this.#dirtyCount += 1;
    entry.isDirty = true;
    this.#measure(entry);
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
    const rows: Entry<V>[] = [];
    while (rows.length < maxRows && this.#writes.first >= 0) {
      const entry = this.#entries[this.#writes.first] as Entry<V>;
      this.#markClean(entry);
      rows.push(entry);
    }
    // All are clean before the first is passed on: what that leads to may write to this cache again.
    for (const entry of rows) this.#passOn(entry);
    for (const entry of rows) if (entry.value === null && !entry.isDirty) this.#remove(entry);
    return this.#dirtyCount;
  }

  evict(): boolean {
    if (this.#ages.first < 0) return false;
    const entry = this.#entries[this.#ages.first] as Entry<V>;
    const { isDirty } = entry;
    if (isDirty) this.#markClean(entry);
    this.#remove(entry);
    if (!isDirty) return true;
    this.#passOn(entry);
    this.flushSlice(rowsPerEviction);
    return true;
  }

  /** Forgets all rows, also those that wait. */
  clear(): void {
    for (const entry of this.#entries) if (entry) this.#budget.take(-entry.bytes);
    this.#index.clear();
    this.#entries.length = 0;
    this.#ages.clear();
    this.#writes.clear();
    this.#order = undefined;
    this.#last = undefined;
    this.#dirtyCount = 0;
  }

  /** Forgets all rows and gives up its part in the budget. */
  close(): void {
    this.clear();
    this.#budget.leave(this);
  }

  #find(text: string): Entry<V> | undefined {
    if (this.#last?.text === text) return this.#last;
    const row = this.#index.find(text);
    if (row < 0) return undefined;
    this.#last = this.#entries[row];
    return this.#last;
  }

  #add(text: string, value: V | null): Entry<V> {
    const row = this.#index.add(text);
    const record = { timestamp: -1, headers: noHeaders, metadata: undefined };
    const entry: Entry<V> = { text, value, ...record, row, isDirty: false, bytes: 0 };
    this.#entries[row] = entry;
    this.#order?.add(text);
    this.#ages.moveToEnd(row);
    this.#measure(entry);
    this.#last = entry;
    return entry;
  }

  #remove(entry: Entry<V>): void {
    const { text, row, bytes } = entry;
    if (this.#entries[row] !== entry) return;
    this.#index.remove(text);
    this.#entries[row] = undefined;
    this.#last = undefined;
    this.#order?.delete(text);
    this.#ages.remove(row);
    this.#budget.take(-bytes);
  }

  #markClean(entry: Entry<V>): void {
    entry.isDirty = false;
    this.#writes.remove(entry.row);
    this.#dirtyCount -= 1;
  }

  #passOn(entry: Entry<V>): void {
    const bytes = this.#write(entry);
    // A running mean: values are measured only where they become bytes anyway.
    if (bytes > 0) this.#valueBytes += (bytes - this.#valueBytes) / 16;
  }

  /** Estimates what a row takes, anew with each write: by then it may be known what values are like. */
  #measure(entry: Entry<V>): void {
    const { text, metadata } = entry;
    const topicBytes = metadata ? metadata.topic.length : 0;
    const bytes = text.length + topicBytes + Math.round(this.#valueBytes) + overheadBytes;
    if (bytes === entry.bytes) return;
    this.#budget.take(bytes - entry.bytes);
    entry.bytes = bytes;
  }

  #makeRoom(): void {
    while (this.#budget.isExceeded && this.evict()) {
      // Until there is room, or nothing left to evict.
    }
  }

  *#rowsOf(texts: Iterable<string>): IterableIterator<CachedRow<V>> {
    for (const text of texts) {
      const entry = this.get(text);
      if (entry) yield entry;
    }
  }
}

/** An eviction of a row that waits takes others along, as in Kafka all others: that many at most. */
const rowsPerEviction = 1000;
