import { readInt64, writeInt64 } from "../../protocol/index.ts";

/** A version of a value, or its absence, from a time on. */
export interface Version {
  readonly from: number;
  readonly value: Buffer | null;
}

const headBytes = 16;
const entryBytes = 12;
const tombstone = -1;

/**
 * The versions of one key within one segment, newest first, each valid until the one before it begins:
 * `int64 nextTimestamp ‖ int64 minTimestamp ‖ (int64 from, int32 size)* ‖ values, oldest first`, size −1 for a
 * deletion (`RocksDBVersionedStoreSegmentValueFormatter`). One that begins and ends at once is degenerate:
 * it only tells that the key was deleted then.
 */
export class VersionList {
  /** When the newest version here stops being valid. */
  next: number;
  readonly #versions: Version[];

  private constructor(next: number, versions: Version[]) {
    this.next = next;
    this.#versions = versions;
  }

  /** A list of one version. */
  static of(value: Buffer | null, from: number, to: number): VersionList {
    return new VersionList(to, [{ from, value }]);
  }

  static decode(row: Buffer): VersionList {
    const least = readInt64(row, 8);
    const versions: Version[] = [];
    let end = row.length;
    for (let at = headBytes; ; at += entryBytes) {
      const from = readInt64(row, at);
      const size = row.readInt32BE(at + 8);
      const value = size === tombstone ? null : row.subarray(end - size, end);
      end -= Math.max(size, 0);
      versions.push({ from, value });
      if (from === least) break;
    }
    return new VersionList(readInt64(row, 0), versions);
  }

  encode(): Buffer {
    const values = this.#versions.map(({ value }) => value?.length ?? 0);
    const valueBytes = values.reduce((sum, size) => sum + size, 0);
    const row = Buffer.allocUnsafe(headBytes + entryBytes * this.#versions.length + valueBytes);
    writeInt64(row, this.next, 0);
    writeInt64(row, this.least, 8);
    let at = headBytes;
    let end = row.length;
    for (const { from, value } of this.#versions) {
      writeInt64(row, from, at);
      row.writeInt32BE(value ? value.length : tombstone, at + 8);
      at += entryBytes;
      if (!value) continue;
      end -= value.length;
      row.set(value, end);
    }
    return row;
  }

  /** When the oldest version here begins. */
  get least(): number {
    return (this.#versions.at(-1) as Version).from;
  }

  /** The index of the version that is valid at a time, which must be within the list. */
  indexAt(time: number): number {
    return this.#versions.findIndex(({ from }) => from <= time);
  }

  at(index: number): Version {
    return this.#versions[index] as Version;
  }

  /** When the version of an index stops being valid. */
  endOf(index: number): number {
    return index === 0 ? this.next : this.at(index - 1).from;
  }

  /** Puts a version above all others; a gap before it becomes a deletion. */
  addNewest(from: number, to: number, value: Buffer | null): void {
    // A list that reaches further was written by a put that did not come to its end.
    if (from < this.next) this.#truncate(from);
    if (this.#isDegenerate) this.#versions.length = 0;
    if (this.next !== from) this.#versions.unshift({ from: this.next, value: null });
    this.#versions.unshift({ from, value });
    this.next = to;
  }

  /** Puts a version below all others. */
  addOldest(from: number, value: Buffer | null): void {
    if (this.#isDegenerate) this.#versions.length = 0;
    this.#versions.push({ from, value });
  }

  /** Puts a version above that of the index. */
  insert(index: number, from: number, value: Buffer | null): void {
    this.#versions.splice(index, 0, { from, value });
  }

  replace(index: number, from: number, value: Buffer | null): void {
    this.#versions[index] = { from, value };
  }

  get #isDegenerate(): boolean {
    return this.next === this.least;
  }

  #truncate(time: number): void {
    if (time <= this.least) {
      this.#versions.splice(0, this.#versions.length, { from: time, value: null });
    } else {
      const index = this.indexAt(time);
      this.#versions.splice(0, this.at(index).from === time ? index + 1 : index);
    }
    this.next = time;
  }
}
