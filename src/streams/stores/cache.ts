import type { Headers, RecordMetadata } from "../message.ts";
import { noHeaders } from "../message.ts";
import type { TaskContext } from "../node.ts";
import { SortedKeys } from "./sorted-keys.ts";
import type { CacheBudget, Evictable } from "./store-builder.ts";

/** A row in a cache, under its key's bytes as text. Null is a row that is deleted. */
export interface CachedRow<V> {
  readonly text: string;
  value: V | null;
  /** Of the record that wrote it last. */
  timestamp: number;
  headers: Headers;
  metadata: RecordMetadata | undefined;
}

/** Where a row stands in one of the orders of a cache. */
interface Link<V> {
  readonly entry: Entry<V>;
  previous: Link<V>;
  next: Link<V>;
}

interface Entry<V> extends CachedRow<V> {
  isDirty: boolean;
  bytes: number;
  readonly age: Link<V>;
  readonly write: Link<V>;
}

/** What a row takes beside its key and value, in bytes: the entry, its links, its place in the map. */
const overheadBytes = 240;
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
  readonly #entries = new Map<string, Entry<V>>();
  readonly #ages = ring<V>();
  readonly #writes = ring<V>();
  #order: SortedKeys | undefined;
  #dirtyCount = 0;
  #valueBytes = assumedValueBytes;

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
    const entry = this.#entries.get(text);
    if (entry) moveToEnd(entry.age, this.#ages);
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
    const entry = this.#entries.get(text) ?? this.#add(text, value);
    entry.value = value;
    entry.timestamp = task.currentTimestamp();
    entry.headers = task.currentHeaders();
    entry.metadata = task.recordMetadata();
    moveToEnd(entry.age, this.#ages);
    moveToEnd(entry.write, this.#writes);
    if (!entry.isDirty) this.#dirtyCount += 1;
    entry.isDirty = true;
    this.#makeRoom();
  }

  /** The rows from `from` (inclusive) to `to` (exclusive) as they are known now, in the order of their keys. */
  range(
    from: string | undefined,
    to: string | undefined,
    backwards = false,
  ): IterableIterator<CachedRow<V>> {
    this.#order ??= new SortedKeys(this.#entries.keys());
    return this.#rowsOf(this.#order.range(from, to, backwards));
  }

  /** The least key that is not below `from`, or backwards the greatest that is below it. */
  seek(from: string | undefined, backwards: boolean): string | undefined {
    this.#order ??= new SortedKeys(this.#entries.keys());
    return backwards ? this.#order.below(from) : this.#order.atLeast(from ?? "");
  }

  /** Writes all rows through that wait. */
  flush(): void {
    this.flushSlice(this.#dirtyCount);
  }

  /** Writes at most so many rows through, those written longest ago first; gives how many still wait. */
  flushSlice(maxRows: number): number {
    const rows: Entry<V>[] = [];
    for (const ring = this.#writes; rows.length < maxRows && ring.next !== ring; ) {
      const { entry } = ring.next;
      this.#markClean(entry);
      rows.push(entry);
    }
    // All are clean before the first is passed on: what that leads to may write to this cache again.
    for (const entry of rows) this.#passOn(entry);
    for (const entry of rows) if (entry.value === null && !entry.isDirty) this.#remove(entry);
    return this.#dirtyCount;
  }

  evict(): boolean {
    if (this.#ages.next === this.#ages) return false;
    const { entry } = this.#ages.next;
    this.#remove(entry);
    if (!entry.isDirty) return true;
    this.#markClean(entry);
    this.#passOn(entry);
    this.flushSlice(rowsPerEviction);
    return true;
  }

  /** Forgets all rows, also those that wait. */
  clear(): void {
    for (const { bytes } of this.#entries.values()) this.#budget.take(-bytes);
    this.#entries.clear();
    this.#order = undefined;
    this.#dirtyCount = 0;
    for (const ring of [this.#ages, this.#writes]) {
      ring.next = ring;
      ring.previous = ring;
    }
  }

  /** Forgets all rows and gives up its part in the budget. */
  close(): void {
    this.clear();
    this.#budget.leave(this);
  }

  #add(text: string, value: V | null): Entry<V> {
    const entry = newEntry(text, value, text.length + this.#valueBytes + overheadBytes);
    this.#entries.set(text, entry);
    this.#order?.add(text);
    moveToEnd(entry.age, this.#ages);
    this.#budget.take(entry.bytes);
    return entry;
  }

  #remove(entry: Entry<V>): void {
    if (this.#entries.get(entry.text) !== entry) return;
    this.#entries.delete(entry.text);
    this.#order?.delete(entry.text);
    unlink(entry.age);
    this.#budget.take(-entry.bytes);
  }

  #markClean(entry: Entry<V>): void {
    entry.isDirty = false;
    unlink(entry.write);
    this.#dirtyCount -= 1;
  }

  #passOn(entry: Entry<V>): void {
    const bytes = this.#write(entry);
    // A running mean: values are measured only where they become bytes anyway.
    if (bytes > 0) this.#valueBytes += Math.round((bytes - this.#valueBytes) / 16);
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

function newEntry<V>(text: string, value: V | null, bytes: number): Entry<V> {
  const row = { text, value, timestamp: -1, headers: noHeaders, metadata: undefined };
  const entry = { ...row, isDirty: false, bytes } as Entry<V> & { age: Link<V>; write: Link<V> };
  entry.age = newLink(entry);
  entry.write = newLink(entry);
  return entry;
}

/** The two ends of an order in one: `next` is its first link, `previous` its last. */
function ring<V>(): Link<V> {
  return newLink(undefined as unknown as Entry<V>);
}

function newLink<V>(entry: Entry<V>): Link<V> {
  const link = { entry } as Link<V>;
  link.previous = link;
  link.next = link;
  return link;
}

function unlink<V>(link: Link<V>): void {
  link.previous.next = link.next;
  link.next.previous = link.previous;
  link.previous = link;
  link.next = link;
}

function moveToEnd<V>(link: Link<V>, ring: Link<V>): void {
  if (ring.previous === link) return;
  unlink(link);
  link.previous = ring.previous;
  link.next = ring;
  ring.previous.next = link;
  ring.previous = link;
}
