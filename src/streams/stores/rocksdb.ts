import { createRequire } from "node:module";
import { type Disk, systemDisk } from "../../disk.ts";
import { MillraceError } from "../../errors.ts";
import { readInt64 } from "../../protocol/index.ts";
import { prefixEnd } from "./byte-text.ts";
import type { Lease, Rows, Snapshot, StoreEngine, TaskState } from "./engine.ts";
import { type CommittedRows, OverlayRows, type TakenChanges } from "./overlay-rows.ts";
import { OverlaySets } from "./overlay-sets.ts";
import { leasedSnapshot } from "./snapshot.ts";
import { timeBytes } from "./time-bytes.ts";

/** Options of {@link rocksdb}. */
export interface RocksdbOptions {
  /** Memory for the blocks that are read, of each task, in bytes; 50 MB by default. */
  readonly blockCacheBytes?: number | undefined;
  /** Memory for what is written before it goes to disk, of each task, in bytes; 32 MB by default. */
  readonly writeBufferBytes?: number | undefined;
  readonly disk?: Disk | undefined;
}

const defaultBlockCacheBytes = 50 * 2 ** 20;
const defaultWriteBufferBytes = 32 * 2 ** 20;
/** Rows are read in portions of this many, the first ones in small portions: most ranges are short. */
const rowsPerRead = 256;
const rowsInFirstRead = 8;

/**
 * The engine that keeps rows in RocksDB, for state beyond memory: one database a task. It asks for the
 * package `@nxtedition/rocksdb` (12.2 or later), which is to be installed beside this one.
 */
export function rocksdb({
  blockCacheBytes = defaultBlockCacheBytes,
  writeBufferBytes = defaultWriteBufferBytes,
  disk = systemDisk,
}: RocksdbOptions = {}): StoreEngine {
  return {
    name: "rocksdb",
    isPersistent: true,
    async open(directory) {
      const { RocksLevel } = load();
      disk.makeDirectory(directory);
      const database = new RocksLevel(`${directory}/rocksdb`, {
        ...asBuffers,
        createIfMissing: true,
        cacheSize: blockCacheBytes,
        memtableMemoryBudget: writeBufferBytes,
      });
      await database.open();
      return new RocksdbState(database);
    },
  };
}

/** What of the package is used: its synchronous calls, which it has no types for. */
interface RocksLevel {
  open(): Promise<void>;
  close(): Promise<void>;
  _getManySync(keys: readonly Buffer[], options: object): (Buffer | undefined)[];
  _chainedBatch(): Batch;
  _iterator(options: object): RowIterator;
  _clear(options: object, done: (error: Error | null) => void): unknown;
  /** Forgets an iterator or a batch, each of which it keeps from the beginning on. */
  detachResource(resource: Batch | RowIterator): void;
  getProperty(name: string): string;
}

interface Batch {
  _put(key: Buffer, value: Buffer, options: object): void;
  _del(key: Buffer, options: object): void;
  _writeSync(options: object): void;
  _closeSync(): void;
}

interface RowIterator {
  /** Keys and values in turn. */
  _nextvSync(count: number): { readonly rows: readonly Buffer[]; readonly finished: boolean };
  _closeSync(): void;
}

const asBuffers = { keyEncoding: "buffer", valueEncoding: "buffer" };

function load(): { readonly RocksLevel: new (path: string, options: object) => RocksLevel } {
  try {
    return createRequire(import.meta.url)("@nxtedition/rocksdb");
  } catch (cause) {
    const message = "the rocksdb engine needs the package @nxtedition/rocksdb: install it";
    throw new MillraceError("INVALID_STATE", message, { cause });
  }
}

/** The first four bytes of a key tell whose row it is: these, or the number of a set of rows. */
const namesPrefix = prefixOf(0);
const offsetsPrefix = prefixOf(1);
const firstSet = 2;

class RocksdbState implements TaskState {
  readonly isPersistent = true;
  readonly #database: RocksLevel;
  readonly #sets = new OverlaySets((name) => this.#open(name));
  /** The numbers of the sets that are known to the database or will be. */
  readonly #numbers = new Map<string, number>();
  /** The names of those of them that the database knows. */
  readonly #named = new Set<string>();
  #nextNumber = firstSet;
  #isClosed = false;

  constructor(database: RocksLevel) {
    this.#database = database;
    for (const [key, value] of rangeOf(database, namesPrefix, prefixEnd(namesPrefix), false)) {
      const number = value.readUInt32BE();
      const name = key.subarray(namesPrefix.length).toString();
      this.#numbers.set(name, number);
      this.#named.add(name);
      this.#nextNumber = Math.max(this.#nextNumber, number + 1);
    }
  }

  rows(name: string): Rows {
    return this.#sets.rows(name);
  }

  drop(name: string): void {
    this.#sets.drop(name);
  }

