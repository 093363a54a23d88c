import type { Clock } from "../../clock.ts";
import type { Disk } from "../../disk.ts";
import { BrokerError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { RecordBatch } from "../../protocol/index.ts";
import { type AppendOrigin, type ValidBatches, validateBatches } from "./batch-validation.ts";
import type { LogConfig } from "./log-config.ts";
import { LogFlusher } from "./log-flusher.ts";
import type { LoadedLog } from "./log-loader.ts";
import { LogReader, type ReadOptions, type ReadResult } from "./log-reader.ts";
import type { DuplicateBatch, ProducerOverview, ProducerStates } from "./producer-states.ts";
import { expiredSegments } from "./retention.ts";
import type { Segment, TimestampAndOffset } from "./segment.ts";
import { mustRoll } from "./segment-roll.ts";
import type { AbortedTransactionEntry } from "./transaction-index.ts";

/** What an append gave. */
export interface AppendResult {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly recordCount: number;
  readonly sizeInBytes: number;
  /** The broker's time where it stamps records, else −1. */
  readonly logAppendTimeMs: number;
  readonly logStartOffset: number;
  /** Whether the batch had been appended before, so that nothing was written. */
  readonly isDuplicate: boolean;
}

/** What an append is done with. */
export interface AppendOptions {
  readonly leaderEpoch: number;
  readonly origin: AppendOrigin;
  /** 2 where the producer's epoch grows with each transaction (KIP-890); by default 0. */
  readonly transactionVersion?: number | undefined;
}

/** What a log is made of, by {@link LogDirectory}. */
export interface PartitionLogOptions {
  readonly topic: string;
  readonly partition: number;
  readonly topicId: string;
  readonly directory: string;
  readonly config: LogConfig;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly producerIdExpirationMs: number;
  readonly cleanedUpTo: number;
  readonly loaded: LoadedLog;
  /** Called when the log's start or the end of its compacted part has moved, so that it gets noted. */
  readonly onProgress: () => void;
}

/**
 * The log of one partition on disk, in Kafka's format (`UnifiedLog`, `LocalLog`). All calls are
 * synchronous. On one node everything written is replicated: the high watermark is the log's end.
 */
export class PartitionLog {
  readonly topic: string;
  readonly partition: number;
  /** The topic's id, as in `partition.metadata`. */
  readonly topicId: string;
  /** Where its files lie. */
  readonly directory: string;
  /** May be replaced at any time; what is new holds from the next append or retention on. */
  config: LogConfig;
  readonly #options: PartitionLogOptions;
  readonly #loaded: LoadedLog;
  readonly #reader: LogReader;
  readonly #flusher: LogFlusher;
  // 0 ≤ logStartOffset ≤ lastStableOffset ≤ highWatermark = logEndOffset
  #logStartOffset: number;
  #logEndOffset: number;
  #cleanedUpTo: number;
  #isClosed = false;

  constructor(options: PartitionLogOptions) {
    const { loaded } = options;
    this.topic = options.topic;
    this.partition = options.partition;
    this.topicId = options.topicId;
    this.directory = options.directory;
    this.config = options.config;
    this.#options = options;
    this.#loaded = loaded;
    this.#reader = new LogReader(loaded.segments, this);
    this.#flusher = new LogFlusher(options);
    this.#logStartOffset = loaded.logStartOffset;
    this.#logEndOffset = loaded.logEndOffset;
    this.#cleanedUpTo = options.cleanedUpTo;
  }

  /** The first offset that can be read. */
  get logStartOffset(): number {
    return this.#logStartOffset;
  }

  /** The offset that the next record gets. */
  get logEndOffset(): number {
    return this.#logEndOffset;
  }

  /** The log's end, since no other replica is waited for. */
  get highWatermark(): number {
    return this.#logEndOffset;
  }

  /** Where the oldest open transaction begins; the log's end without one. */
  get lastStableOffset(): number {
    const unstable = this.#loaded.producers.firstUnstableOffset;
    return unstable === undefined ? this.#logEndOffset : Math.max(unstable, this.#logStartOffset);
  }

  /** Bytes of all segments. */
  get sizeInBytes(): number {
    return this.#loaded.segments.sizeInBytes;
  }

  /** The epoch of the last batch, or undefined where there was none. */
  get latestEpoch(): number | undefined {
    return this.#loaded.epochs.latest;
  }

  /** Up to which offset (exclusive) a loss of power would lose nothing. */
  get recoveryPoint(): number {
    return this.#flusher.recoveryPoint;
  }

  /** Its parts in order, the last of which is appended to. */
  get segments(): readonly Segment[] {
    return this.#loaded.segments.all;
  }

  get activeSegment(): Segment {
    return this.#loaded.segments.active;
  }

  /** What is known of its producers; for reading only. */
  get producers(): ProducerStates {
    return this.#loaded.producers;
  }

  /** Up to which offset (exclusive) compaction has been; 0 where it has not. Kept in `cleaner-offset-checkpoint`. */
  get cleanedUpTo(): number {
    return this.#cleanedUpTo;
  }

  set cleanedUpTo(offset: number) {
    this.#cleanedUpTo = offset;
    this.#options.onProgress();
  }

  /**
   * Appends the one batch of a producer request. Returns when it is written. Throws a `BrokerError`
   * where it is refused, KAFKA_STORAGE_ERROR where the disk is; then nothing of it is in the log.
   */
  append(records: Buffer, options: AppendOptions): AppendResult {
    this.#checkOpen();
    const { producers } = this.#loaded;
    const now = this.#options.clock.now();
    const { leaderEpoch, origin, transactionVersion } = options;
    const { config } = this;
    const baseOffset = this.#logEndOffset;
    const valid = validateBatches(records, { baseOffset, leaderEpoch, origin, config, now });
    const batch = new RecordBatch(valid.records);
    const duplicate = producers.check(batch, origin, transactionVersion);
    if (duplicate) return this.#duplicate(duplicate, valid);
    this.#rollWhereDue(valid, now);
    this.#write(batch, valid, now);
    this.#flusher.flushIfMany(this.#logEndOffset, this.config.flushMessages);
    return {
      baseOffset,
      lastOffset: valid.lastOffset,
      recordCount: valid.recordCount,
      sizeInBytes: valid.records.length,
      logAppendTimeMs: valid.logAppendTimeMs,
      logStartOffset: this.#logStartOffset,
      isDuplicate: false,
    };
  }

  /**
   * Reads whole batches from an offset on, at most `maxBytes`; at least one batch however large if
   * `minOneBatch` (KIP-74). Throws OFFSET_OUT_OF_RANGE outside of the log.
   */
  read(offset: number, options: ReadOptions): ReadResult {
    this.#checkOpen();
    return this.#reader.read(offset, options);
  }

  /**
   * How many bytes a read from here on would find, counted until there are `enough`; cheap, for long
   * polls. As many as are enough where the offset is outside of the log or the log is closed, so that
   * nobody waits there.
   */
  bytesAfter(offset: number, options: { committed: boolean; enough: number }): number {
    return this.#isClosed ? options.enough : this.#reader.bytesAfter(offset, options);
  }

  /** The first record whose timestamp is at least this, below the high watermark; undefined where there is none. */
  offsetForTimestamp(timestamp: number): TimestampAndOffset | undefined {
    for (const segment of this.segments) {
      if (segment.sizeInBytes === 0 || segment.recency < timestamp) continue;
      const found = segment.findTimestamp(timestamp, this.#logStartOffset);
      // Kafka ends here even if all that it found has been deleted by DeleteRecords.
      if (found) return found;
    }
    return undefined;
  }

  /** The record with the greatest timestamp (KIP-734); undefined in an empty log. */
  maxTimestamp(): TimestampAndOffset | undefined {
    let latest: Segment | undefined;
    for (const segment of this.segments) {
      const { timestamp } = segment.greatestTimestamp;
      if (timestamp > (latest?.greatestTimestamp.timestamp ?? -1)) latest = segment;
    }
    return latest?.findTimestamp(latest.greatestTimestamp.timestamp, latest.baseOffset);
  }

  /** The last epoch at or below the one asked for, and where it ends (KIP-320); −1 and −1 where unknown. */
  endOfEpoch(epoch: number): { readonly epoch: number; readonly endOffset: number } {
    return this.#loaded.epochs.endOf(epoch, this.#logEndOffset);
  }

  /** The epoch that an offset was written under; undefined where unknown. */
  epochAt(offset: number): number | undefined {
    return this.#loaded.epochs.at(offset);
  }

  /** Notes that a leader's epoch has begun, at the log's end, as Kafka does when a leader is made. */
  beginEpoch(epoch: number): void {
    this.#loaded.epochs.begin(epoch, this.#logEndOffset);
  }

  /** Deletes records below an offset (−1 for all); gives the new start. Throws OFFSET_OUT_OF_RANGE past the end. */
  deleteRecords(beforeOffset: number): number {
    this.#checkOpen();
    const offset = beforeOffset === -1 ? this.#logEndOffset : beforeOffset;
    if (offset < 0 || offset > this.#logEndOffset) {
      const message = `records of ${this.topic}-${this.partition} before ${offset} cannot be deleted, it ends at ${this.#logEndOffset}`;
      throw new BrokerError("OFFSET_OUT_OF_RANGE", message);
    }
    this.#moveStart(offset);
    return this.#logStartOffset;
  }

  /**
   * Rolls and deletes segments by time and size, forgets producers silent for too long, and does what
   * `flush.ms` asks for; gives how many bytes it deleted.
   */
  applyRetention(now: number): number {
    this.#checkOpen();
    this.#loaded.producers.expire(now, this.#options.producerIdExpirationMs);
    this.#flusher.flushIfOld(this.#logEndOffset, this.config.flushMs);
    const { config, segments } = this;
    const count = expiredSegments(segments, { config, logStartOffset: this.#logStartOffset, now });
    if (count === 0) return 0;
    const gone = segments.slice(0, count);
    if (count === segments.length) this.#roll(now);
    this.#moveStart((this.segments[count] as Segment).baseOffset);
    this.#reader.forget();
    this.#loaded.segments.giveUp(gone, config.fileDeleteDelayMs);
    this.#loaded.snapshots.remove(gone.map(({ baseOffset }) => baseOffset));
    return gone.reduce((sum, { sizeInBytes }) => sum + sizeInBytes, 0);
  }

  /** The producers that are known, for DescribeProducers. */
  activeProducers(): ProducerOverview[] {
    return this.#loaded.producers.active();
  }

  /** Whether the producer has a transaction open in this partition, in this epoch if one is given. */
  hasOpenTransaction(producerId: number, producerEpoch?: number): boolean {
    return this.#loaded.producers.hasOpenTransaction(producerId, producerEpoch);
  }

  /** The aborted transactions that overlap `[start, end)`. */
  abortedTransactions(start: number, end: number): AbortedTransactionEntry[] {
    return this.#reader.abortedBetween(start, end);
  }

  /** Makes an empty segment, `.cleaned`, which is no part of the log before {@link PartitionLog.replaceSegments}. */
  newCleanedSegment(baseOffset: number): Segment {
    const { indexIntervalBytes } = this.config;
    const now = this.#options.clock.now();
    return this.#loaded.segments.makeCleaned(baseOffset, { indexIntervalBytes, now });
  }

  /** Puts a cleaned segment in the place of others, which are not active; a crash leaves either these or that. */
  replaceSegments(cleaned: Segment, old: readonly Segment[]): void {
    this.#checkOpen();
    this.#reader.forget();
    this.#loaded.segments.replace(cleaned, old, this.config.fileDeleteDelayMs);
    const gone = old.map(({ baseOffset }) => baseOffset);
    this.#loaded.snapshots.remove(gone.filter((offset) => offset !== cleaned.baseOffset));
  }

  /** Writes what is in memory, makes it safe, and closes the files. May be called twice. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { segments, snapshots, producers } = this.#loaded;
    try {
      segments.discardUnstarted();
      segments.active.seal();
      this.#flusher.close(this.#logEndOffset);
      if (snapshots.latest !== undefined || producers.active().length > 0) {
        snapshots.take(producers, this.#logEndOffset, { isSafe: true });
      }
    } finally {
      for (const segment of segments.all) segment.close();
    }
  }

  /** Closes the files of a log that is to be deleted, without a care for what they hold. */
  abandon(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#flusher.abandon();
    for (const segment of this.segments) segment.close();
  }

  #checkOpen(): void {
    if (!this.#isClosed) return;
    const message = `the log of ${this.topic}-${this.partition} is closed`;
    throw new BrokerError("KAFKA_STORAGE_ERROR", message);
  }

  #duplicate(duplicate: DuplicateBatch, { recordCount, records }: ValidBatches): AppendResult {
    return {
      baseOffset: duplicate.baseOffset,
      lastOffset: duplicate.lastOffset,
      recordCount,
      sizeInBytes: records.length,
      logAppendTimeMs: duplicate.timestamp,
      logStartOffset: this.#logStartOffset,
      isDuplicate: true,
    };
  }

  #write(batch: RecordBatch, { records, baseOffset, lastOffset }: ValidBatches, now: number): void {
    const { segments, epochs, producers } = this.#loaded;
    if (batch.partitionLeaderEpoch >= 0) epochs.begin(batch.partitionLeaderEpoch, baseOffset);
    epochs.write({ isSafe: false });
    segments.discardUnstarted();
    const segment = segments.active;
    this.#reader.remember(baseOffset, segment, segment.sizeInBytes);
    segment.append(records, [batch]);
    segment.modifiedAt = now;
    this.#logEndOffset = lastOffset + 1;
    const completed = producers.add(batch);
    if (completed?.outcome !== "abort") return;
    const { producerId, firstOffset, lastOffset: marker } = completed;
    const lastStableOffset = producers.lastStableOffset(completed);
    segment.transactions.append({ producerId, firstOffset, lastOffset: marker, lastStableOffset });
  }

  #rollWhereDue({ records, lastOffset, maxTimestamp }: ValidBatches, now: number): void {
    const { config, directory } = this;
    if (records.length > config.segmentBytes) {
      const message = `a batch of ${records.length} bytes is larger than a segment of ${this.topic} may be, which is ${config.segmentBytes}`;
      throw new BrokerError("RECORD_LIST_TOO_LARGE", message);
    }
    const { active } = this.#loaded.segments;
    const batch = { sizeInBytes: records.length, lastOffset, maxTimestamp };
    if (mustRoll(active, batch, { config, now, seed: directory })) this.#roll(now);
  }

  /** Starts a new active segment at the log's end. */
  #roll(now: number): void {
    const { segments, snapshots, producers } = this.#loaded;
    const { active } = segments;
    const baseOffset = this.#logEndOffset;
    if (active.baseOffset === baseOffset) return;
    active.seal();
    snapshots.take(producers, baseOffset, { isSafe: false });
    segments.start(baseOffset, { indexIntervalBytes: this.config.indexIntervalBytes, now });
    this.#flusher.flushLater(active, snapshots.path(baseOffset));
  }

  #moveStart(offset: number): void {
    if (offset <= this.#logStartOffset) return;
    this.#logStartOffset = offset;
    this.#loaded.epochs.truncateStart(offset);
    this.#options.onProgress();
  }
}
