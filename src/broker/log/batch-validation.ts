import { BrokerError, DecodeError } from "../../errors.ts";
import {
  batchAttributes,
  batchLayout,
  batchMagic,
  type Compression,
  crc32c,
  RecordBatch,
  RecordCursor,
  releaseMemory,
  renewCrc,
  writeInt64,
} from "../../protocol/index.ts";
import type { LogConfig } from "./log-config.ts";
import { RecordCopy, replaceRecords } from "./record-copy.ts";
import { decompressedLimitBytes, type RecordsFound, validateRecords } from "./record-validation.ts";

/** Who appends: validation is stricter with clients than with the broker itself. */
export type AppendOrigin = "client" | "coordinator" | "marker";

/** Records that may be appended: valid, numbered, stamped. */
export interface ValidBatches {
  /** The one batch as it is to be written; usually the buffer that came, changed in place. */
  readonly records: Buffer;
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly recordCount: number;
  readonly maxTimestamp: number;
  /** The broker's time where it stamps the records, else −1. */
  readonly logAppendTimeMs: number;
}

/** What an append is validated against. */
export interface ValidationOptions {
  readonly baseOffset: number;
  readonly leaderEpoch: number;
  readonly origin: AppendOrigin;
  readonly config: LogConfig;
  /** The time in milliseconds since 1970. */
  readonly now: number;
}

/**
 * Validates the one batch of an append as Kafka's `KafkaApis`, `UnifiedLog` and `LogValidator` do, in
 * their order, assigns offsets from `baseOffset` and the leader's epoch in place, and stamps or
 * recompresses it where the topic's config asks for it. What lies behind the batch and is none is dropped.
 *
 * Throws a `BrokerError`: CORRUPT_MESSAGE, MESSAGE_TOO_LARGE, INVALID_RECORD and INVALID_TIMESTAMP
 * (`RefusedRecords` where single records are to blame), UNKNOWN_SERVER_ERROR where the records cannot be
 * decompressed. Departs from Kafka in refusing timestamps beyond 2⁵³ whatever the bounds, and records that
 * take more than `decompressedLimitBytes` once decompressed (MESSAGE_TOO_LARGE).
 */
export function validateBatches(records: Buffer, options: ValidationOptions): ValidBatches {
  try {
    const batch = soleBatch(records, options);
    checkHeader(batch, options.origin);
    const { compression } = batch;
    const found = validateRecords(batch, options.config, options.now);
    const placed = place(batch, compression, found, options);
    if (compression !== "none") releaseMemory(found.records);
    return placed;
  } catch (error) {
    throw error instanceof DecodeError ? refusalOf(error) : error;
  }
}

/** The batch that the append consists of, its checksum right. */
function soleBatch(records: Buffer, { origin, config }: ValidationOptions): RecordBatch {
  const size = wholeBatchSize(records, 0);
  if (size === undefined) throw invalid("there is no whole record batch");
  const magic = records.readInt8(batchLayout.magic);
  if (magic !== batchMagic)
    throw invalid(`the record batch is of format ${magic}, not ${batchMagic}`);
  if (wholeBatchSize(records, size) !== undefined) {
    throw invalid("there is more than one record batch");
  }
  if (origin === "client" && records.readBigInt64BE(batchLayout.baseOffset) !== 0n) {
    throw invalid("the record batch has a base offset other than 0");
  }
  checkSize(size, config);
  const bytes = size === records.length ? records : records.subarray(0, size);
  const hasHeader = size >= batchLayout.records;
  if (!hasHeader || bytes.readUInt32BE(batchLayout.crc) !== crc32c(bytes, batchLayout.attributes)) {
    throw new BrokerError("CORRUPT_MESSAGE", "the record batch does not agree with its checksum");
  }
  return new RecordBatch(bytes);
}

/** The least that the length field of a batch of any format can say. */
const smallestLength = 14;

/** The size of the batch that starts at `start`, of whatever format; undefined if it is cut off. */
function wholeBatchSize(records: Buffer, start: number): number | undefined {
  const left = records.length - start;
  if (left < batchLayout.partitionLeaderEpoch) return undefined;
  const length = records.readInt32BE(start + batchLayout.length);
  if (length < smallestLength) {
    throw new BrokerError("CORRUPT_MESSAGE", `a record batch claims a length of ${length}`);
  }
  if (left <= batchLayout.magic) return undefined;
  const magic = records.readInt8(start + batchLayout.magic);
  if (magic < 0 || magic > batchMagic) {
    throw new BrokerError("CORRUPT_MESSAGE", `a record batch is of the unknown format ${magic}`);
  }
  const size = batchLayout.partitionLeaderEpoch + length;
  return size <= left ? size : undefined;
}

function checkSize(size: number, { maxMessageBytes }: LogConfig): void {
  if (size <= maxMessageBytes) return;
  const message = `the record batch has ${size} bytes where max.message.bytes allows ${maxMessageBytes}`;
  throw new BrokerError("MESSAGE_TOO_LARGE", message);
}