  names(): string[] {
    const { dropped } = this.#sets;
    return [...this.#numbers.keys()].filter((name) => !dropped.has(name));
  }

  offset(store: string): number | undefined {
    const key = Buffer.concat([offsetsPrefix, Buffer.from(store)]);
    const bytes = getOf(this.#database, key);
    return bytes ? readInt64(bytes, 0) : undefined;
  }

  write(maxRows: number): boolean {
    const batch = this.#database._chainedBatch();
    this.#nameSets(batch);
    const isDone = this.#sets.write(maxRows, (set, changes) => set.write(batch, changes));
    batch._writeSync({});
    release(this.#database, batch);
    return isDone;
  }

  commit(offsets: ReadonlyMap<string, number>): void {
    const batch = this.#database._chainedBatch();
    const { sets, dropped } = this.#sets;
    this.#nameSets(batch);
    for (const set of sets.values()) set.write(batch, set.rows.take());
    for (const name of dropped.keys()) {
      batch._del(nameKey(name), {});
      this.#named.delete(name);
    }
    for (const [store, offset] of offsets) {
      const key = Buffer.concat([offsetsPrefix, Buffer.from(store)]);
      batch._put(key, timeBytes(offset), {});
    }
    batch._writeSync({});
    release(this.#database, batch);
    // Behind the batch: nothing refers to these rows any more, and their number is not used again.
    for (const [name, set] of dropped) {
      set.clear();
      this.#numbers.delete(name);
    }
    this.#sets.forgetDropped();
  }

  /** Each read is of the commit that is then the last. */
  snapshot(lease: Lease): Snapshot {
    return leasedSnapshot(lease, (name) => this.#sets.forReading(name).rows.committed);
  }

  pendingBytes(): number {
    return this.#sets.pendingBytes;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#database.close();
  }

  /** Writes down which numbers the sets have that are written for the first time. */
  #nameSets(batch: Batch): void {
    for (const name of this.#sets.sets.keys()) {
      if (this.#named.has(name)) continue;
      batch._put(nameKey(name), prefixOf(this.#numbers.get(name) as number), {});
      this.#named.add(name);
    }
  }

  #open(name: string): RocksdbSet {
    let number = this.#numbers.get(name);
    if (number === undefined) {
      number = this.#nextNumber;
      this.#nextNumber += 1;
      this.#numbers.set(name, number);
    }
    return new RocksdbSet(this.#database, number);
  }
}

/** One set of rows: those whose keys begin with its number. */
class RocksdbSet {
  readonly rows: OverlayRows;
  readonly #database: RocksLevel;
  readonly #prefix: Buffer;

  constructor(database: RocksLevel, number: number) {
    this.#database = database;
    this.#prefix = prefixOf(number);
    this.rows = new OverlayRows(this.#committedRows());
  }

  write(batch: Batch, { isCleared, changes }: TakenChanges): void {
    if (isCleared) {
      const all = rangeOf(this.#database, this.#prefix, prefixEnd(this.#prefix), false);
      for (const [key] of all) batch._del(key, {});
    }
    for (const { key, value } of changes) {
      if (value) batch._put(this.#full(key), value, {});
      else batch._del(this.#full(key), {});
    }
  }

  /** Removes all rows at once. */
  clear(): void {
    const bounds = { gte: this.#prefix, lt: prefixEnd(this.#prefix), limit: -1, reverse: false };
    this.#database._clear(bounds, () => {});
  }

  #committedRows(): CommittedRows {
    const database = this.#database;
    const prefix = this.#prefix;
    const full = (key: Buffer) => this.#full(key);
    return {
      get: (key) => getOf(database, full(key)) ?? null,
      *range(from, to, backwards) {
        const first = from ? full(from) : prefix;
        const end = to ? full(to) : prefixEnd(prefix);
        if (end && first.compare(end) >= 0) return;
        for (const [key, value] of rangeOf(database, first, end, backwards)) {
          yield [key.subarray(prefix.length), value];
        }
      },
      // The database estimates for all sets together only.
      count: () => Number(database.getProperty("rocksdb.estimate-num-keys")),
    };
  }

  #full(key: Buffer): Buffer {
    return Buffer.concat([this.#prefix, key]);
  }
}

function prefixOf(number: number): Buffer {
  const prefix = Buffer.allocUnsafe(4);
  prefix.writeUInt32BE(number);
  return prefix;
}

function nameKey(name: string): Buffer {
  return Buffer.concat([namesPrefix, Buffer.from(name)]);
}

function getOf(database: RocksLevel, key: Buffer): Buffer | undefined {
  return database._getManySync([key], asBuffers)[0];
}

/** Closing by itself leaves a resource with the database, which would hold on to each of them. */
function release(database: RocksLevel, resource: Batch | RowIterator): void {
  resource._closeSync();
  database.detachResource(resource);
}

function* rangeOf(
  database: RocksLevel,
  from: Buffer,
  to: Buffer | undefined,
  backwards: boolean,
): IterableIterator<readonly [Buffer, Buffer]> {
  const bounds = to ? { gte: from, lt: to } : { gte: from };
  const order = { reverse: backwards, limit: -1, keys: true, values: true };
  const iterator = database._iterator({ ...asBuffers, ...bounds, ...order });
  try {
    for (let count = rowsInFirstRead; ; count = rowsPerRead) {
      const { rows, finished } = iterator._nextvSync(count);
      for (let at = 0; at < rows.length; at += 2) {
        yield [rows[at] as Buffer, rows[at + 1] as Buffer];
      }
      if (finished) return;
    }
  } finally {
    release(database, iterator);
  }
}
