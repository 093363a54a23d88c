import { bytesOf, textOf } from "./byte-text.ts";
import type { Lease, Rows, Snapshot, StoreEngine, TaskState } from "./engine.ts";
import { leasedSnapshot } from "./snapshot.ts";
import { SortedKeys } from "./sorted-keys.ts";

/** An engine that opens at once, in no directory. */
export interface MemoryEngine extends StoreEngine {
  open(directory?: string): TaskState;
}

/** Keeps rows in memory: fast, and gone with the task, which restores them from the changelog. */
export const memoryEngine: MemoryEngine = {
  name: "memory",
  isPersistent: false,
  open: () => new MemoryState(),
};

/** The state of a task in memory. */
class MemoryState implements TaskState {
  readonly isPersistent = false;
  readonly #rows = new Map<string, MemoryRows>();
  readonly #offsets = new Map<string, number>();

  rows(name: string): Rows {
    let rows = this.#rows.get(name);
    if (!rows) {
      rows = new MemoryRows();
      this.#rows.set(name, rows);
    }
    return rows;
  }

  drop(name: string): void {
    this.#rows.delete(name);
  }

  names(): string[] {
    return [...this.#rows.keys()];
  }

  offset(store: string): number | undefined {
    return this.#offsets.get(store);
  }

  commit(offsets: ReadonlyMap<string, number>): void {
    for (const [store, offset] of offsets) this.#offsets.set(store, offset);
  }

  /** In memory nothing is held still: readers see rows as they are. */
  snapshot(lease: Lease): Snapshot {
    return leasedSnapshot(lease, (name) => this.rows(name));
  }

  pendingBytes(): number {
    return 0;
  }

  close(): void {
    this.#rows.clear();
    this.#offsets.clear();
  }
}

/** A value that is a small part of a larger buffer than this is copied, lest it keeps that alive. */
const largeBuffer = 65_536;

/** Rows in a map, whose keys are put in order when a range is first asked for, and kept so from then on. */
export class MemoryRows implements Rows {
  readonly #values = new Map<string, Buffer>();
  #order: SortedKeys | undefined;

  get(key: Buffer): Buffer | null {
    return this.#values.get(textOf(key)) ?? null;
  }

  put(key: Buffer, value: Buffer): void {
    const text = textOf(key);
    const known = this.#values.size;
    const isPart = value.buffer.byteLength > largeBuffer && value.length < largeBuffer;
    this.#values.set(text, isPart ? Buffer.from(value) : value);
    if (this.#order && this.#values.size > known) this.#order.add(text);
  }

  delete(key: Buffer): void {
    const text = textOf(key);
    if (this.#values.delete(text)) this.#order?.delete(text);
  }

  range(
    from: Buffer | undefined,
    to: Buffer | undefined,
    backwards = false,
  ): IterableIterator<readonly [Buffer, Buffer]> {
    this.#order ??= new SortedKeys(this.#values.keys());
    const keys = this.#order.range(from && textOf(from), to && textOf(to), backwards);
    return this.#rowsOf(keys);
  }

  approximateCount(): number {
    return this.#values.size;
  }

  *#rowsOf(keys: Iterable<string>): IterableIterator<readonly [Buffer, Buffer]> {
    for (const text of keys) {
      const value = this.#values.get(text);
      // A row that was deleted since the iteration began is not seen any more.
      if (value) yield [bytesOf(text), value];
    }
  }
}
