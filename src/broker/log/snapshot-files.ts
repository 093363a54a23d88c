import type { Disk } from "../../disk.ts";
import { DecodeError } from "../../errors.ts";
import { readWholeFile, writeWholeFile } from "./checkpoint-file.ts";
import { logFileName } from "./log-file-names.ts";
import type { ProducerStates } from "./producer-states.ts";

/**
 * The snapshots of a partition's producers: `<offset>.snapshot` has what the log below the offset
 * tells of them. There is one for each segment's base, and one for the end that the log was closed at.
 */
export class SnapshotFiles {
  readonly #disk: Disk;
  readonly #directory: string;
  /** Ascending. */
  #offsets: number[];

  /** Takes the snapshots that were found in the directory. */
  constructor(disk: Disk, directory: string, offsets: readonly number[]) {
    this.#disk = disk;
    this.#directory = directory;
    this.#offsets = [...offsets].sort((left, right) => left - right);
  }

  /** Up to which offset there is a snapshot; undefined where there is none. */
  get latest(): number | undefined {
    return this.#offsets.at(-1);
  }

  /** Writes the snapshot for an offset, unless there is one. */
  take(producers: ProducerStates, offset: number, options: { readonly isSafe: boolean }): void {
    if (this.#offsets.includes(offset)) return;
    writeWholeFile(this.#disk, this.path(offset), producers.snapshot(), options);
    this.#offsets.push(offset);
    this.#offsets.sort((left, right) => left - right);
  }

  /** Sets producers to the last snapshot at or below an offset that can be read; removes those that cannot. */
  restore(producers: ProducerStates, upTo: number, logStartOffset: number): void {
    for (const offset of this.#offsets.filter((one) => one <= upTo).reverse()) {
      try {
        producers.restore(readWholeFile(this.#disk, this.path(offset)), offset);
        return;
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        this.remove([offset]);
      }
    }
    producers.restore(undefined, logStartOffset);
  }

  /** Removes the snapshots for which `isWanted` is false. */
  keep(isWanted: (offset: number) => boolean): void {
    this.remove(this.#offsets.filter((offset) => !isWanted(offset)));
  }

  /** Removes the snapshots for some offsets, if they are there. */
  remove(offsets: readonly number[]): void {
    for (const offset of offsets) {
      if (!this.#offsets.includes(offset)) continue;
      this.#disk.remove(this.path(offset));
      this.#offsets = this.#offsets.filter((other) => other !== offset);
    }
  }

  /** Where the snapshot for an offset lies. */
  path(offset: number): string {
    return `${this.#directory}/${logFileName(offset, ".snapshot")}`;
  }
}
