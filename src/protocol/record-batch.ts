import { DecodeError } from "../errors.ts";
import { readInt64, writeInt64 } from "./bytes.ts";
import { type Compression, compressionOf } from "./compression.ts";
import { crc32c } from "./crc32c.ts";

/** Where each field of a batch's header stands, in bytes from the batch's start. */
export const batchLayout = {
  baseOffset: 0,
  length: 8,
  partitionLeaderEpoch: 12,
  magic: 16,
  crc: 17,
  /** The checksum covers what follows from here. */
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  count: 57,
  records: 61,
} as const;

/** The bits of a batch's attributes; the lowest three are the compression's number. */
export const batchAttributes = {
  compression: 0x07,
  appendTime: 0x08,
  transactional: 0x10,
  control: 0x20,
  deleteHorizon: 0x40,
} as const;

/** The version of the format, of which only this one is spoken: older ones ended with Kafka 4. */
export const batchMagic = 2;

/** The batch's length field counts what comes after itself. */
const lengthEnd = batchLayout.partitionLeaderEpoch;
const greatestSequence = 0x7fffffff;

/**
 * A view of one record batch (magic 2) that lies in a buffer: its header's fields, read where they
 * stand. The header is checked when the view is made; the records are {@link RecordCursor}'s.
 */
export class RecordBatch {
  readonly buffer: Buffer;
  /** Where the batch starts in `buffer`. */
  readonly start: number;
  /** The size of the whole batch, header included. */
  readonly sizeInBytes: number;
  /** How many records there are; compaction may leave none. */
  readonly count: number;

  /**
   * Looks at the batch that starts at `start`. Throws a {@link DecodeError} if its header is malformed
   * or its end lies beyond that of the buffer.
   */
  constructor(buffer: Buffer, start: number = 0) {
    const sizeInBytes = batchSizeAt(buffer, start);
    if (sizeInBytes === undefined || sizeInBytes > buffer.length - start) {
      const message = `a record batch is cut off: ${buffer.length - start} bytes of it are there`;
      throw new DecodeError("TRUNCATED", message, start);
    }
    this.buffer = buffer;
    this.start = start;
    this.sizeInBytes = sizeInBytes;
    this.count = buffer.readInt32BE(start + batchLayout.count);
    const lastOffsetDelta = buffer.readInt32BE(start + batchLayout.lastOffsetDelta);
    if (this.count < 0 || lastOffsetDelta < 0) {
      const message = `a record batch has ${this.count} records and a last offset delta of ${lastOffsetDelta}`;
      throw new DecodeError("INVALID_VALUE", message, start);
    }
  }

  /** Where the batch ends in `buffer`. */
  get end(): number {
    return this.start + this.sizeInBytes;
  }

  get baseOffset(): number {
    return readInt64(this.buffer, this.start + batchLayout.baseOffset);
  }

  /** Moves the batch to another offset; the checksum does not cover it. */
  set baseOffset(offset: number) {
    writeInt64(this.buffer, offset, this.start + batchLayout.baseOffset);
  }

  get partitionLeaderEpoch(): number {
    return this.buffer.readInt32BE(this.start + batchLayout.partitionLeaderEpoch);
  }

  /** Notes under which leader the batch was appended; the checksum does not cover it. */
  set partitionLeaderEpoch(epoch: number) {
    this.buffer.writeInt32BE(epoch, this.start + batchLayout.partitionLeaderEpoch);
  }

  get magic(): number {
    return this.buffer.readInt8(this.start + batchLayout.magic);
  }

  get crc(): number {
    return this.buffer.readUInt32BE(this.start + batchLayout.crc);
  }

  get attributes(): number {
    return this.buffer.readInt16BE(this.start + batchLayout.attributes);
  }

  get lastOffsetDelta(): number {
    return this.buffer.readInt32BE(this.start + batchLayout.lastOffsetDelta);
  }

  /** The offset of the last record there ever was in the batch; compaction does not change it. */
  get lastOffset(): number {
    return this.baseOffset + this.lastOffsetDelta;
  }

  /** What the records' timestamps count from; with a delete horizon it is that (KIP-534). */
  get baseTimestamp(): number {
    return readInt64(this.buffer, this.start + batchLayout.baseTimestamp);
  }

  get maxTimestamp(): number {
    return readInt64(this.buffer, this.start + batchLayout.maxTimestamp);
  }

  /** The idempotent producer that wrote the batch, or −1. */
  get producerId(): number {
    return readInt64(this.buffer, this.start + batchLayout.producerId);
  }

  get producerEpoch(): number {
    return this.buffer.readInt16BE(this.start + batchLayout.producerEpoch);
  }

