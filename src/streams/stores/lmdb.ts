import { createRequire } from "node:module";
import type { Database, RangeOptions, RootDatabase, Transaction } from "lmdb";
import { type Disk, systemDisk } from "../../disk.ts";
import { MillraceError } from "../../errors.ts";
import { readInt64 } from "../../protocol/index.ts";
import type { Lease, Rows, Snapshot, StoreEngine, TaskState } from "./engine.ts";
import { LmdbDirectory } from "./lmdb-directory.ts";
import { readingLongKeys, type StoredRows, storedKey, storedRow } from "./long-keys.ts";
import { type CommittedRows, OverlayRows, type TakenChanges } from "./overlay-rows.ts";
import { OverlaySets } from "./overlay-sets.ts";
import { leasedSnapshot } from "./snapshot.ts";
import { timeBytes } from "./time-bytes.ts";

/** Options of {@link lmdb}. */
export interface LmdbOptions {
  /**
   * What a commit survives. "process", the default, is fast: after a loss of power the state is thrown away
   * and restored from the changelogs. "system" survives that too, at the price of slower commits.
   */
  readonly durability?: "process" | "system" | undefined;
  readonly disk?: Disk | undefined;
}

/** Named sets of rows that a task can have: stores and the segments of windows. */
const maxDbs = 4096;
/** Has what is known of the state beside its rows; no store can be named so. */
const metaName = "#meta";
const binary = { keyEncoding: "binary", encoding: "binary" } as const;
/** Codes of lmdb for a file that is not whole. */
const corrupted = new Set([-30_793, -30_796, -30_797]);
/** Its code for more databases than {@link maxDbs}. */
const tooManyDbs = -30_791;

/**
 * The engine that keeps rows in lmdb: one environment a task, in which stores and segments are named
 * databases and a commit is one transaction. Changes wait in memory until the commit.
 */
export function lmdb({ durability = "process", disk = systemDisk }: LmdbOptions = {}): StoreEngine {
  return {
    // One name for each way: what was written without syncs is not to be taken for what was written with them.
    name: durability === "process" ? "lmdb" : "lmdb-system",
    isPersistent: true,
    open(path) {
      const isSynced = durability === "system";
      const directory = new LmdbDirectory(path, isSynced, disk);
      directory.open();
      try {
        return new LmdbState(directory, isSynced);
      } catch (error) {
        if (!corrupted.has(codeOf(error))) throw error;
        directory.wipe();
        directory.open();
        return new LmdbState(directory, isSynced);
      }
    },
  };
}

class LmdbState implements TaskState {
  readonly isPersistent = true;
  readonly #directory: LmdbDirectory;
  readonly #root: RootDatabase<Buffer, Buffer>;
  readonly #meta: Database<Buffer, Buffer>;
  readonly #sets = new OverlaySets((name) => this.#open(name));
  #isClosed = false;

  constructor(directory: LmdbDirectory, isSynced: boolean) {
    const { open } = createRequire(import.meta.url)("lmdb") as typeof import("lmdb");
    this.#directory = directory;
    this.#root = open<Buffer, Buffer>({
      ...binary,
      path: directory.rowsPath,
      maxDbs,
      noMemInit: true,
      useWritemap: !isSynced,
      noSync: !isSynced,
    });
    this.#meta = this.#root.openDB<Buffer, Buffer>({ ...binary, name: metaName });
  }

  rows(name: string): Rows {
    return this.#sets.rows(name);
  }

  drop(name: string): void {
    this.#sets.drop(name);
  }

  names(): string[] {
    const stored = [...this.#root.getKeys()].map((key) => key.toString().replace(/\0$/, ""));
    const { sets, dropped } = this.#sets;
    const known = new Set([...stored, ...sets.keys()]);
    return [...known].filter((name) => name !== metaName && !dropped.has(name));
  }

  offset(store: string): number | undefined {
    const bytes = this.#meta.getBinary(offsetKey(store));
    return bytes && readInt64(bytes, 0);
  }

  write(maxRows: number): boolean {
    return this.#root.transactionSync(() =>
      this.#sets.write(maxRows, (set, changes) => set.write(changes)),
    );
  }

  commit(offsets: ReadonlyMap<string, number>): void {
    this.#root.transactionSync(() => {
      const { sets, dropped } = this.#sets;
      for (const set of dropped.values()) set.drop();
      for (const set of sets.values()) set.write(set.rows.take());
      for (const [store, offset] of offsets) {
        this.#meta.putSync(offsetKey(store), timeBytes(offset));
      }
    });
    this.#sets.forgetDropped();
  }

  snapshot(lease: Lease): Snapshot {
    const transaction = this.#root.useReadTransaction();
    return leasedSnapshot(
      lease,
      (name) => this.#sets.forReading(name).committed(transaction),
      () => transaction.done(),
    );
  }

  pendingBytes(): number {
    return this.#sets.pendingBytes;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#root.close();
    this.#directory.close();
  }

  #open(name: string): LmdbSet {
    try {
      return new LmdbSet(this.#root.openDB<Buffer, Buffer>({ ...binary, name }), this.#meta, name);
    } catch (cause) {
      if (codeOf(cause) !== tooManyDbs) throw cause;
      const message = `there is no room for ${name} in the state of its task, which has ${maxDbs} stores and segments already: let segments be longer, or be kept for less long`;
      throw new MillraceError("INVALID_STATE", message, { cause });
    }
  }
}

