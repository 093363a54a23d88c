import type { Disk, DiskFile } from "../../disk.ts";

/** How many entries a search reads at once when it has come that near. */
const searchedEntries = 256;
/** How many entries wait in memory at most before they are written, as long as the disk takes them. */
const pendingEntries = 512;

/**
 * A file of entries of one size, each greater than the one before it. New ones stay in memory until a
 * block of them is full or {@link IndexFile.flush} asks for it: the indexes of the segments that a
 * crash could find half written are rebuilt from the batches anyway, so an append needs no write for
 * them. The file is made with the first write.
 */
export class IndexFile {
  /** How many entries there are. */
  count: number;
  readonly #disk: Disk;
  readonly #entryBytes: number;
  #path: string;
  #file: DiskFile | undefined;
  /** How many of the entries are in the file; the others are in {@link #pending}. */
  #written: number;
  #pending: Buffer | undefined;
  #scratch: Buffer | undefined;

  /** Opens the file at `path`, of which `size` bytes are there; a part of an entry at its end does not count. */
  constructor(disk: Disk, path: string, entryBytes: number, size: number) {
    this.#disk = disk;
    this.#path = path;
    this.#entryBytes = entryBytes;
    this.#written = Math.floor(size / entryBytes);
    this.count = this.#written;
    this.#dropUnusedTail();
    if (this.count * entryBytes < size) this.#open().truncate(this.count * entryBytes);
  }

  /** The size of all entries. */
  get sizeInBytes(): number {
    return this.count * this.#entryBytes;
  }

  /** Gives entry `n`; the buffer is used again by the next call. */
  entry(n: number): Buffer {
    if (n < this.#written) {
      this.#scratch ??= Buffer.alloc(this.#entryBytes);
      this.#open().read(this.#scratch, n * this.#entryBytes);
      return this.#scratch;
    }
    const at = (n - this.#written) * this.#entryBytes;
    return (this.#pending as Buffer).subarray(at, at + this.#entryBytes);
  }

  /** Appends an entry, which `write` puts down at a place in a buffer. */
  append(write: (target: Buffer, at: number) => void): void {
    const at = (this.count - this.#written) * this.#entryBytes;
    if (!this.#pending || at + this.#entryBytes > this.#pending.length) this.#grow(at);
    write(this.#pending as Buffer, at);
    this.count += 1;
    if (this.count - this.#written >= pendingEntries) this.#writeIfPossible();
  }

  /** The last entry for which `isAtMost` holds, or −1; it must hold for all before one for which it holds. */
  search(isAtMost: (buffer: Buffer, at: number) => boolean): number {
    let low = -1;
    let high = this.count;
    // Invariant: it holds for `low`, not for `high`.
    while (high - low > 1) {
      if (high <= this.#written && high - low <= searchedEntries) {
        return this.#searchBlock(low, high, isAtMost);
      }
      const middle = (low + high) >>> 1;
      if (isAtMost(this.entry(middle), 0)) low = middle;
      else high = middle;
    }
    return low;
  }

  /** Drops all entries from `count` on. */
  truncate(count: number): void {
    if (count >= this.count) return;
    if (count < this.#written) {
      this.#open().truncate(count * this.#entryBytes);
      this.#written = count;
    }
    this.count = count;
  }

  /** Writes what waits in memory; makes the file if it is not there yet and `isNeeded`. */
  flush({ isNeeded }: { readonly isNeeded: boolean }): void {
    if (this.count > this.#written) this.#write();
    else if (isNeeded && !this.#file) this.#open();
  }

  /** Flushes and syncs; does nothing for an index without a file. */
  sync(): void {
    this.flush({ isNeeded: false });
    if (this.#written > 0) this.#open().sync();
  }

  /** Like {@link IndexFile.sync}, without holding up the event loop. */
  async syncInBackground(): Promise<void> {
    this.flush({ isNeeded: false });
    if (this.#written > 0) await this.#open().syncInBackground();
  }

  /** Closes the file, which is opened again when it is needed, then at `path`. */
  moveTo(path: string): void {
    this.close();
    this.#path = path;
  }

  /** Closes the file; what was not flushed stays in memory. */
  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  #open(): DiskFile {
    this.#file ??= this.#disk.open(this.#path);
    return this.#file;
  }

  #grow(used: number): void {
    const bytes = Math.max(8 * this.#entryBytes, used * 2);
    const grown = Buffer.alloc(bytes);
    this.#pending?.copy(grown, 0, 0, used);
    this.#pending = grown;
  }

  #write(): void {
    const bytes = (this.count - this.#written) * this.#entryBytes;
    const pending = (this.#pending as Buffer).subarray(0, bytes);
    this.#open().write([pending], this.#written * this.#entryBytes);
    this.#written = this.count;
    this.#pending = undefined;
  }

  /** Writes a full block. A disk that refuses does not stop the append: the entries wait for the next block. */
  #writeIfPossible(): void {
    if ((this.count - this.#written) % pendingEntries !== 0) return;
    try {
      this.#write();
    } catch {
      // The segment's batches are what counts; whoever needs the file flushes, and meets the error there.
    }
  }

  #searchBlock(
    low: number,
    high: number,
    isAtMost: (buffer: Buffer, at: number) => boolean,
  ): number {
    const block = Buffer.allocUnsafe((high - low - 1) * this.#entryBytes);
    this.#open().read(block, (low + 1) * this.#entryBytes);
    let from = low;
    let to = high;
    while (to - from > 1) {
      const middle = (from + to) >>> 1;
      if (isAtMost(block, (middle - low - 1) * this.#entryBytes)) from = middle;
      else to = middle;
    }
    return from;
  }

  /**
   * A Kafka that was killed leaves an index at its full size, with zeros where entries were to come.
   * Entries but the first are never all zeros, and none follows such a one.
   */
  #dropUnusedTail(): void {
    const isZero = (n: number) => this.entry(n).every((byte) => byte === 0);
    if (this.#written === 0 || !isZero(this.#written - 1)) return;
    let low = 0;
    let high = this.#written - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isZero(middle)) high = middle;
      else low = middle + 1;
    }
    this.#written = low;
    this.count = low;
  }
}