function checkHeader(batch: RecordBatch, origin: AppendOrigin): void {
  if (origin !== "client") return;
  const { count, lastOffsetDelta } = batch;
  if (count === 0 || count !== lastOffsetDelta + 1) {
    throw invalid(`the record batch has ${count} records and ${lastOffsetDelta + 1} offsets`);
  }
  if (batch.isControl) throw invalid("clients must not write control records");
  if (batch.producerId >= 0 && batch.baseSequence < 0) {
    throw invalid(`the record batch of a producer has the sequence number ${batch.baseSequence}`);
  }
}

/** Gives the batch its place in the log: offsets, leader epoch, timestamps, the topic's compression. */
function place(
  batch: RecordBatch,
  compression: Compression,
  found: RecordsFound,
  { baseOffset, leaderEpoch, config, now }: ValidationOptions,
): ValidBatches {
  const isAppendTime = config.messageTimestampType === "append";
  const maxTimestamp = isAppendTime ? now : found.maxTimestamp;
  const target = targetCompression(batch, compression, config);
  const isAsItCame = compression === target && (target === "none" || found.isConsecutive);
  const placed = isAsItCame ? batch : rebuilt(batch, target, found, config);
  placed.baseOffset = baseOffset;
  placed.partitionLeaderEpoch = leaderEpoch;
  setTimestamps(placed, isAppendTime ? "append" : "create", maxTimestamp);
  if (!isAsItCame) checkSize(placed.sizeInBytes, config);
  const { lastOffset } = placed;
  return {
    records: placed.buffer,
    baseOffset,
    lastOffset,
    recordCount: placed.count,
    maxTimestamp,
    logAppendTimeMs: isAppendTime ? now : -1,
  };
}

function targetCompression(
  batch: RecordBatch,
  compression: Compression,
  { compressionType }: LogConfig,
): Compression {
  if (compressionType === "producer") return compression;
  // Markers stay readable without a codec.
  if (batch.isControl && compression === "none") return "none";
  return compressionType === "uncompressed" ? "none" : compressionType;
}

/** The batch with its records compressed anew, and renumbered where that is needed. */
function rebuilt(
  batch: RecordBatch,
  compression: Compression,
  found: RecordsFound,
  config: LogConfig,
): RecordBatch {
  // Where the header's timestamp stands in for the records' own, it becomes their own.
  const isStamped = batch.timestampType === "append";
  const mustCopy = !found.isConsecutive || isStamped;
  const baseTimestamp = isStamped ? found.maxTimestamp : batch.baseTimestamp;
  const bytes = replaceRecords(batch, {
    records: mustCopy ? renumbered(batch, baseTimestamp) : found.records,
    count: batch.count,
    compression,
    level: levelOf(compression, config),
    baseTimestamp,
    maxTimestamp: found.maxTimestamp,
    hasDeleteHorizon: false,
  });
  return new RecordBatch(bytes);
}

function renumbered(batch: RecordBatch, baseTimestamp: number): Buffer {
  const cursor = new RecordCursor();
  cursor.open(batch, decompressedLimitBytes);
  const copy = new RecordCopy();
  while (cursor.next()) copy.add(cursor, copy.count, baseTimestamp);
  return copy.records();
}

function levelOf(compression: Compression, config: LogConfig): number | undefined {
  if (compression === "gzip") return config.compressionGzipLevel;
  return compression === "zstd" ? config.compressionZstdLevel : undefined;
}

/** Sets what the header says of the records' timestamps; renews the checksum only where that is news. */
function setTimestamps(batch: RecordBatch, type: "create" | "append", maxTimestamp: number): void {
  if (batch.timestampType === type && batch.maxTimestamp === maxTimestamp) return;
  const { appendTime } = batchAttributes;
  const attributes =
    type === "append" ? batch.attributes | appendTime : batch.attributes & ~appendTime;
  batch.buffer.writeInt16BE(attributes, batch.start + batchLayout.attributes);
  writeInt64(batch.buffer, maxTimestamp, batch.start + batchLayout.maxTimestamp);
  renewCrc(batch.buffer, batch.start, batch.end);
}

function invalid(message: string): BrokerError {
  return new BrokerError("INVALID_RECORD", message);
}

/** What Kafka answers to bytes of which no sense can be made once their checksum was right. */
function refusalOf(error: DecodeError): BrokerError {
  const { message } = error;
  switch (error.code) {
    case "UNKNOWN_CODEC":
    case "DECOMPRESSION_FAILED":
      return new BrokerError("UNKNOWN_SERVER_ERROR", message, { cause: error });
    case "TOO_LARGE":
      return new BrokerError("MESSAGE_TOO_LARGE", message, { cause: error });
    case "INTEGER_TOO_LARGE":
      // Timestamps are the only ones of the numbers read that a client is free to choose.
      return new BrokerError("INVALID_TIMESTAMP", message, { cause: error });
    default:
      return new BrokerError("INVALID_RECORD", message, { cause: error });
  }
}
