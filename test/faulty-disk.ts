import type { Disk, DiskFile } from "../src/disk.ts";
import type { DiskLock } from "../src/disk-lock.ts";
import { BrokerError } from "../src/errors.ts";

/** What ends a simulated program: thrown by the operation that it dies in, and by all after that. */
export class Crash extends Error {}

/** What of the disk outlives a crash: all that was written, or what had been synced and a part of the rest. */
export type CrashKind = "kill" | "power loss";

type DataChange =
  | { readonly change: "write"; readonly position: number; readonly bytes: Buffer }
  | { readonly change: "resize"; readonly size: number };

/** A file's bytes, whatever it is called. */
class Inode {
  bytes: Buffer = Buffer.alloc(0);
  /** What a loss of power leaves for sure. */
  safe: Buffer = Buffer.alloc(0);
  /** What has been done since, and when. */
  changes: { readonly at: number; readonly data: DataChange }[] = [];

  apply(change: DataChange, at: number): void {
    if (change.change === "resize") this.#resize(change.size);
    else {
      const { position, bytes } = change;
      if (position + bytes.length > this.bytes.length) this.#resize(position + bytes.length);
      bytes.copy(this.bytes, position);
    }
    this.changes.push({ at, data: change });
  }

  sync(): void {
    this.safe = Buffer.from(this.bytes);
    this.changes = [];
  }

  /** Keeps the first `count` changes since the last sync, and of the next write so many bytes. */
  loseAfter(count: number, tornBytes: number): void {
    const kept = this.changes.slice(0, count).map(({ data }) => data);
    const torn = this.changes[count]?.data;
    if (torn?.change === "write") kept.push({ ...torn, bytes: torn.bytes.subarray(0, tornBytes) });
    this.bytes = Buffer.from(this.safe);
    for (const change of kept) this.apply(change, 0);
    this.sync();
  }

  #resize(size: number): void {
    const resized = Buffer.alloc(size);
    this.bytes.copy(resized);
    this.bytes = resized;
  }
}

type Names = Map<string, Inode | "directory">;
type NameChange = (names: Names) => void;

/**
 * A disk for simulations that fails as real ones do: it dies in the midst of an operation, loses what
 * was not synced, tears writes, gets full and has errors, all as `random` (from 0 to below 1) says.
 *
 * As on file systems with a journal (ext4, XFS, APFS, NTFS), changes to names and sizes get safe in the
 * order in which they were made, any sync makes all names before it safe, and data may be behind names.
 */
export class FaultyDisk implements Disk {
  /** How many bytes can be written until it is full. */
  freeBytes = Number.POSITIVE_INFINITY;
  /** How likely it is that an operation fails. */
  errorRate = 0;
  /** How many changes to the disk there have been. */
  changeCount = 0;
  readonly #random: () => number;
  #crashesAt = Number.POSITIVE_INFINITY;
  #hasCrashed = false;
  #syncedAt = 0;
  readonly #locked = new Set<string>();
  #names: Names = new Map();
  #safeNames: Names = new Map();
  #nameChanges: { readonly at: number; readonly apply: NameChange }[] = [];

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Lets the program die in a coming change to the disk, of which only a part may be done: 1 for the next one. */
  crashIn(changes: number): void {
    this.#crashesAt = this.changeCount + changes;
  }

  /** Whether the program has died. */
  get hasCrashed(): boolean {
    return this.#hasCrashed;
  }

