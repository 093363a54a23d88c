import type { Disk } from "../../disk.ts";
import { readInt64, writeInt64 } from "../../protocol/index.ts";
import { IndexFile } from "./index-file.ts";

const entryBytes = 12;

/** The greatest timestamp up to some batch, and the last offset of the batch that has it. */
export interface TimestampOffset {
  /** −1 where no record has a timestamp. */
  readonly timestamp: number;
  readonly offset: number;
}

/**
 * A segment's sparse index from timestamps to offsets (`TimeIndex`): an entry says that no record up
 * to its offset is later than its timestamp. Eight bytes for that, four for the offset less the base.
 */
export class TimeIndex {
  readonly file: IndexFile;
  readonly #baseOffset: number;
  #last: TimestampOffset;

  /** Opens the index at `path`, of which `size` bytes are there. */
  constructor(disk: Disk, path: string, baseOffset: number, size: number) {
    this.file = new IndexFile(disk, path, entryBytes, size);
    this.#baseOffset = baseOffset;
    this.#last = this.#at(this.file.count - 1);
  }

  /** The last entry, whose timestamp is the greatest; −1 and the segment's base where there is none. */
  get last(): TimestampOffset {
    return this.#last;
  }

  /** Adds an entry, unless the last one has that timestamp or a later one already. */
  append(timestamp: number, offset: number): void {
    if (timestamp <= this.#last.timestamp || offset < this.#last.offset) return;
    this.file.append((target, at) => {
      writeInt64(target, timestamp, at);
      target.writeInt32BE(offset - this.#baseOffset, at + 8);
    });
    this.#last = { timestamp, offset };
  }

  /** The last entry whose timestamp is at most the one asked for; −1 and the segment's base where there is none. */
  lookup(timestamp: number): TimestampOffset {
    return this.#at(this.file.search((buffer, at) => readInt64(buffer, at) <= timestamp));
  }

  /** Drops all entries. */
  clear(): void {
    this.file.truncate(0);
    this.#last = this.#at(-1);
  }

  #at(n: number): TimestampOffset {
    if (n < 0) return { timestamp: -1, offset: this.#baseOffset };
    const entry = this.file.entry(n);
    return { timestamp: readInt64(entry, 0), offset: this.#baseOffset + entry.readInt32BE(8) };
  }
}
