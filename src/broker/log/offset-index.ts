import type { Disk } from "../../disk.ts";
import { IndexFile } from "./index-file.ts";

const entryBytes = 8;

/** Where a batch of a segment starts. */
export interface OffsetPosition {
  /** The last offset of the batch. */
  readonly offset: number;
  /** Bytes from the start of the segment. */
  readonly position: number;
}

/**
 * A segment's sparse index from offsets to positions (`OffsetIndex`): for a batch every
 * `index.interval.bytes`, its last offset less the segment's base and its place, four bytes each.
 */
export class OffsetIndex {
  readonly file: IndexFile;
  readonly #baseOffset: number;
  #lastOffset: number;

  /** Opens the index at `path`, of which `size` bytes are there. */
  constructor(disk: Disk, path: string, baseOffset: number, size: number) {
    this.file = new IndexFile(disk, path, entryBytes, size);
    this.#baseOffset = baseOffset;
    this.#lastOffset = this.last.offset;
  }

  /** The last entry; the segment's start where there is none. */
  get last(): OffsetPosition {
    return this.#at(this.file.count - 1);
  }

  /** Notes that the batch that ends with `offset` starts at `position`. */
  append(offset: number, position: number): void {
    if (this.file.count > 0 && offset <= this.#lastOffset) return;
    this.file.append((target, at) => {
      target.writeInt32BE(offset - this.#baseOffset, at);
      target.writeInt32BE(position, at + 4);
    });
    this.#lastOffset = offset;
  }

  /** The last entry at or below an offset; the segment's start where there is none. */
  lookup(offset: number): OffsetPosition {
    const relative = offset - this.#baseOffset;
    return this.#at(this.file.search((buffer, at) => buffer.readInt32BE(at) <= relative));
  }

  /** Drops all entries. */
  clear(): void {
    this.file.truncate(0);
    this.#lastOffset = this.#baseOffset;
  }

  #at(n: number): OffsetPosition {
    if (n < 0) return { offset: this.#baseOffset, position: 0 };
    const entry = this.file.entry(n);
    return { offset: this.#baseOffset + entry.readInt32BE(0), position: entry.readInt32BE(4) };
  }
}