/** One named set of rows: its database, and what waits for the commit. */
class LmdbSet {
  readonly rows: OverlayRows;
  readonly #database: Database<Buffer, Buffer>;
  readonly #meta: Database<Buffer, Buffer>;
  /** lmdb has no empty keys: where the value of that one is kept. */
  readonly #emptyKey: Buffer;

  constructor(database: Database<Buffer, Buffer>, meta: Database<Buffer, Buffer>, name: string) {
    this.#database = database;
    this.#meta = meta;
    this.#emptyKey = Buffer.from(`empty ${name}`);
    this.rows = new OverlayRows(this.committed(undefined));
  }

  /** The rows as they were committed last, or are in a transaction. */
  committed(transaction: Transaction | undefined): CommittedRows {
    const rows = readingLongKeys(committedRows(this.#database, transaction));
    return this.#withEmptyKey(rows, transaction);
  }

  /** Puts changes into the database; to be called within a transaction. */
  write({ isCleared, changes }: TakenChanges): void {
    if (isCleared) {
      this.#database.clearSync();
      this.#meta.removeSync(this.#emptyKey);
    }
    for (const { key, value } of changes) {
      if (key.length === 0) {
        if (value) this.#meta.putSync(this.#emptyKey, value);
        else this.#meta.removeSync(this.#emptyKey);
      } else if (value) {
        this.#database.putSync(...storedRow(key, value));
      } else {
        this.#database.removeSync(storedKey(key));
      }
    }
  }

  /** Removes the database; to be called within a transaction. */
  drop(): void {
    this.#database.dropSync();
    this.#meta.removeSync(this.#emptyKey);
  }

  #withEmptyKey(rows: CommittedRows, transaction: Transaction | undefined): CommittedRows {
    const emptyRow = () => getWithin(this.#meta, this.#emptyKey, transaction);
    return {
      get: (key) => (key.length === 0 ? (emptyRow() ?? null) : rows.get(key)),
      range(from, to, backwards) {
        if (to?.length === 0) return [].values();
        const isEmptyAsked = !from || from.length === 0;
        const found = rows.range(isEmptyAsked ? undefined : from, to, backwards);
        const value = isEmptyAsked ? emptyRow() : undefined;
        return value ? withEmptyRow(found, value, backwards) : found;
      },
      count: () => rows.count(),
    };
  }
}

const noKey = Buffer.alloc(0);
/** No stored key is below it. */
const lowestKey = Buffer.of(0);

function* withEmptyRow(
  rows: Iterable<readonly [Buffer, Buffer]>,
  value: Buffer,
  backwards: boolean,
): IterableIterator<readonly [Buffer, Buffer]> {
  if (!backwards) yield [noKey, value];
  yield* rows;
  if (backwards) yield [noKey, value];
}

function committedRows(
  database: Database<Buffer, Buffer>,
  transaction: Transaction | undefined,
): StoredRows {
  return {
    get: (key) => getWithin(database, key, transaction) ?? null,
    range(from, to, backwards) {
      const first = from ?? lowestKey;
      const bounds = backwards
        ? { start: to, end: first, reverse: true, exclusiveStart: true, inclusiveEnd: true }
        : { start: first, end: to };
      return database.getRange({ ...bounds, transaction } as RangeOptions);
    },
    count: () => (database.getStats() as { readonly entryCount: number }).entryCount,
  };
}

function getWithin(
  database: Database<Buffer, Buffer>,
  key: Buffer,
  transaction: Transaction | undefined,
): Buffer | undefined {
  return transaction ? database.get(key, { transaction }) : database.getBinary(key);
}

function codeOf(error: unknown): number {
  return (error as { readonly code?: number }).code ?? 0;
}

function offsetKey(store: string): Buffer {
  return Buffer.from(`offset ${store}`);
}
