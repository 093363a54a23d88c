import { createRequire } from "node:module";
import type { Database, RootDatabase, Transaction } from "lmdb";
import { type Disk, systemDisk } from "../../disk.ts";
import { readInt64 } from "../../protocol/index.ts";
import type { Lease, Rows, Snapshot, StoreEngine, TaskState } from "./engine.ts";
import { LmdbDirectory } from "./lmdb-directory.ts";
import { readingLongKeys, storedKey, storedRow } from "./long-keys.ts";
import { type CommittedRows, OverlayRows, type TakenChanges } from "./overlay-rows.ts";
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
        if (!corrupted.has((error as { readonly code?: number }).code ?? 0)) throw error;
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
  readonly #sets = new Map<string, LmdbSet>();
  readonly #dropped = new Map<string, LmdbSet>();
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
    let set = this.#sets.get(name);
    if (!set) {
      set = this.#dropped.get(name) ?? this.#open(name);
      this.#dropped.delete(name);
      this.#sets.set(name, set);
    }
    return set.rows;
  }

  drop(name: string): void {
    const set = this.#sets.get(name) ?? this.#open(name);
    set.rows.clear();
    this.#sets.delete(name);
    this.#dropped.set(name, set);
  }

  names(): string[] {
    const stored = [...this.#root.getKeys()].map((key) => key.toString().replace(/\0$/, ""));
    const known = new Set([...stored, ...this.#sets.keys()]);
    return [...known].filter((name) => name !== metaName && !this.#dropped.has(name));
  }

  offset(store: string): number | undefined {
    const bytes = this.#meta.getBinary(offsetKey(store));
    return bytes && readInt64(bytes, 0);
  }

  write(maxRows: number): boolean {
    let left = maxRows;
    this.#root.transactionSync(() => {
      for (const set of this.#sets.values()) {
        const { unwritten } = set.rows;
        if (unwritten > 0) set.write(set.rows.takeSome(left));
        left -= unwritten;
        if (left <= 0) return;
      }
    });
    return left >= 0;
  }

  commit(offsets: ReadonlyMap<string, number>): void {
    this.#root.transactionSync(() => {
      for (const set of this.#dropped.values()) set.drop();
      for (const set of this.#sets.values()) set.write(set.rows.take());
      for (const [store, offset] of offsets) {
        this.#meta.putSync(offsetKey(store), timeBytes(offset));
      }
    });
    this.#dropped.clear();
  }

  snapshot(lease: Lease): Snapshot {
    const transaction = this.#root.useReadTransaction();
    return leasedSnapshot(
      lease,
      (name) => {
        const set = this.#sets.get(name) ?? this.#open(name);
        const { get, range } = set.committed(transaction);
        return { get, range: (from, to, backwards = false) => range(from, to, backwards) };
      },
      () => transaction.done(),
    );
  }

  pendingBytes(): number {
    let bytes = 0;
    for (const { rows } of this.#sets.values()) bytes += rows.pendingBytes;
    return bytes;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#root.close();
    this.#directory.close();
  }

  #open(name: string): LmdbSet {
    return new LmdbSet(this.#root.openDB<Buffer, Buffer>({ ...binary, name }), this.#meta, name);
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
      *range(from, to, backwards) {
        const isAsked = (!from || from.length === 0) && (!to || to.length > 0);
        const value = isAsked ? emptyRow() : undefined;
        const first = from?.length === 0 ? undefined : from;
        if (value && !backwards) yield [noKey, value];
        if (!to || to.length > 0) yield* rows.range(first, to, backwards);
        if (value && backwards) yield [noKey, value];
      },
      count: () => rows.count(),
    };
  }
}

const noKey = Buffer.alloc(0);

function committedRows(
  database: Database<Buffer, Buffer>,
  transaction: Transaction | undefined,
): CommittedRows {
  const within = transaction ? { transaction } : {};
  return {
    get: (key) => getWithin(database, key, transaction) ?? null,
    *range(from, to, backwards) {
      const bounds = backwards
        ? { start: to, end: from, reverse: true, exclusiveStart: true, inclusiveEnd: true }
        : { start: from, end: to };
      const options = Object.entries(bounds).filter(([, bound]) => bound !== undefined);
      for (const { key, value } of database.getRange({
        ...within,
        ...Object.fromEntries(options),
      })) {
        yield [key, value];
      }
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

function offsetKey(store: string): Buffer {
  return Buffer.from(`offset ${store}`);
}
