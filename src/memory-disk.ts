import type { Disk, DiskFile } from "./disk.ts";
import type { DiskLock } from "./disk-lock.ts";
import { BrokerError } from "./errors.ts";

/** A file's bytes lie in chunks of this size; only the last may be smaller, so that small files stay small. */
const chunkBytes = 64 * 1024;
const smallestChunkBytes = 256;

/**
 * A disk in memory: a broker without a data directory keeps its logs on one, and it ends with the
 * process. Files grow in chunks, so that no append ever copies what is there already.
 */
export class MemoryDisk implements Disk {
  readonly #root: Directory = new Map();
  readonly #locked = new Set<string>();

  open(path: string): DiskFile {
    const [directory, name] = this.#parent(path);
    let entry = directory.get(name);
    if (entry instanceof Map) throw failure(`${path} is a directory`);
    if (!entry) {
      entry = new MemoryContent();
      directory.set(name, entry);
    }
    return new MemoryFile(path, entry);
  }

  exists(path: string): boolean {
    return this.#find(path) !== undefined;
  }

  sizeOf(path: string): number | undefined {
    const entry = this.#find(path);
    return entry instanceof MemoryContent ? entry.size : undefined;
  }

  list(path: string): string[] {
    const entry = this.#find(path);
    return entry instanceof Map ? [...entry.keys()].sort() : [];
  }

  makeDirectory(path: string): void {
    let directory = this.#root;
    for (const name of partsOf(path)) {
      let next = directory.get(name);
      if (!next) {
        next = new Map();
        directory.set(name, next);
      }
      if (!(next instanceof Map)) throw failure(`${name} in ${path} is a file`);
      directory = next;
    }
  }

  rename(from: string, to: string): void {
    const [source, oldName] = this.#parent(from);
    const entry = source.get(oldName);
    if (!entry) throw failure(`there is no ${from} to rename`);
    const [target, newName] = this.#parent(to);
    source.delete(oldName);
    target.set(newName, entry);
  }

  remove(path: string): void {
    const parts = partsOf(path);
    const name = parts.pop();
    const parent = this.#find(parts.join("/"));
    if (parent instanceof Map && name !== undefined) parent.delete(name);
  }

  syncDirectory(): void {}

  space(): { readonly totalBytes: number; readonly freeBytes: number } {
    const usedBytes = bytesBelow(this.#root);
    return { totalBytes: Number.MAX_SAFE_INTEGER, freeBytes: Number.MAX_SAFE_INTEGER - usedBytes };
  }

  lock(path: string): DiskLock | undefined {
    if (this.#locked.has(path)) return undefined;
    this.#locked.add(path);
    let isHeld = true;
    return {
      release: () => {
        if (isHeld) this.#locked.delete(path);
        isHeld = false;
      },
    };
  }

  #find(path: string): Entry | undefined {
    let entry: Entry = this.#root;
    for (const name of partsOf(path)) {
      const next: Entry | undefined = entry instanceof Map ? entry.get(name) : undefined;
      if (!next) return undefined;
      entry = next;
    }
    return entry;
  }

  #parent(path: string): readonly [Directory, string] {
    const parts = partsOf(path);
    const name = parts.pop();
    const parent = this.#find(parts.join("/"));
    if (!(parent instanceof Map) || name === undefined) {
      throw failure(`there is no directory for ${path}`);
    }
    return [parent, name];
  }
}

/** The bytes of one file, whatever it is called. */
class MemoryContent {
  size = 0;
  /** Each of {@link chunkBytes} but the last. */
  readonly #chunks: Buffer[] = [];

  read(target: Buffer, position: number): number {
    const length = Math.max(0, Math.min(target.length, this.size - position));
    this.#spans(position, length, (chunk, at, count, done) => {
      chunk.copy(target, done, at, at + count);
    });
    return length;
  }

  write(bytes: Buffer, position: number): void {
    const end = position + bytes.length;
    if (end > this.size) this.resize(end);
    this.#spans(position, bytes.length, (chunk, at, count, done) => {
      bytes.copy(chunk, at, done, done + count);
    });
  }

  resize(size: number): void {
    const before = this.size;
    this.size = size;
    const count = Math.ceil(size / chunkBytes);
    this.#chunks.length = Math.min(this.#chunks.length, count);
    for (let index = Math.max(0, this.#chunks.length - 1); index < count; index += 1) {
      this.#reserve(index, Math.min(chunkBytes, size - index * chunkBytes));
    }
    // What was cut off earlier must not come back.
    if (size > before) {
      this.#spans(
        before,
        size - before,
        (chunk, at, length) => void chunk.fill(0, at, at + length),
      );
    }
  }

  #reserve(index: number, needed: number): void {
    const chunk = this.#chunks[index];
    if (chunk && chunk.length >= needed) return;
    const doubled = Math.max(needed, (chunk?.length ?? 0) * 2, smallestChunkBytes);
    const grown = Buffer.allocUnsafeSlow(Math.min(chunkBytes, doubled));
    chunk?.copy(grown);
    this.#chunks[index] = grown;
  }

  /** Goes over the chunks that hold a range: chunk, place in it, bytes in it, bytes before it. */
  #spans(
    position: number,
    length: number,
    visit: (chunk: Buffer, at: number, count: number, done: number) => void,
  ): void {
    let done = 0;
    while (done < length) {
      const at = (position + done) % chunkBytes;
      const count = Math.min(chunkBytes - at, length - done);
      const chunk = this.#chunks[Math.floor((position + done) / chunkBytes)] as Buffer;
      visit(chunk, at, count, done);
      done += count;
    }
  }
}

type Directory = Map<string, Entry>;
type Entry = MemoryContent | Directory;

class MemoryFile implements DiskFile {
  readonly path: string;
  readonly #content: MemoryContent;

  constructor(path: string, content: MemoryContent) {
    this.path = path;
    this.#content = content;
  }

  size(): number {
    return this.#content.size;
  }

  read(target: Buffer, position: number): number {
    return this.#content.read(target, position);
  }

  write(parts: readonly Buffer[], position: number): void {
    let at = position;
    for (const part of parts) {
      this.#content.write(part, at);
      at += part.length;
    }
  }

  truncate(size: number): void {
    this.#content.resize(size);
  }

  sync(): void {}

  async syncInBackground(): Promise<void> {}

  close(): void {}
}

function partsOf(path: string): string[] {
  return path.split(/[/\\]/).filter((part) => part !== "");
}

function bytesBelow(directory: Directory): number {
  let total = 0;
  for (const entry of directory.values()) {
    total += entry instanceof Map ? bytesBelow(entry) : entry.size;
  }
  return total;
}

function failure(message: string): BrokerError {
  return new BrokerError("KAFKA_STORAGE_ERROR", message);
}
