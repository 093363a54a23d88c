export type {
  AsyncCall,
  AsyncFailureDecision,
  AsyncOptions,
  AsyncOrder,
} from "./async-options.ts";
export type { AsyncProcessor, AsyncProcessorSupplier } from "./async-processor.ts";
export type { AsyncProcessOptions, AsyncStreamOptions } from "./dsl/async.ts";
export type {
  BranchedStream,
  BranchOptions,
} from "./dsl/branched-stream.ts";
export type { CogroupedKStream } from "./dsl/cogrouped-stream.ts";
export type { GlobalKTable } from "./dsl/global-table.ts";
export type { AggregateOptions, GroupedOptions, KGroupedStream } from "./dsl/grouped-stream.ts";
export type { KGroupedTable } from "./dsl/grouped-table.ts";
export type { GlobalJoinOptions } from "./dsl/join-choice.ts";
export type { KStream, RepartitionOptions } from "./dsl/kstream.ts";
export type { KTable } from "./dsl/ktable.ts";
export type {
  MaterializedOptions,
  TableMaterializedOptions,
  WindowedMaterializedOptions,
} from "./dsl/materialized.ts";
export type { ProcessOptions } from "./dsl/processing.ts";
export type { SessionWindowedKStream } from "./dsl/session-windowed-stream.ts";
export type { ProducedOptions } from "./dsl/sink.ts";
export type { StoreHandle, StoreOf, StoreTypes } from "./dsl/store-handle.ts";
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
export type { SessionWindowedKTable, TimeWindowedKTable } from "./dsl/windowed-table.ts";
export type { Duration } from "./duration.ts";
export type { Optimization, StoreFormat } from "./graph/stream-graph.ts";
export { type Headers, type Message, noHeaders, type RecordMetadata } from "./message.ts";
export type { Cancellable, DropReason, PunctuationType } from "./node.ts";
export type { AsyncMapper } from "./operators/async/async-values.ts";
export type {
  FixedKeyProcessor,
  FixedKeyProcessorContext,
  FixedKeyProcessorSupplier,
  FixedKeyRecord,
  Processor,
  ProcessorContext,
  ProcessorSupplier,
} from "./processor.ts";
export type {
  AnyProcessorSupplier,
  ProcessorWrapper,
  WrappedProcessor,
} from "./processor-wrapper.ts";
export type { DroppedCount } from "./runtime/dropped-records.ts";
export {
  continueOnError,
  type Decision,
  type DeserializationExceptionHandler,
  type DeserializationFailure,
  failOnError,
  type ProcessingExceptionHandler,
  type ProcessingFailure,
  type ProductionExceptionHandler,
  type ProductionFailure,
} from "./runtime/error-handlers.ts";
export type { OnStateChange, StreamsState } from "./runtime/instance-state.ts";
export { KafkaStreams, type StreamsCloseOptions } from "./runtime/kafka-streams.ts";
export type { RestoreProgress } from "./runtime/restore-progress.ts";
export type {
  StreamsConfig,
  StreamsConsumerOptions,
  StreamsProducerOptions,
} from "./runtime/streams-config.ts";
export type { StreamsMetrics, TaskMetrics, ThreadMetrics } from "./runtime/streams-metrics.ts";
export type { DroppedRecord } from "./runtime/task.ts";
export type { OutOfOrder } from "./runtime/task-options.ts";
export {
  bigint64,
  boolean,
  bytes,
  float32,
  float64,
  int16,
  int32,
  int64,
  type JsonOptions,
  json,
  list,
  type NullableSerde,
  nothing,
  nullable,
  type Serde,
  type SerdeFunctions,
  type StandardSchema,
  serde,
  sessionWindowed,
  string,
  uuid,
  windowed,
} from "./serdes.ts";
export type {
  Lease,
  ReadRows,
  Rows,
  Snapshot,
  StoreEngine,
  TaskState,
  ValueFormat,
} from "./stores/engine.ts";
export {
  keyValueStore,
  timestampedKeyValueStore,
  timestampedKeyValueStoreWithHeaders,
} from "./stores/key-value-builders.ts";
export { type LmdbOptions, lmdb } from "./stores/lmdb.ts";
export { lruMap } from "./stores/lru-map.ts";
export { memoryEngine } from "./stores/memory.ts";
export { rocksdb } from "./stores/rocksdb.ts";
export type {
  AggregationWithHeaders,
  KeyValueStore,
  ReadOnlyKeyValueStore,
  ReadOnlySessionStore,
  ReadOnlyStore,
  ReadOnlyVersionedKeyValueStore,
  ReadOnlyWindowStore,
  SessionStore,
  StateStore,
  TimestampedKeyValueStore,
  TimestampedWindowStore,
  ValueAndTimestamp,
  ValueTimestampHeaders,
  VersionedKeyValueStore,
  VersionedRecord,
  Window,
  Windowed,
  WindowStore,
} from "./stores/state-store.ts";
export type {
  CacheBudget,
  Changelog,
  OpenStore,
  StoreBuilder,
  StoreEnvironment,
  StoreKind,
} from "./stores/store-builder.ts";
export type { ValueTable } from "./stores/value-table.ts";
export { versionedKeyValueStore } from "./stores/versioned-store.ts";
export {
  sessionStore,
  sessionStoreWithHeaders,
  timestampedWindowStore,
  timestampedWindowStoreWithHeaders,
  windowStore,
} from "./stores/window-builders.ts";
export {
  failOnInvalidTimestamp,
  logAndSkipOnInvalidTimestamp,
  type TimestampExtractor,
  usePartitionTimeOnInvalidTimestamp,
  wallclockTimestamp,
} from "./timestamp-extractor.ts";
export { Topology } from "./topology.ts";
export type { TopologyOptions } from "./topology-builder.ts";
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
