import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
  writevSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { type DiskLock, lockFile } from "./disk-lock.ts";
import { BrokerError } from "./errors.ts";

/**
 * One open file. Calls are synchronous but for {@link DiskFile.syncInBackground}, and either succeed
 * or throw a `BrokerError` KAFKA_STORAGE_ERROR whose `cause` is the system's own error. A file has to
 * be closed before it, or a directory above it, is renamed or removed.
 */
export interface DiskFile {
  readonly path: string;
  /** How many bytes the file has. */
  size(): number;
  /** Reads into `target` from a place in the file on; gives how many bytes there were, fewer only at the end. */
  read(target: Buffer, position: number): number;
  /** Writes the parts one behind the other from a place in the file on; a part of them may be there after a failure. */
  write(parts: readonly Buffer[], position: number): void;
  /** Cuts or extends (with zeros) the file to a size. */
  truncate(size: number): void;
  /** Returns once what was written is safe from a loss of power. */
  sync(): void;
  /** Resolves once what was written before the call is safe, and does not hold up the event loop meanwhile. */
  syncInBackground(): Promise<void>;
  /** May be called twice. */
  close(): void;
}

/**
 * Files and directories, passed in wherever they are needed so that memory or a simulation can stand
 * in. Paths are those of the machine; a directory's names come sorted. What fails throws a
 * `BrokerError` KAFKA_STORAGE_ERROR, a full disk too.
 */
export interface Disk {
  /** Opens a file for reading and writing; makes it where it is missing. */
  open(path: string): DiskFile;
  exists(path: string): boolean;
  /** The size of a file in bytes; undefined where it is missing. */
  sizeOf(path: string): number | undefined;
  /** The names in a directory, sorted; none where it is missing. */
  list(path: string): string[];
  /** Makes a directory and those above it. */
  makeDirectory(path: string): void;
  /** Moves a file or directory; takes the place of a file that is there already, in one step. */
  rename(from: string, to: string): void;
  /** Removes a file, or a directory with all that is in it; missing ones are no error. */
  remove(path: string): void;
  /** Returns once the directory's names are safe from a loss of power. */
  syncDirectory(path: string): void;
  /** Bytes in all and bytes free of the volume that the path lies on. */
  space(path: string): { readonly totalBytes: number; readonly freeBytes: number };
  /**
   * Keeps a file for oneself until the lock is released or the program ends; undefined where somebody
   * else has it. The file is made where it is missing, and must not be opened otherwise.
   */
  lock(path: string): DiskLock | undefined;
}

/** How many descriptors the files of one disk hold at once; those used least are closed, and opened again on demand. */
const maxOpenFiles = 1000;

/** The machine's disk. Any number of files may be open at once; the descriptors they take are bounded. */
export const systemDisk: Disk = {
  open: (path) => new SystemFile(path),
  exists: existsSync,
  sizeOf: (path) => attempt("look at", path, () => statSync(path, { throwIfNoEntry: false })?.size),
  list: (path) => attempt("list", path, () => (existsSync(path) ? readdirSync(path).sort() : [])),
  makeDirectory: (path) => {
    attempt("make the directory", path, () => mkdirSync(path, { recursive: true }));
  },
  rename: (from, to) => attempt("rename", from, () => renameSync(from, to)),
  remove: (path) => attempt("remove", path, () => rmSync(path, { recursive: true, force: true })),
  syncDirectory: (path) =>
    attempt("sync the directory", path, () => {
      const descriptor = openSync(path, "r");
      try {
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
    }),
  space: (path) =>
    attempt("measure the volume of", path, () => {
      const { bsize, blocks, bavail } = statfsSync(path);
      return { totalBytes: bsize * blocks, freeBytes: bsize * bavail };
    }),
  lock: lockFile,
};

/** Names the time since the machine was started last, where it does that (Linux); undefined elsewhere. */
export function bootId(): string | undefined {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
  } catch {
    return undefined;
  }
}