  /** Ends the program, if it has not died, and gives the disk as the next one finds it; this one is of no use any more. */
  restart(kind: CrashKind): FaultyDisk {
    this.#hasCrashed = true;
    const next = new FaultyDisk(this.#random);
    next.freeBytes = this.freeBytes;
    next.changeCount = this.changeCount;
    next.#names = this.#names;
    next.#safeNames = this.#safeNames;
    next.#nameChanges = this.#nameChanges;
    next.#syncedAt = this.#syncedAt;
    if (kind === "power loss") next.#lose();
    return next;
  }

  open(path: string): DiskFile {
    this.#check("open", path);
    let inode = this.#names.get(path);
    if (inode === "directory") throw failure("open", path, "it is a directory");
    if (!inode) {
      const made = new Inode();
      inode = made;
      this.#parent(path);
      this.#change(() => this.#rename((names) => names.set(path, made)));
    }
    return this.#file(path, inode);
  }

  exists(path: string): boolean {
    this.#checkAlive();
    return this.#names.has(path);
  }

  sizeOf(path: string): number | undefined {
    this.#checkAlive();
    const inode = this.#names.get(path);
    return inode instanceof Inode ? inode.bytes.length : undefined;
  }

  list(path: string): string[] {
    this.#check("list", path);
    const names = [...this.#names.keys()].filter((name) => name.startsWith(`${path}/`));
    const heads = names.map((name) => name.slice(path.length + 1).split("/")[0] as string);
    return [...new Set(heads)].sort();
  }

  makeDirectory(path: string): void {
    this.#check("make the directory", path);
    const parts = path.split("/");
    for (let count = 1; count <= parts.length; count += 1) {
      const above = parts.slice(0, count).join("/");
      if (above === "" || this.#names.has(above)) continue;
      this.#change(() => this.#rename((names) => names.set(above, "directory")));
    }
  }

  rename(from: string, to: string): void {
    this.#check("rename", from);
    if (!this.#names.has(from)) throw failure("rename", from, "it is not there");
    this.#parent(to);
    this.#change(() =>
      this.#rename((names) => {
        for (const [path, entry] of [...names]) {
          if (path !== from && !path.startsWith(`${from}/`)) continue;
          names.delete(path);
          names.set(to + path.slice(from.length), entry);
        }
      }),
    );
  }

  remove(path: string): void {
    this.#check("remove", path);
    if (!this.#names.has(path)) return;
    this.#change(() =>
      this.#rename((names) => {
        for (const name of [...names.keys()]) {
          if (name === path || name.startsWith(`${path}/`)) names.delete(name);
        }
      }),
    );
  }

  syncDirectory(path: string): void {
    this.#check("sync the directory", path);
    this.#commitNames();
  }

  /** A disk that is locked is left with its program, so {@link FaultyDisk.restart} ends all locks. */
  lock(path: string): DiskLock | undefined {
    this.#check("lock", path);
    if (this.#locked.has(path)) return undefined;
    this.#locked.add(path);
    return { release: () => void this.#locked.delete(path) };
  }

  space(): { readonly totalBytes: number; readonly freeBytes: number } {
    return { totalBytes: Number.MAX_SAFE_INTEGER, freeBytes: this.freeBytes };
  }

  #file(path: string, inode: Inode): DiskFile {
    let isClosed = false;
    const check = (what: string) => {
      this.#check(what, path);
      if (isClosed) throw failure(what, path, "it is closed");
    };
    const sync = () => {
      check("sync");
      inode.sync();
      this.#commitNames();
    };
    return {
      path,
      size: () => {
        check("look at");
        return inode.bytes.length;
      },
      read: (target, position) => {
        check("read");
        return inode.bytes.copy(target, 0, Math.min(position, inode.bytes.length));
      },
      write: (parts, position) => {
        this.#checkAlive();
        const bytes = Buffer.concat(parts);
        this.#write(path, inode, bytes, position);
      },
      truncate: (size) => {
        check("resize");
        this.freeBytes += Math.max(0, inode.bytes.length - size);
        this.#change(() => inode.apply({ change: "resize", size }, this.changeCount));
      },
      sync,
      syncInBackground: async () => sync(),
      close: () => {
        isClosed = true;
      },
    };
  }

  /** Writes all, or so much as the disk's state, chance or the crash allow. */
  #write(path: string, inode: Inode, bytes: Buffer, position: number): void {
    const part = (length: number) => {
      this.freeBytes -= Math.max(0, position + length - inode.bytes.length);
      const copy = Buffer.from(bytes.subarray(0, length));
      inode.apply({ change: "write", position, bytes: copy }, this.changeCount);
    };
    const some = () => Math.floor(this.#random() * bytes.length);
    const growth = Math.max(0, position + bytes.length - inode.bytes.length);
    if (growth > this.freeBytes) {
      part(Math.max(0, bytes.length - growth + Math.floor(this.freeBytes)));
      throw failure("write", path, "no space left on device");
    }
    if (this.#fails()) {
      part(some());
      throw failure("write", path, "input/output error");
    }
    this.#change(
      () => part(bytes.length),
      () => part(some()),
    );
  }

  /** Makes a change, or dies in it; `half` is what is done of it then. */
  #change(whole: () => void, half: () => void = () => {}): void {
    this.changeCount += 1;
    if (this.changeCount < this.#crashesAt) {
      whole();
      return;
    }
    if (this.#random() < 0.5) half();
    this.#hasCrashed = true;
    throw new Crash("the program was killed");
  }

  #rename(change: NameChange): void {
    change(this.#names);
    this.#nameChanges.push({ at: this.changeCount, apply: change });
  }

  /** Takes away a part of what was not synced. */
  #lose(): void {
    const since = this.changeCount - this.#syncedAt;
    const end = this.#syncedAt + Math.floor(this.#random() * (since + 1));
    for (const { at, apply } of this.#nameChanges) if (at <= end) apply(this.#safeNames);
    this.#names = this.#safeNames;
    this.#commitNames();
    for (const inode of new Set(this.#names.values())) {
      if (inode === "directory") continue;
      const lasting = inode.changes.filter(({ at }) => at <= end).length;
      const count = Math.floor(this.#random() * (lasting + 1));
      inode.loseAfter(count, count < lasting ? Math.floor(this.#random() * 100) : 0);
    }
  }

  #commitNames(): void {
    this.#syncedAt = this.changeCount;
    this.#safeNames = new Map(this.#names);
    this.#nameChanges = [];
  }

  #parent(path: string): void {
    const parent = path.slice(0, path.lastIndexOf("/"));
    if (parent !== "" && this.#names.get(parent) !== "directory") {
      throw failure("open", path, "there is no such directory");
    }
  }

  #check(what: string, path: string): void {
    this.#checkAlive();
    if (this.#fails()) throw failure(what, path, "input/output error");
  }

  #checkAlive(): void {
    if (this.#hasCrashed) throw new Crash("the program has been killed");
  }

  #fails(): boolean {
    return this.errorRate > 0 && this.#random() < this.errorRate;
  }
}

function failure(what: string, path: string, reason: string): BrokerError {
  const message = `could not ${what} ${path}: ${reason}`;
  return new BrokerError("KAFKA_STORAGE_ERROR", message);
}
