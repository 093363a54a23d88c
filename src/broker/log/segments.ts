import type { Disk } from "../../disk.ts";
import type { FileDeletions } from "./file-deletions.ts";
import { Segment, type SegmentOptions } from "./segment.ts";

/**
 * The segments of one log in the order of their base offsets, never none once the log is open; and how
 * they come and go on disk.
 */
export class Segments {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #deletions: FileDeletions;
  #all: Segment[] = [];
  /** A segment whose start has failed, of which some files may be there. */
  #unstarted: Segment | undefined;

  constructor(disk: Disk, directory: string, deletions: FileDeletions) {
    this.#disk = disk;
    this.#directory = directory;
    this.#deletions = deletions;
  }

  /** In the order of their base offsets. */
  get all(): readonly Segment[] {
    return this.#all;
  }

  /** The one that is appended to. */
  get active(): Segment {
    return this.#all[this.#all.length - 1] as Segment;
  }

  get first(): Segment {
    return this.#all[0] as Segment;
  }

  /** Bytes of all batches. */
  get sizeInBytes(): number {
    let total = 0;
    for (const segment of this.#all) total += segment.sizeInBytes;
    return total;
  }

  /** The index of the last segment that starts at or below an offset, or −1. */
  indexAt(offset: number): number {
    let low = -1;
    let high = this.#all.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((this.#all[middle] as Segment).baseOffset <= offset) low = middle;
      else high = middle;
    }
    return low;
  }

  /** The segments from the one that holds an offset on; all where none does. */
  from(offset: number): readonly Segment[] {
    return this.#all.slice(Math.max(0, this.indexAt(offset)));
  }

  /** Adds a segment in its place; one with the same base offset gives way. */
  add(segment: Segment): void {
    const index = this.indexAt(segment.baseOffset);
    const isTaken = this.#all[index]?.baseOffset === segment.baseOffset;
    if (isTaken) this.#all[index] = segment;
    else this.#all.splice(index + 1, 0, segment);
  }

  /** Takes segments out of the log; their files stay. */
  remove(segments: readonly Segment[]): void {
    const gone = new Set(segments);
    this.#all = this.#all.filter((segment) => !gone.has(segment));
  }

  /** Makes a segment that is not in the log yet. */
  make(options: Omit<SegmentOptions, "disk" | "directory">): Segment {
    return new Segment({ ...options, disk: this.#disk, directory: this.#directory });
  }

  /** Starts a new active segment. */
  start(baseOffset: number, options: { indexIntervalBytes: number; now: number }): void {
    const segment = this.make({ ...options, baseOffset, sizeInBytes: undefined });
    this.#unstarted = segment;
    segment.remove();
    segment.createFiles();
    this.#unstarted = undefined;
    this.add(segment);
  }

  /** Removes what an attempt to start a segment has left that failed; due before the active one goes on. */
  discardUnstarted(): void {
    this.#unstarted?.remove();
    this.#unstarted = undefined;
  }

  /** Makes a new segment for what compaction leaves of others; {@link Segments.replace} makes it a part of the log. */
  makeCleaned(baseOffset: number, options: { indexIntervalBytes: number; now: number }): Segment {
    const suffix = ".cleaned";
    const segment = this.make({ ...options, baseOffset, suffix, sizeInBytes: undefined });
    segment.remove();
    segment.createFiles();
    return segment;
  }

  /**
   * Takes the first segments out of the log and renames their files, which go after `delayMs`. Where the
   * disk fails, those before the one it failed at.
   */
  giveUp(gone: readonly Segment[], delayMs: number): void {
    const renamed: Segment[] = [];
    try {
      for (const segment of gone) {
        segment.rename(".deleted");
        renamed.push(segment);
      }
    } finally {
      this.remove(renamed);
      this.#deleteLater(renamed, delayMs);
    }
  }

  /**
   * Puts a cleaned segment in the place of others. A crash leaves either these or that; a disk that
   * fails at first, these.
   */
  replace(cleaned: Segment, old: readonly Segment[], delayMs: number): void {
    cleaned.seal();
    cleaned.sync();
    cleaned.rename(".swap");
    const renamed: Segment[] = [];
    try {
      for (const segment of old) {
        segment.rename(".deleted");
        renamed.push(segment);
      }
    } catch (error) {
      for (const segment of renamed) segment.rename("");
      throw error;
    }
    this.remove(old);
    this.add(cleaned);
    this.#deleteLater(old, delayMs);
    try {
      cleaned.rename("");
      this.#disk.syncDirectory(this.#directory);
    } catch {
      // It serves under that name too, and the next start renames it.
    }
  }

  #deleteLater(segments: readonly Segment[], delayMs: number): void {
    this.#deletions.after(delayMs, () => {
      for (const segment of segments) segment.remove();
    });
  }
}
