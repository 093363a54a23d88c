export {
  type Api,
  decodeRequestHeader,
  encodeRequestHeader,
  hasFlexibleResponseHeader,
  type Message,
  type RequestHeader,
  type RequestOf,
  type ResponseOf,
  skipTags,
} from "./api.ts";
export * from "./apis/index.ts";
export { int64Max, int64Min, Reader, readInt64, Writer, writeInt64, zeroUuid } from "./bytes.ts";
export {
  type Compression,
  compress,
  compressionNumber,
  compressionOf,
  decompress,
} from "./compression.ts";
export {
  ConsumerProtocolAssignment,
  ConsumerProtocolSubscription,
  StickyUserData,
} from "./consumer-protocol.ts";
export {
  controlRecordType,
  endTransactionMarker,
  markerCoordinatorEpoch,
  type TransactionOutcome,
} from "./control-record.ts";
export { crc32c } from "./crc32c.ts";
export { FrameReader } from "./frame.ts";
export { murmur2, partitionForKey } from "./murmur2.ts";
export {
  advanceSequence,
  batchAttributes,
  batchLayout,
  batchMagic,
  RecordBatch,
  RecordBatches,
  renewCrc,
} from "./record-batch.ts";
export {
  noProducer,
  type ProducerStamp,
  RecordBatchBuilder,
  restamp,
} from "./record-batch-builder.ts";
export { RecordCursor, type RecordHeader } from "./record-cursor.ts";
export type { Field, RecordHeaderIn } from "./record-encoder.ts";
export * from "./records/index.ts";
export { releaseMemory } from "./released-memory.ts";
export { type UnknownTag, unknownTags } from "./schema.ts";
export { readText, writeText } from "./text.ts";
