import {
  batchAttributes,
  batchLayout,
  type Compression,
  compress,
  compressionNumber,
  type RecordBatch,
  type RecordCursor,
  renewCrc,
  Writer,
  writeInt64,
} from "../../protocol/index.ts";

/**
 * Gathers records of one batch as they travel, uncompressed: keys, values and headers byte for byte,
 * with other distances from the batch's base offset and base timestamp.
 */
export class RecordCopy {
  count = 0;
  /** The greatest timestamp of the records copied, or −1. */
  maxTimestamp = -1;
  readonly #records = new Writer();
  readonly #front = new Writer();

  /** Copies the record that the cursor is at. */
  add(cursor: RecordCursor, offsetDelta: number, baseTimestamp: number): void {
    const front = this.#front;
    front.position = 0;
    front.int8(0);
    front.varlong(cursor.timestamp - baseTimestamp);
    front.varint(offsetDelta);
    const content = cursor.buffer.subarray(cursor.contentStart, cursor.contentEnd);
    this.#records.varint(front.position + content.length);
    this.#records.bytes(front.buffer.subarray(0, front.position));
    this.#records.bytes(content);
    this.count += 1;
    if (cursor.timestamp > this.maxTimestamp) this.maxTimestamp = cursor.timestamp;
  }

  /** The records copied, one after the other; nothing may be added after that. */
  records(): Buffer {
    return this.#records.toBuffer();
  }
}

/** What of a batch is to be another in its stead. */
export interface Replacement {
  /** The records, uncompressed. */
  readonly records: Buffer;
  readonly count: number;
  readonly compression: Compression;
  /** Of gzip or zstd; the codec's own default where undefined. */
  readonly level?: number | undefined;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  /** Whether the base timestamp is the delete horizon of the batch's tombstones or marker (KIP-534). */
  readonly hasDeleteHorizon: boolean;
}

/** Gives a batch with other records; offsets, producer, sequence and the rest of the header stay as they are. */
export function replaceRecords(batch: RecordBatch, replacement: Replacement): Buffer {
  const { records, count, compression, level, hasDeleteHorizon } = replacement;
  const body = count === 0 ? records : compress(compression, records, level);
  const bytes = Buffer.allocUnsafe(batchLayout.records + body.length);
  batch.buffer.copy(bytes, 0, batch.start, batch.start + batchLayout.records);
  body.copy(bytes, batchLayout.records);
  const kept = batchAttributes.appendTime | batchAttributes.transactional | batchAttributes.control;
  const attributes =
    (batch.attributes & kept) |
    compressionNumber(compression) |
    (hasDeleteHorizon ? batchAttributes.deleteHorizon : 0);
  bytes.writeInt32BE(bytes.length - batchLayout.partitionLeaderEpoch, batchLayout.length);
  bytes.writeInt16BE(attributes, batchLayout.attributes);
  writeInt64(bytes, replacement.baseTimestamp, batchLayout.baseTimestamp);
  writeInt64(bytes, replacement.maxTimestamp, batchLayout.maxTimestamp);
  bytes.writeInt32BE(count, batchLayout.count);
  renewCrc(bytes, 0, bytes.length);
  return bytes;
}
