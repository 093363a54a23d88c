import { MillraceError } from "../errors.ts";
import { writeInt64 } from "./bytes.ts";
import { type Compression, compress, compressionNumber } from "./compression.ts";
import { batchAttributes, batchLayout, batchMagic, renewCrc } from "./record-batch.ts";
import {
  type Field,
  type RecordHeaderIn,
  recordSizeBound,
  roughRecordSize,
  writeRecord,
} from "./record-encoder.ts";

/** Who wrote a batch, and how many records it wrote before: what makes a producer idempotent (KIP-98). */
export interface ProducerStamp {
  readonly producerId: number;
  readonly producerEpoch: number;
  /** The sequence number of the batch's first record. */
  readonly baseSequence: number;
}

/** The stamp of a producer that is not idempotent. */
export const noProducer: ProducerStamp = { producerId: -1, producerEpoch: -1, baseSequence: -1 };

const defaultCapacity = 16 * 1024;

/**
 * Writes the records of one batch, each straight into the batch's buffer, which grows as needed.
 * After {@link RecordBatchBuilder.finish} the batch lies in that buffer until
 * {@link RecordBatchBuilder.reset} makes it free for the next one.
 */
export class RecordBatchBuilder {
  /** How many records have been written. */
  count = 0;
  /** The size so far, before compression, with the header. */
  sizeInBytes: number = batchLayout.records;
  /** The greatest timestamp so far, or −1. */
  maxTimestamp = -1;

  #buffer: Buffer;
  #baseTimestamp = -1;
  #lastOffsetDelta = -1;
  #isFinished = false;
  readonly #compression: Compression;
  readonly #level: number | undefined;
  readonly #attributes: number;

  constructor({
    capacity = defaultCapacity,
    compression = "none",
    level,
    isTransactional = false,
    isControl = false,
  }: {
    /** The size of the first buffer. */
    readonly capacity?: number | undefined;
    readonly compression?: Compression | undefined;
    /** The level of gzip or zstd. */
    readonly level?: number | undefined;
    readonly isTransactional?: boolean | undefined;
    readonly isControl?: boolean | undefined;
  } = {}) {
    this.#buffer = Buffer.allocUnsafeSlow(Math.max(capacity, batchLayout.records));
    this.#compression = compression;
    this.#level = level;
    this.#attributes =
      compressionNumber(compression) |
      (isTransactional ? batchAttributes.transactional : 0) |
      (isControl ? batchAttributes.control : 0);
  }

  /** The size of the buffer: what a pool that keeps the builder keeps with it. */
  get capacity(): number {
    return this.#buffer.length;
  }

  /**
   * The most bytes a record can take before compression, a few tens above what it will take. It has
   * to look at every character; {@link RecordBatchBuilder.hasRoomFor} does without, mostly.
   */
  static sizeOf(key: Field, value: Field, headers?: readonly RecordHeaderIn[]): number {
    return recordSizeBound(key, value, headers);
  }

  /** Whether the batch, before compression, is sure to stay within `limitBytes` if the record is appended. */
  hasRoomFor(
    limitBytes: number,
    key: Field,
    value: Field,
    headers?: readonly RecordHeaderIn[],
  ): boolean {
    const room = limitBytes - this.sizeInBytes;
    return (
      roughRecordSize(key, value, headers) <= room || recordSizeBound(key, value, headers) <= room
    );
  }