/** Reads a file that is not the program's own, such as a certificate; throws the system's error. */
export function readForeignFile(path: string): Buffer {
  return readFileSync(path);
}

/** The files that hold a descriptor. When there are too many, the first that was not used since the last round goes. */
class OpenFiles {
  readonly #files = new Set<SystemFile>();

  add(file: SystemFile): void {
    while (this.#files.size >= maxOpenFiles) this.#evict();
    this.#files.add(file);
  }

  delete(file: SystemFile): void {
    this.#files.delete(file);
  }

  #evict(): void {
    for (const file of this.#files) {
      if (!file.wasUsed) {
        file.release();
        return;
      }
      // A second chance, at the end of the queue.
      file.wasUsed = false;
      this.#files.delete(file);
      this.#files.add(file);
    }
  }
}

const openFiles = new OpenFiles();

class SystemFile implements DiskFile {
  readonly path: string;
  /** Whether the descriptor was used since the pool last looked. */
  wasUsed = false;
  #descriptor: number | undefined;
  #isClosed = false;

  constructor(path: string) {
    this.path = path;
    attempt("open", path, () => this.#open(true));
  }

  size(): number {
    return attempt("look at", this.path, () => fstatSync(this.#open()).size);
  }

  read(target: Buffer, position: number): number {
    return attempt("read", this.path, () => {
      const descriptor = this.#open();
      let done = 0;
      while (done < target.length) {
        const count = readSync(descriptor, target, done, target.length - done, position + done);
        if (count === 0) break;
        done += count;
      }
      return done;
    });
  }

  write(parts: readonly Buffer[], position: number): void {
    const [first] = parts;
    attempt("write", this.path, () => {
      const descriptor = this.#open();
      if (parts.length === 1 && first) writeAll(descriptor, first, position);
      else writeParts(descriptor, parts, position);
    });
  }

  truncate(size: number): void {
    attempt("resize", this.path, () => ftruncateSync(this.#open(), size));
  }

  sync(): void {
    attempt("sync", this.path, () => fsyncSync(this.#open()));
  }

  async syncInBackground(): Promise<void> {
    // A descriptor of its own: the pool may close this file's while the sync is under way.
    try {
      await using handle = await open(this.path, "r+");
      await handle.sync();
    } catch (error) {
      throw diskFailure("sync", this.path, error);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.release();
  }

  /** Gives the descriptor back; the next use takes a new one. */
  release(): void {
    if (this.#descriptor === undefined) return;
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    openFiles.delete(this);
    attempt("close", this.path, () => closeSync(descriptor));
  }

  #open(mayCreate = false): number {
    this.wasUsed = true;
    if (this.#descriptor !== undefined) return this.#descriptor;
    if (this.#isClosed) throw new Error("the file is closed");
    openFiles.add(this);
    try {
      this.#descriptor = mayCreate ? openOrCreate(this.path) : openSync(this.path, "r+");
    } catch (error) {
      openFiles.delete(this);
      throw error;
    }
    return this.#descriptor;
  }
}

function openOrCreate(path: string): number {
  try {
    return openSync(path, "r+");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return openSync(path, "w+");
  }
}

function writeAll(descriptor: number, bytes: Buffer, position: number): void {
  let done = 0;
  while (done < bytes.length) {
    done += writeSync(descriptor, bytes, done, bytes.length - done, position + done);
  }
}

function writeParts(descriptor: number, parts: readonly Buffer[], position: number): void {
  const total = parts.reduce((sum, { length }) => sum + length, 0);
  const written = writevSync(descriptor, parts, position);
  if (written < total) {
    const rest = Buffer.concat(parts).subarray(written);
    writeAll(descriptor, rest, position + written);
  }
}

function attempt<T>(what: string, path: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw diskFailure(what, path, error);
  }
}

function diskFailure(what: string, path: string, cause: unknown): BrokerError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new BrokerError("KAFKA_STORAGE_ERROR", `could not ${what} ${path}: ${reason}`, { cause });
}
