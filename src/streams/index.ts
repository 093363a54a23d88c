export type {
  BranchedStream,
  BranchOptions,
} from "./dsl/branched-stream.ts";
export type { CogroupedKStream } from "./dsl/cogrouped-stream.ts";
export type { GlobalKTable } from "./dsl/global-table.ts";
export type { AggregateOptions, GroupedOptions, KGroupedStream } from "./dsl/grouped-stream.ts";
export type { KGroupedTable } from "./dsl/grouped-table.ts";
export type { GlobalJoinOptions } from "./dsl/join-choice.ts";
export type { KStream, ProducedOptions, RepartitionOptions } from "./dsl/kstream.ts";
export type { KTable } from "./dsl/ktable.ts";
export type {
  MaterializedOptions,
  TableMaterializedOptions,
  WindowedMaterializedOptions,
} from "./dsl/materialized.ts";
export type { ProcessOptions } from "./dsl/processing.ts";
export type { SessionWindowedKStream } from "./dsl/session-windowed-stream.ts";
export type { JoinWindows, StreamJoinOptions } from "./dsl/stream-join.ts";
export type { StreamTableJoinOptions } from "./dsl/stream-table-join.ts";
export {
  type BuildOptions,
  type ConsumedOptions,
  StreamsBuilder,
  type StreamsBuilderOptions,
} from "./dsl/streams-builder.ts";
export type { SuppressOptions } from "./dsl/suppress.ts";
export type { TableOptions } from "./dsl/table-source.ts";
export type { TimeWindowedKStream } from "./dsl/time-windowed-stream.ts";
export type {
  SessionWindowedCogroupedKStream,
  TimeWindowedCogroupedKStream,
} from "./dsl/windowed-cogrouped-stream.ts";
export type { Duration } from "./duration.ts";
export { type Headers, type Message, noHeaders, type RecordMetadata } from "./message.ts";
export type { Cancellable, DropReason, PunctuationType } from "./node.ts";
export type {
  FixedKeyProcessor,
  FixedKeyProcessorContext,
  FixedKeyProcessorSupplier,
  FixedKeyRecord,
  Processor,
  ProcessorContext,
  ProcessorSupplier,
} from "./processor.ts";
export type { DroppedRecord } from "./runtime/task.ts";
export {
  bigint64,
  bytes,
  float32,
  float64,
  int32,
  int64,
  json,
  type Serde,
  serde,
  sessionWindowed,
  string,
  windowed,
} from "./serdes.ts";
export { keyValueStore, timestampedKeyValueStore } from "./stores/key-value-builders.ts";
export { type LmdbOptions, lmdb } from "./stores/lmdb.ts";
export { lruMap } from "./stores/lru-map.ts";
export { memoryEngine } from "./stores/memory.ts";
export { rocksdb } from "./stores/rocksdb.ts";
export type {
  KeyValueStore,
  ReadOnlyKeyValueStore,
  SessionStore,
  StateStore,
  TimestampedKeyValueStore,
  TimestampedWindowStore,
  ValueAndTimestamp,
  VersionedKeyValueStore,
  VersionedRecord,
  Window,
  Windowed,
  WindowStore,
} from "./stores/state-store.ts";
export type { StoreBuilder } from "./stores/store-builder.ts";
export { versionedKeyValueStore } from "./stores/versioned-store.ts";
export { sessionStore, timestampedWindowStore, windowStore } from "./stores/window-builders.ts";
export {
  failOnInvalidTimestamp,
  logAndSkipOnInvalidTimestamp,
  type TimestampExtractor,
  usePartitionTimeOnInvalidTimestamp,
  wallclockTimestamp,
} from "./timestamp-extractor.ts";
export { Topology } from "./topology.ts";
export type { OffsetReset, StreamPartitioner, TopicExtractor } from "./topology-node.ts";
export {
  type EmitStrategy,
  hopping,
  session,
  sliding,
  tumbling,
  unlimited,
  type Windows,
} from "./windows.ts";
