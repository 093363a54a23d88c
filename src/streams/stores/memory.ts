import { bytesOf, textOf } from "./byte-text.ts";
import { ownBytes } from "./codec.ts";
import type { Lease, Rows, Snapshot, StoreEngine, TaskState, ValueFormat } from "./engine.ts";
import { leasedSnapshot } from "./snapshot.ts";
import { ValueTable } from "./value-table.ts";

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

/** Rows in memory: bytes, or values as they are once a store has asked for that. */
class MemoryRows implements Rows {
  readonly #table = new ValueTable<unknown>();
  /** How values become bytes; undefined while they are bytes. */
  #format: ValueFormat<unknown> | undefined;

  get(key: Buffer): Buffer | null {
    const row = this.#table.find(textOf(key));
    return row < 0 ? null : this.#bytesAt(row);
  }

  put(key: Buffer, value: Buffer): void {
    const text = textOf(key);
    const format = this.#format;
    if (format) {
      this.#table.put(text, format.decodeValue(ownBytes(value)), format.timestampOf(value, 0));
    } else this.#table.put(text, ownBytes(value), 0);
  }

  delete(key: Buffer): void {
    this.#table.delete(textOf(key));
  }

  range(
    from: Buffer | undefined,
    to: Buffer | undefined,
    backwards = false,
  ): IterableIterator<readonly [Buffer, Buffer]> {
    return this.#rowsOf(this.#table.range(from && textOf(from), to && textOf(to), backwards));
  }

  approximateCount(): number {
    return this.#table.size;
  }

  keepValues<P>(format: ValueFormat<P>): ValueTable<P> {
    const table = this.#table;
    for (const text of table.texts()) {
      const bytes = this.#bytesAt(table.find(text));
      table.put(text, format.decodeValue(bytes), format.timestampOf(bytes, 0));
    }
    this.#format = format as ValueFormat<unknown>;
    return table as ValueTable<P>;
  }

  #bytesAt(row: number): Buffer {
    const value = this.#table.valueAt(row);
    if (!this.#format) return value as Buffer;
    return this.#format.encodeParts(value, this.#table.timeAt(row)) as Buffer;
  }

  *#rowsOf(texts: Iterable<string>): IterableIterator<readonly [Buffer, Buffer]> {
    for (const text of texts) {
      const row = this.#table.find(text);
      // A row that was deleted since the iteration began is not seen any more.
      if (row >= 0) yield [bytesOf(text), this.#bytesAt(row)];
    }
  }
}
