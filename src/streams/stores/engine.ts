import type { Clock } from "../../clock.ts";
import type { ValueTable } from "./value-table.ts";

/**
 * The rows of one store, or of one of its segments, as bytes: ordered, synchronous. Buffers that come
 * out may be kept; those that go in are not changed afterwards by either side.
 */
export interface Rows {
  get(key: Buffer): Buffer | null;
  put(key: Buffer, value: Buffer): void;
  delete(key: Buffer): void;
  /** Rows from `from` (inclusive) to `to` (exclusive), undefined for open ends, in byte order or backwards. */
  range(
    from: Buffer | undefined,
    to: Buffer | undefined,
    backwards?: boolean,
  ): IterableIterator<readonly [Buffer, Buffer]>;
  approximateCount(): number;
  /**
   * The same rows with their values as they are rather than as bytes, for as long as this set is open; bytes
   * are made of them where they are asked for. Only engines in memory have it.
   */
  keepValues?<P>(format: ValueFormat<P>): ValueTable<P>;
}

/** How values and their times become bytes. */
export interface ValueFormat<P> {
  encodeParts(value: P, timestamp: number): Buffer | null;
  decodeValue(row: Buffer): P;
  timestampOf(row: Buffer, otherwise: number): number;
}

/** What can be read of a set of rows. */
export type ReadRows = Pick<Rows, "get" | "range">;

/** Rows as of the last commit when it was taken; where an engine cannot hold them still, as of the last one since. */
export interface Snapshot {
  /** Throws `MillraceError` CLOSED once the snapshot is closed or its lease is over. */
  rows(name: string): ReadRows;
  /** May be called twice. */
  close(): void;
}

/** For how long a snapshot may be read: a forgotten one would keep the space of old rows from being used again. */
export interface Lease {
  readonly clock: Clock;
  readonly ms: number;
}

/**
 * The state of one task: named sets of rows that are committed together. Writes are visible at once,
 * and safe from a crash of the process after `commit`, all or none.
 */
export interface TaskState {
  readonly isPersistent: boolean;
  /** Opens a set of rows; the same name gives the same rows. */
  rows(name: string): Rows;
  /** Drops a set of rows at once, such as a segment that has expired. */
  drop(name: string): void;
  /** The names of the sets of rows that exist. */
  names(): string[];
  /** The changelog offset that a store's rows stand for, as of the last commit; undefined for none. */
  offset(store: string): number | undefined;
  /**
   * Writes at most so many of the rows that wait for the commit ahead of it, so that the commit itself is short;
   * gives whether none is left. A crash before the commit leaves rows that are ahead of their offsets: this
   * is to be called only when the changelogs have them all. Engines whose commits are short do without.
   */
  write?(maxRows: number): boolean;
  /** Makes what was written since the last commit permanent, together with these changelog offsets. */
  commit(offsets: ReadonlyMap<string, number>): void;
  /** What was committed last, for readers beside the task such as queries. */
  snapshot(lease: Lease): Snapshot;
  /** How much was written since the last commit and takes memory until the next, in bytes. */
  pendingBytes(): number;
  close(): void | Promise<void>;
}

/** Where stores keep their rows: memory, lmdb, RocksDB, or one of the user's own. */
export interface StoreEngine {
  readonly name: string;
  readonly isPersistent: boolean;
  /** Opens the state of a task under a directory (ignored by engines in memory). */
  open(directory: string): TaskState | Promise<TaskState>;
}
