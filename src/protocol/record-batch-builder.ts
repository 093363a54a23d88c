import { MillraceError } from "../errors.ts";
import { writeInt64 } from "./bytes.ts";
import { type Compression, compress, compressionNumber } from "./compression.ts";
import { batchAttributes, batchLayout, batchMagic, renewCrc } from "./record-batch.ts";
import { writeText } from "./text.ts";

/** A header of a record that is to be written. */
export interface RecordHeaderIn {
  readonly key: string;
  readonly value: string | Uint8Array | null;
}

/** Who wrote a batch, and how many records it wrote before: what makes a producer idempotent (KIP-98). */
export interface ProducerStamp {
  readonly producerId: number;
  readonly producerEpoch: number;
  /** The sequence number of the batch's first record. */
  readonly baseSequence: number;
}

/** The stamp of a producer that is not idempotent. */
export const noProducer: ProducerStamp = { producerId: -1, producerEpoch: -1, baseSequence: -1 };

type Bytes = string | Uint8Array | null;

/** A record's fixed parts at their longest: length 5, attributes 1, timestamp 10, offset and number of headers 5 each. */
const recordOverhead = 26;
/** A length at its longest. */
const lengthBytes = 5;
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
    /** The compression's level; see {@link compress}. */
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

  /**
   * The most bytes that a record can take before compression: less than 50 above what it will take.
   * Costs a look at every string; {@link RecordBatchBuilder.hasRoomFor} mostly does without.
   */
  static sizeOf(key: Bytes, value: Bytes, headers?: readonly RecordHeaderIn[]): number {
    let size = recordOverhead + fieldSize(key) + fieldSize(value);
    if (headers === undefined) return size;
    for (const header of headers) size += fieldSize(header.key) + fieldSize(header.value);
    return size;
  }

  /** Whether the batch stays within `limitBytes`, before compression, if this record is appended. */
  hasRoomFor(
    limitBytes: number,
    key: Bytes,
    value: Bytes,
    headers?: readonly RecordHeaderIn[],
  ): boolean {
    const room = limitBytes - this.sizeInBytes;
    return (
      roughSize(key, value, headers) <= room ||
      RecordBatchBuilder.sizeOf(key, value, headers) <= room
    );
  }

  /**
   * Writes one record; text is encoded as UTF-8. `offsetDelta` is its distance from the batch's base
   * offset: compaction leaves gaps, a producer does not.
   */
  append(
    timestamp: number,
    key: Bytes,
    value: Bytes,
    headers?: readonly RecordHeaderIn[],
    offsetDelta: number = this.count,
  ): void {
    const start = this.sizeInBytes;
    // Also true for what is neither text nor bytes, since its size is not a number.
    if (!(start + roughSize(key, value, headers) <= this.#buffer.length)) {
      this.#reserve(key, value, headers);
    }
    if (this.count === 0) this.#begin(timestamp);
    const buffer = this.#buffer;
    const timestampDelta = timestamp - this.#baseTimestamp;
    // Text is taken for ASCII at first. Where it is not, its bytes move once their number is known.
    const expected = bodySize(timestampDelta, offsetDelta, key, value, headers);
    const bodyStart = start + varintSize(expected);
    let at = bodyStart;
    buffer[at++] = 0;
    at = putVarlong(buffer, at, timestampDelta);
    at = putVarint(buffer, at, offsetDelta);
    at = putField(buffer, at, key);
    at = putField(buffer, at, value);
    at = headers === undefined ? putVarint(buffer, at, 0) : putHeaders(buffer, at, headers);
    this.sizeInBytes = putLength(buffer, start, bodyStart, at);
    this.count += 1;
    this.#lastOffsetDelta = offsetDelta;
    if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp;
  }

  /**
   * Compresses the records and completes the header. The batch is part of the builder's buffer: it is
   * valid until {@link RecordBatchBuilder.reset}.
   */
  finish({ producerId, producerEpoch, baseSequence }: ProducerStamp = noProducer): Buffer {
    if (this.count === 0 || this.#isFinished) {
      const message = this.#isFinished ? "is finished already" : "has no records";
      throw new MillraceError("INVALID_STATE", `the record batch ${message}`);
    }
    const end = this.#compress();
    const buffer = this.#buffer;
    writeInt64(buffer, 0, batchLayout.baseOffset);
    buffer.writeInt32BE(end - batchLayout.partitionLeaderEpoch, batchLayout.length);
    buffer.writeInt32BE(-1, batchLayout.partitionLeaderEpoch);
    buffer.writeInt8(batchMagic, batchLayout.magic);
    buffer.writeInt16BE(this.#attributes, batchLayout.attributes);
    buffer.writeInt32BE(this.#lastOffsetDelta, batchLayout.lastOffsetDelta);
    writeInt64(buffer, this.#baseTimestamp, batchLayout.baseTimestamp);
    writeInt64(buffer, this.maxTimestamp, batchLayout.maxTimestamp);
    buffer.writeInt32BE(this.count, batchLayout.count);
    this.#isFinished = true;
    const batch = buffer.subarray(0, end);
    restamp(batch, { producerId, producerEpoch, baseSequence });
    return batch;
  }
}