  /** The sequence number of the first record, or −1. */
  get baseSequence(): number {
    return this.buffer.readInt32BE(this.start + batchLayout.baseSequence);
  }

  /** The sequence number of the last record, or −1. */
  get lastSequence(): number {
    const { baseSequence } = this;
    return baseSequence < 0 ? -1 : advanceSequence(baseSequence, this.lastOffsetDelta);
  }

  /** How the records are compressed; throws a {@link DecodeError} `UNKNOWN_CODEC` for what Kafka does not have. */
  get compression(): Compression {
    return compressionOf(this.attributes & batchAttributes.compression);
  }

  /** Whether the records' timestamps are those of their creation, or all the one of the batch's arrival. */
  get timestampType(): "create" | "append" {
    return this.#has(batchAttributes.appendTime) ? "append" : "create";
  }

  get isTransactional(): boolean {
    return this.#has(batchAttributes.transactional);
  }

  /** Whether the batch holds a transaction's marker, which is not for consumers' eyes. */
  get isControl(): boolean {
    return this.#has(batchAttributes.control);
  }

  get hasDeleteHorizon(): boolean {
    return this.#has(batchAttributes.deleteHorizon);
  }

  /** Throws a {@link DecodeError} `CORRUPT_BATCH` unless the batch's bytes agree with its checksum. */
  checkCrc(): void {
    const { crc } = this;
    const actual = crc32c(this.buffer, this.start + batchLayout.attributes, this.end);
    if (actual === crc) return;
    const message = `the record batch at offset ${this.baseOffset} has the checksum ${crc}, its bytes give ${actual}`;
    throw new DecodeError("CORRUPT_BATCH", message, this.start);
  }

  /** Sets the time of arrival as the timestamp of all records, and renews the checksum. */
  setAppendTime(timestamp: number): void {
    const attributes = this.attributes | batchAttributes.appendTime;
    this.buffer.writeInt16BE(attributes, this.start + batchLayout.attributes);
    writeInt64(this.buffer, timestamp, this.start + batchLayout.maxTimestamp);
    renewCrc(this.buffer, this.start, this.end);
  }

  #has(bit: number): boolean {
    return (this.attributes & bit) !== 0;
  }
}

/**
 * Walks over the batches that lie one after the other in what a broker sent or a segment holds. The
 * last one may be cut off, because a broker fills an answer up to the byte it was asked for (KIP-74).
 */
export class RecordBatches {
  readonly buffer: Buffer;
  /** Where the next batch starts. */
  position: number;

  constructor(buffer: Buffer, start: number = 0) {
    this.buffer = buffer;
    this.position = start;
  }

  /** Gives the next whole batch; throws a {@link DecodeError} if its header is malformed. */
  next(): RecordBatch | undefined {
    const size = batchSizeAt(this.buffer, this.position);
    if (size === undefined || size > this.buffer.length - this.position) return undefined;
    const batch = new RecordBatch(this.buffer, this.position);
    this.position += size;
    return batch;
  }

  /** Whether, once {@link RecordBatches.next} has given all batches, a part of one more is there. */
  get isCut(): boolean {
    return this.position < this.buffer.length;
  }
}

/** Writes the checksum that the batch in `buffer[start, end)` must have. */
export function renewCrc(buffer: Buffer, start: number, end: number): void {
  const crc = crc32c(buffer, start + batchLayout.attributes, end);
  buffer.writeUInt32BE(crc, start + batchLayout.crc);
}

/** The sequence number that comes `count` records after another: after 2³¹−1 comes 0. */
export function advanceSequence(sequence: number, count: number): number {
  const next = sequence + count;
  return next > greatestSequence ? next - greatestSequence - 1 : next;
}

/** The size of the batch that starts at `start`, or undefined if too little is there to say. */
function batchSizeAt(buffer: Buffer, start: number): number | undefined {
  if (buffer.length - start <= batchLayout.magic) return undefined;
  const magic = buffer.readInt8(start + batchLayout.magic);
  if (magic !== batchMagic) {
    const message = `a record batch is of format ${magic}; only format ${batchMagic} is understood, which Kafka has written since 0.11`;
    throw new DecodeError("UNSUPPORTED_MAGIC", message, start + batchLayout.magic);
  }
  const length = buffer.readInt32BE(start + batchLayout.length);
  if (length < batchLayout.records - lengthEnd) {
    const message = `a record batch claims a length of ${length}, which is less than its header`;
    throw new DecodeError("INVALID_LENGTH", message, start + batchLayout.length);
  }
  return lengthEnd + length;
}
