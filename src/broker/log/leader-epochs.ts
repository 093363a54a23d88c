import type { Disk } from "../../disk.ts";
import { readCheckpoint, writeCheckpoint } from "./checkpoint-file.ts";

/** Where a leader's epoch begins. */
export interface EpochStart {
  readonly epoch: number;
  readonly startOffset: number;
}

/**
 * Which leader epochs wrote which part of a log (`LeaderEpochFileCache`), kept in the partition's
 * `leader-epoch-checkpoint`. Changes stay in memory until {@link LeaderEpochs.write}.
 */
export class LeaderEpochs {
  readonly #disk: Disk;
  readonly #path: string;
  // Both epochs and offsets ascend.
  #entries: EpochStart[];
  /** Whether memory is ahead of the file. */
  #isChanged = false;
  /** Whether the file is ahead of what a loss of power leaves. */
  #isUnsafe = false;

  /** Reads the file in a partition's directory; a missing or damaged one counts as empty. */
  constructor(disk: Disk, directory: string, hasFile: boolean) {
    this.#disk = disk;
    this.#path = `${directory}/${leaderEpochFile}`;
    const lines = hasFile ? readCheckpoint(disk, this.#path) : undefined;
    const entries = (lines ?? []).map(([epoch, start]) => ({
      epoch: Number(epoch),
      startOffset: Number(start),
    }));
    this.#entries = entries.every(isSound) ? entries : [];
  }

  /** The latest epoch; undefined where there is none. */
  get latest(): number | undefined {
    return this.#entries.at(-1)?.epoch;
  }

  /** The first epoch of which something is left; undefined where there is none. */
  get earliest(): EpochStart | undefined {
    return this.#entries[0];
  }

  /** Notes that an epoch begins at an offset; an epoch that is the latest already is no news. */
  begin(epoch: number, startOffset: number): void {
    const last = this.#entries.at(-1);
    if (last && last.epoch === epoch && startOffset >= last.startOffset) return;
    // An epoch under which nothing was written leaves no trace.
    this.#entries = this.#entries.filter(
      (entry) => entry.epoch < epoch && entry.startOffset < startOffset,
    );
    this.#entries.push({ epoch, startOffset });
    this.#isChanged = true;
  }

  /** Forgets the epochs that begin at or above the log's end. */
  truncateEnd(endOffset: number): void {
    const kept = this.#entries.filter(({ startOffset }) => startOffset < endOffset);
    if (kept.length === this.#entries.length) return;
    this.#entries = kept;
    this.#isChanged = true;
  }

  /** Forgets the epochs of which nothing is left, and has the next one begin at the log's start. */
  truncateStart(startOffset: number): void {
    const [first] = this.#entries;
    if (!first || first.startOffset >= startOffset) return;
    let index = 0;
    while ((this.#entries[index + 1]?.startOffset ?? Number.POSITIVE_INFINITY) <= startOffset) {
      index += 1;
    }
    const { epoch } = this.#entries[index] as EpochStart;
    this.#entries = [{ epoch, startOffset }, ...this.#entries.slice(index + 1)];
    this.#isChanged = true;
  }

  /** The epoch that wrote an offset; undefined where unknown. */
  at(offset: number): number | undefined {
    return this.#entries.findLast(({ startOffset }) => startOffset <= offset)?.epoch;
  }

  /** The last epoch at or below the one asked for, and where it ends (KIP-101); −1 and −1 where unknown. */
  endOf(
    epoch: number,
    logEndOffset: number,
  ): { readonly epoch: number; readonly endOffset: number } {
    if (epoch >= 0 && epoch === this.latest) return { epoch, endOffset: logEndOffset };
    const next = this.#entries.find((entry) => entry.epoch > epoch);
    if (epoch < 0 || !next) return { epoch: -1, endOffset: -1 };
    const found = this.#entries.findLast((entry) => entry.epoch <= epoch);
    return { epoch: found?.epoch ?? epoch, endOffset: next.startOffset };
  }

  /** Writes the file where it is out of date; what `isSafe` has been written survives a loss of power. */
  write({ isSafe }: { readonly isSafe: boolean }): void {
    if (!this.#isChanged && !(isSafe && this.#isUnsafe)) return;
    const lines = this.#entries.map(({ epoch, startOffset }) => `${epoch} ${startOffset}`);
    writeCheckpoint(this.#disk, this.#path, lines, { isSafe });
    this.#isChanged = false;
    this.#isUnsafe = !isSafe;
  }
}

/** The name of the file in a partition's directory. */
export const leaderEpochFile = "leader-epoch-checkpoint";

function isSound(entry: EpochStart, index: number, all: readonly EpochStart[]): boolean {
  const isCount = Number.isSafeInteger(entry.epoch) && Number.isSafeInteger(entry.startOffset);
  const before = all[index - 1];
  const isOrdered =
    !before || (before.epoch < entry.epoch && before.startOffset < entry.startOffset);
  return isCount && entry.epoch >= 0 && entry.startOffset >= 0 && isOrdered;
}
