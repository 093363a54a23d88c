import type { Disk } from "../../disk.ts";
import { OffsetIndex } from "./offset-index.ts";
import { TimeIndex, type TimestampOffset } from "./time-index.ts";
import { TransactionIndex } from "./transaction-index.ts";

/** The kinds of index that a segment has, by the endings of their files. */
export type SegmentIndexKind = ".index" | ".timeindex" | ".txnindex";

/** The three indexes of one segment, kept in step. Each is opened when it is first needed. */
export class SegmentIndexes {
  readonly #disk: Disk;
  readonly #baseOffset: number;
  readonly #intervalBytes: number;
  /** Whether the segment was made just now, so that no file needs to be looked for. */
  readonly #isNew: boolean;
  #pathOf: (kind: SegmentIndexKind) => string;
  #offsets: OffsetIndex | undefined;
  #times: TimeIndex | undefined;
  #transactions: TransactionIndex | undefined;
  #greatest: TimestampOffset | undefined;
  #bytesSinceEntry = 0;

  constructor(
    disk: Disk,
    baseOffset: number,
    options: {
      /** Bytes of batches between two entries. */
      readonly intervalBytes: number;
      readonly isNew: boolean;
      readonly pathOf: (kind: SegmentIndexKind) => string;
    },
  ) {
    this.#disk = disk;
    this.#baseOffset = baseOffset;
    this.#intervalBytes = options.intervalBytes;
    this.#isNew = options.isNew;
    this.#pathOf = options.pathOf;
  }

  get offsets(): OffsetIndex {
    this.#offsets ??= new OffsetIndex(
      this.#disk,
      this.#pathOf(".index"),
      this.#baseOffset,
      this.#sizeOf(".index"),
    );
    return this.#offsets;
  }

  get times(): TimeIndex {
    this.#times ??= new TimeIndex(
      this.#disk,
      this.#pathOf(".timeindex"),
      this.#baseOffset,
      this.#sizeOf(".timeindex"),
    );
    return this.#times;
  }

  get transactions(): TransactionIndex {
    const kind = ".txnindex";
    this.#transactions ??= new TransactionIndex(this.#disk, this.#pathOf(kind), this.#sizeOf(kind));
    return this.#transactions;
  }

  /** The greatest timestamp, −1 where no record has one, and the last offset of the first batch that has it. */
  get greatestTimestamp(): TimestampOffset {
    this.#greatest ??= this.times.last;
    return this.#greatest;
  }

  /** Whether one of the indexes, each of `maxBytes`, has no room; the time index keeps a place for the end's entry. */
  isFull(maxBytes: number): boolean {
    return (
      this.offsets.file.count >= Math.floor(maxBytes / 8) ||
      this.times.file.count >= Math.floor(maxBytes / 12) - 1
    );
  }

  /** Takes in a batch that was appended: its last offset, its greatest timestamp, where it is and how large. */
  add(lastOffset: number, maxTimestamp: number, position: number, sizeInBytes: number): void {
    if (maxTimestamp > this.greatestTimestamp.timestamp) {
      this.#greatest = { timestamp: maxTimestamp, offset: lastOffset };
    }
    if (this.#bytesSinceEntry > this.#intervalBytes) {
      this.offsets.append(lastOffset, position);
      this.#noteGreatest();
      this.#bytesSinceEntry = 0;
    }
    this.#bytesSinceEntry += sizeInBytes;
  }

  /** Empties the indexes, to be built again from the batches. */
  reset(): void {
    this.offsets.clear();
    this.times.clear();
    this.transactions.file.truncate(0);
    this.#greatest = undefined;
    this.#bytesSinceEntry = 0;
  }

  /** Adds the entry for the greatest timestamp, which the end of a segment has, and writes what is in memory. */
  seal(): void {
    if (this.greatestTimestamp.timestamp >= 0) this.#noteGreatest();
    this.offsets.file.flush({ isNeeded: true });
    this.flush();
  }

  /** Writes what is in memory. */
  flush(): void {
    for (const { file } of this.#opened()) file.flush({ isNeeded: false });
  }

  /** Returns once all is safe from a loss of power. */
  sync(): void {
    for (const { file } of this.#opened()) file.sync();
  }

  /** Resolves once all is safe from a loss of power. */
  async syncInBackground(): Promise<void> {
    for (const { file } of this.#opened()) await file.syncInBackground();
  }

  /** Takes the files under the names that they have got meanwhile. */
  move(pathOf: (kind: SegmentIndexKind) => string): void {
    this.#pathOf = pathOf;
    this.#offsets?.file.moveTo(pathOf(".index"));
    this.#times?.file.moveTo(pathOf(".timeindex"));
    this.#transactions?.file.moveTo(pathOf(".txnindex"));
  }

  /** Closes the files; what was not written stays in memory. */
  close(): void {
    for (const { file } of this.#opened()) file.close();
  }

  #noteGreatest(): void {
    const { timestamp, offset } = this.greatestTimestamp;
    this.times.append(timestamp, offset);
  }

  #opened(): (OffsetIndex | TimeIndex | TransactionIndex)[] {
    const all = [this.#offsets, this.#times, this.#transactions];
    return all.filter((index) => index !== undefined);
  }

  #sizeOf(kind: SegmentIndexKind): number {
    return this.#isNew ? 0 : (this.#disk.sizeOf(this.#pathOf(kind)) ?? 0);
  }
}