  /**
   * Writes one record; text becomes UTF-8. `offsetDelta` is the record's distance from the batch's
   * base offset: compaction leaves gaps there, a producer does not.
   */
  append(
    timestamp: number,
    key: Field,
    value: Field,
    headers?: readonly RecordHeaderIn[],
    offsetDelta: number = this.count,
  ): void {
    const start = this.sizeInBytes;
    const roughEnd = start + roughRecordSize(key, value, headers);
    // Put so that it holds also where a size is not a number, since the field is neither text nor bytes.
    if (!(roughEnd <= this.#buffer.length) || this.#isFinished) this.#reserve(key, value, headers);
    if (this.count === 0) this.#begin(timestamp);
    const timestampDelta = timestamp - this.#baseTimestamp;
    this.sizeInBytes = writeRecord(
      this.#buffer,
      start,
      timestampDelta,
      offsetDelta,
      key,
      value,
      headers,
    );
    this.count += 1;
    this.#lastOffsetDelta = offsetDelta;
    if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp;
  }

  /**
   * Compresses the records, completes the header and gives the batch, at base offset 0. It is a part
   * of the builder's buffer, and so valid until {@link RecordBatchBuilder.reset}.
   */
  finish(stamp: ProducerStamp = noProducer): Buffer {
    if (this.#isFinished || this.count === 0) {
      const state = this.#isFinished ? "is finished already" : "has no records";
      throw new MillraceError("INVALID_STATE", `the record batch ${state}`);
    }
    const end = this.#compress();
    const batch = this.#buffer.subarray(0, end);
    writeInt64(batch, 0, batchLayout.baseOffset);
    batch.writeInt32BE(end - batchLayout.partitionLeaderEpoch, batchLayout.length);
    batch.writeInt32BE(-1, batchLayout.partitionLeaderEpoch);
    batch.writeInt8(batchMagic, batchLayout.magic);
    batch.writeInt16BE(this.#attributes, batchLayout.attributes);
    batch.writeInt32BE(this.#lastOffsetDelta, batchLayout.lastOffsetDelta);
    writeInt64(batch, this.#baseTimestamp, batchLayout.baseTimestamp);
    writeInt64(batch, this.maxTimestamp, batchLayout.maxTimestamp);
    batch.writeInt32BE(this.count, batchLayout.count);
    restamp(batch, stamp);
    this.#isFinished = true;
    return batch;
  }

  /** Makes the builder ready for another batch; the one it gave is no longer valid. */
  reset(): void {
    this.count = 0;
    this.sizeInBytes = batchLayout.records;
    this.maxTimestamp = -1;
    this.#isFinished = false;
  }

  #begin(timestamp: number): void {
    if (!Number.isSafeInteger(timestamp)) {
      const message = `a record's timestamp must be an integer, ${timestamp} is not`;
      throw new MillraceError("INVALID_ARGUMENT", message);
    }
    this.#baseTimestamp = timestamp;
  }

  #reserve(key: Field, value: Field, headers: readonly RecordHeaderIn[] | undefined): void {
    if (this.#isFinished) {
      throw new MillraceError("INVALID_STATE", "the record batch is finished, it takes no records");
    }
    const needed = this.sizeInBytes + recordSizeBound(key, value, headers);
    if (Number.isNaN(needed)) {
      const message = "a record's key, value and headers must be strings, bytes or null";
      throw new MillraceError("INVALID_ARGUMENT", message);
    }
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#buffer.length));
    this.#buffer.copy(grown, 0, 0, this.sizeInBytes);
    this.#buffer = grown;
  }

  /** Puts the compressed records in the place of the others, and gives the position after them. */
  #compress(): number {
    if (this.#compression === "none") return this.sizeInBytes;
    const records = this.#buffer.subarray(batchLayout.records, this.sizeInBytes);
    const compressed = compress(this.#compression, records, this.#level);
    const end = batchLayout.records + compressed.length;
    if (end > this.#buffer.length) this.#buffer = Buffer.allocUnsafeSlow(end);
    compressed.copy(this.#buffer, batchLayout.records);
    return end;
  }
}

/** Puts another stamp on a finished batch, and renews its checksum: after an epoch bump, say (KIP-360). */
export function restamp(batch: Buffer, stamp: ProducerStamp): void {
  writeInt64(batch, stamp.producerId, batchLayout.producerId);
  batch.writeInt16BE(stamp.producerEpoch, batchLayout.producerEpoch);
  batch.writeInt32BE(stamp.baseSequence, batchLayout.baseSequence);
  renewCrc(batch, 0, batch.length);
}
