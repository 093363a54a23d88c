import type { Disk, DiskFile } from "../../disk.ts";
import { BrokerError, DecodeError } from "../../errors.ts";
import { type RecordBatch, RecordBatches, RecordCursor } from "../../protocol/index.ts";
import { BatchHeaders, BatchReader } from "./batch-reader.ts";
import {
  logFileName,
  type SegmentFileKind,
  type SegmentSuffix,
  segmentFileKinds,
} from "./log-file-names.ts";
import { SegmentIndexes } from "./segment-indexes.ts";
import type { TimestampOffset } from "./time-index.ts";
import type { TransactionIndex } from "./transaction-index.ts";

/** Indexes hold offsets as four bytes, counted from the segment's base. */
const greatestRelativeOffset = 0x7fffffff;
/** How large the records of one batch may be when they are decompressed to look for a timestamp. */
const decompressedLimitBytes = 1024 * 1024 * 1024;

/** Where a batch starts in a segment. */
export interface BatchPosition {
  readonly baseOffset: number;
  readonly position: number;
  readonly sizeInBytes: number;
}

/** A place in the log found by time. */
export interface TimestampAndOffset {
  readonly timestamp: number;
  readonly offset: number;
  /** −1 where unknown. */
  readonly leaderEpoch: number;
}

/** What makes a segment. */
export interface SegmentOptions {
  readonly disk: Disk;
  readonly directory: string;
  readonly baseOffset: number;
  readonly suffix?: SegmentSuffix | undefined;
  /** Bytes in its log file; undefined for a segment without files, which come with the first batch. */
  readonly sizeInBytes: number | undefined;
  readonly indexIntervalBytes: number;
  /** The time, for a segment whose records have no timestamps. */
  readonly now: number;
}

/**
 * A part of a partition's log (`LogSegment`): a file of batches and its indexes. Holds no descriptors
 * and reads no index before it has to. All calls are synchronous.
 */
export class Segment {
  /** No offset in the segment is lower. */
  readonly baseOffset: number;
  readonly directory: string;
  readonly createdAt: number;
  /** When it was made or last appended to, as far as this process knows; for records without timestamps. */
  modifiedAt: number;
  readonly #disk: Disk;
  readonly #indexes: SegmentIndexes;
  #sizeInBytes: number;
  #suffix: SegmentSuffix;
  #log: DiskFile | undefined;
  #firstTimestamp: number | undefined;
  /** Whether its files are there; those of a new log come with its first batch. */
  #hasFiles: boolean;
  /** Whether there may be bytes behind the end that a failed write has left. */
  #isTorn = false;

  constructor(options: SegmentOptions) {
    const { disk, baseOffset, sizeInBytes } = options;
    this.#disk = disk;
    this.directory = options.directory;
    this.baseOffset = baseOffset;
    this.modifiedAt = options.now;
    this.createdAt = options.now;
    this.#sizeInBytes = sizeInBytes ?? 0;
    this.#hasFiles = sizeInBytes !== undefined;
    this.#suffix = options.suffix ?? "";
    this.#indexes = new SegmentIndexes(disk, baseOffset, {
      intervalBytes: options.indexIntervalBytes,
      isNew: sizeInBytes === undefined,
      pathOf: (kind) => this.#path(kind),
    });
  }

  /** How many bytes of batches there are. */
  get sizeInBytes(): number {
    return this.#sizeInBytes;
  }

  /** What follows the names of its files while it is not a part of the log. */
  get suffix(): SegmentSuffix {
    return this.#suffix;
  }

  /** The greatest timestamp of its records, −1 where none has one, and the last offset of the first batch with it. */
  get greatestTimestamp(): TimestampOffset {
    return this.#indexes.greatestTimestamp;
  }

  /** How recent its records are: their greatest timestamp, or the time of the last change where none has one. */
  get recency(): number {
    const { timestamp } = this.greatestTimestamp;
    return timestamp >= 0 ? timestamp : this.modifiedAt;
  }

  /** The greatest timestamp of the first batch, from which `segment.ms` counts; −1 where there is none. */
  get firstTimestamp(): number {
    if (this.#firstTimestamp === undefined && this.#sizeInBytes > 0) {
      const headers = this.headers(0);
      this.#firstTimestamp = this.checked(() => headers.next()) ? headers.maxTimestamp : -1;
    }
    return this.#firstTimestamp ?? -1;
  }

  /** Bytes of its offset index. */
  get offsetIndexBytes(): number {
    return this.#indexes.offsets.file.sizeInBytes;
  }

  /** Bytes of its time index. */
  get timeIndexBytes(): number {
    return this.#indexes.times.file.sizeInBytes;
  }

  /** The aborted transactions whose markers are in the segment. */
  get transactions(): TransactionIndex {
    return this.#indexes.transactions;
  }

  /** Whether the indexes can express an offset. */
  canHold(offset: number): boolean {
    return offset - this.baseOffset <= greatestRelativeOffset;
  }

  /** Whether one of the indexes, each of `maxBytes`, has no room. */
  hasFullIndex(maxBytes: number): boolean {
    return this.#indexes.isFull(maxBytes);
  }

  /**
   * Appends whole batches, in one write. Their offsets must be greater than those that are there. Where
   * the write fails, nothing of them stays.
   */
  append(records: Buffer, batches: readonly RecordBatch[] = batchesOf(records)): void {
    if (!this.#hasFiles) this.createFiles();
    this.#write(records);
    for (const batch of batches) {
      const { lastOffset, maxTimestamp, sizeInBytes } = batch;
      if (this.#sizeInBytes === 0) this.#firstTimestamp = maxTimestamp;
      this.#indexes.add(lastOffset, maxTimestamp, this.#sizeInBytes, sizeInBytes);
      this.#sizeInBytes += sizeInBytes;
    }
  }

  /** Where the batch lies that has an offset, or the first after it; undefined where there is none. */
  locate(offset: number): BatchPosition | undefined {
    if (this.#sizeInBytes === 0) return undefined;
    const headers = this.headers(this.#indexes.offsets.lookup(offset).position);
    return this.checked(() => {
      while (headers.next()) {
        if (headers.lastOffset < offset) continue;
        const { baseOffset, position, sizeInBytes } = headers;
        return { baseOffset, position, sizeInBytes };
      }
      return undefined;
    });
  }

  /** Reads a part of the batches' bytes, into memory that `take` gives; fewer than asked for only at the end. */
  read(position: number, length: number, take: (length: number) => Buffer): Buffer {
    const bytes = take(Math.min(length, this.#sizeInBytes - position));
    const count = this.#logFile().read(bytes, position);
    return count === bytes.length ? bytes : bytes.subarray(0, count);
  }

  /** The headers of its batches from a position on. */
  headers(position: number): BatchHeaders {
    return new BatchHeaders(this.#logFile(), position, this.#sizeInBytes);
  }

  /** Its batches from a position on. */
  batches(position = 0): BatchReader {
    return new BatchReader(this.#logFile(), position, this.#sizeInBytes);
  }

  /** The offset after that of its last batch, found by reading; its base where it is empty. */
  readEndOffset(): number {
    if (this.#sizeInBytes === 0) return this.baseOffset;
    const headers = this.headers(this.#indexes.offsets.last.position);
    return this.checked(() => {
      let end = this.baseOffset;
      while (headers.next()) end = headers.lastOffset + 1;
      return end;
    });
  }

  /** The first record at or above `startOffset` whose timestamp is at least the one asked for. */
  findTimestamp(timestamp: number, startOffset: number): TimestampAndOffset | undefined {
    const near = Math.max(this.#indexes.times.lookup(timestamp).offset, startOffset);
    const reader = this.batches(this.#indexes.offsets.lookup(near).position);
    return this.checked(() => {
      for (let batch = reader.next(); batch; batch = reader.next()) {
        const found = findInBatch(batch, timestamp, startOffset);
        if (found) return found;
      }
      return undefined;
    });
  }

  /**
   * Builds the indexes again from the batches, as far as those are whole: gives each to `visit`, which
   * may throw a `DecodeError` to refuse it. What follows the last good one no longer counts, and goes
   * when the segment is sealed, which is due next. Gives how many bytes that are.
   */
  recover(visit: (batch: RecordBatch) => void): number {
    this.#indexes.reset();
    const reader = this.batches();
    let end = 0;
    try {
      for (let batch = reader.next(); batch; batch = reader.next()) {
        batch.checkCrc();
        visit(batch);
        this.#indexes.add(batch.lastOffset, batch.maxTimestamp, end, batch.sizeInBytes);
        end = reader.position;
      }
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
    const lost = this.#sizeInBytes - end;
    this.#sizeInBytes = end;
    this.#isTorn = lost > 0;
    return lost;
  }

  /** Writes what is in memory: with it the files say all there is to say about a segment that gets no more batches. */
  seal(): void {
    if (this.#isTorn) this.#trim();
    if (this.#hasFiles) this.#indexes.seal();
  }

  /** Makes the files that Kafka wants to see even where they are empty. */
  createFiles(): void {
    this.#logFile();
    this.#indexes.offsets.file.flush({ isNeeded: true });
    this.#hasFiles = true;
  }

  /** Returns once the segment is safe from a loss of power. */
  sync(): void {
    if (!this.#hasFiles) return;
    this.#logFile().sync();
    this.#indexes.sync();
  }

  /** Resolves once the segment is safe from a loss of power, as far as it is written now. */
  async syncInBackground(): Promise<void> {
    await this.#logFile().syncInBackground();
    await this.#indexes.syncInBackground();
  }

  /**
   * Gives the files other names: Kafka's way to say that a segment is to come or to go. Where that
   * fails, they keep their names, as far as the disk lets them.
   */
  rename(suffix: SegmentSuffix): void {
    this.close();
    const renamed: (readonly [from: string, to: string])[] = [];
    try {
      for (const kind of segmentFileKinds) {
        const from = this.#path(kind);
        const to = this.#path(kind, suffix);
        if (!this.#disk.exists(from)) continue;
        this.#disk.rename(from, to);
        renamed.push([from, to]);
      }
    } catch (error) {
      for (const [from, to] of renamed) this.#disk.rename(to, from);
      throw error;
    }
    this.#suffix = suffix;
    this.#indexes.move((kind) => this.#path(kind));
  }

  /** Closes the files, which open again on use. Does not write what {@link Segment.seal} would. */
  close(): void {
    this.#log?.close();
    this.#log = undefined;
    this.#indexes.close();
  }

  /** Removes the files. */
  remove(): void {
    this.close();
    for (const kind of segmentFileKinds) this.#disk.remove(this.#path(kind));
  }

  /** Runs what reads the segment: what makes no sense in it is the disk's failure, KAFKA_STORAGE_ERROR. */
  checked<T>(run: () => T): T {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      const message = `${this.#path(".log")} is damaged: ${error.message}; remove .kafka_cleanshutdown while the broker is down to have it recovered`;
      throw new BrokerError("KAFKA_STORAGE_ERROR", message, { cause: error });
    }
  }

  #write(records: Buffer): void {
    if (this.#isTorn) this.#trim();
    try {
      this.#logFile().write([records], this.#sizeInBytes);
    } catch (error) {
      this.#isTorn = true;
      try {
        this.#trim();
      } catch {
        // The first error says more, and the next write tries again.
      }
      throw error;
    }
  }

  #trim(): void {
    this.#logFile().truncate(this.#sizeInBytes);
    this.#isTorn = false;
  }

  #logFile(): DiskFile {
    this.#log ??= this.#disk.open(this.#path(".log"));
    return this.#log;
  }

  #path(kind: SegmentFileKind, suffix: SegmentSuffix = this.#suffix): string {
    return `${this.directory}/${logFileName(this.baseOffset, kind)}${suffix}`;
  }
}

function batchesOf(records: Buffer): RecordBatch[] {
  const reader = new RecordBatches(records);
  const batches: RecordBatch[] = [];
  for (let batch = reader.next(); batch; batch = reader.next()) batches.push(batch);
  return batches;
}

function findInBatch(
  batch: RecordBatch,
  timestamp: number,
  startOffset: number,
): TimestampAndOffset | undefined {
  if (batch.maxTimestamp < timestamp) return undefined;
  const cursor = new RecordCursor();
  cursor.open(batch, decompressedLimitBytes);
  while (cursor.next()) {
    if (cursor.timestamp < timestamp || cursor.offset < startOffset) continue;
    const leaderEpoch = batch.partitionLeaderEpoch;
    return { timestamp: cursor.timestamp, offset: cursor.offset, leaderEpoch };
  }
  return undefined;
}
