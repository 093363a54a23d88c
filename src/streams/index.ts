export type { OffsetReset } from "../client/index.ts";
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
export type { ForeignKeyJoinOptions } from "./dsl/foreign-key-join.ts";
export type { GlobalKTable, GlobalTableOptions } from "./dsl/global-table.ts";
export type { GroupedOptions, KGroupedStream } from "./dsl/grouped-stream.ts";
export type { KGroupedTable } from "./dsl/grouped-table.ts";
export type { GlobalJoinOptions } from "./dsl/join-choice.ts";
export type { KStream, RepartitionOptions, StreamSerdes } from "./dsl/kstream.ts";
export type {
  DerivedTableOptions,
  KTable,
  SessionWindowedKTable,
  TimeWindowedKTable,
} from "./dsl/ktable.ts";
export type {
  AggregateOptions,
  MaterializedOptions,
  TableMaterializedOptions,
  WindowedAggregateOptions,
  WindowedMaterializedOptions,
} from "./dsl/materialized.ts";
export type { Named } from "./dsl/place.ts";
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
export type { SuppressOptions, SuppressUntil } from "./dsl/suppress.ts";
export type { TableJoinOptions } from "./dsl/table-join.ts";
export type { TableOptions } from "./dsl/table-source.ts";
export type { TimeWindowedKStream } from "./dsl/time-windowed-stream.ts";
export type {
  SessionWindowedCogroupedKStream,
  TimeWindowedCogroupedKStream,
} from "./dsl/windowed-cogrouped-stream.ts";

export type { Duration } from "./duration.ts";
export type { Optimization, StoreFormat } from "./graph/stream-graph.ts";
export { type Headers, type Message, noHeaders, type RecordMetadata } from "./message.ts";
export type { Cancellable, DropReason, PunctuationType, TaskContext } from "./node.ts";
export type { Aggregator, Initializer, Merger, Reducer } from "./operators/aggregation.ts";
export type { AsyncMapper } from "./operators/async/async-values.ts";
export type { Pair, Predicate, ValueMapper } from "./operators/stateless.ts";
export type { TableJoiner } from "./operators/table-join.ts";
export type {
  ValueTransformer,
  ValueTransformerContext,
  ValueTransformerSupplier,
} from "./operators/table-transform-values.ts";
export type {
  FixedKeyProcessor,
  FixedKeyProcessorContext,
  FixedKeyProcessorSupplier,
  FixedKeyRecord,
  NewRecord,
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
  type ProducedRecord,
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
export type { SerializerFor } from "./serializer-for.ts";
export type { StoreOptions, StoreType } from "./stores/builder-options.ts";
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
export { type LruMapOptions, lruMap } from "./stores/lru-map.ts";
export { memoryEngine } from "./stores/memory.ts";
export { type RocksdbOptions, rocksdb } from "./stores/rocksdb.ts";
export type {
  AggregationWithHeaders,
  KeyValueStore,
  ReadOnlyKeyValueStore,
  ReadOnlySessionStore,
  ReadOnlyStore,
  ReadOnlyVersionedKeyValueStore,
  ReadOnlyWindowStore,
  Row,
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
export {
  type ExpiringKeyValueStore,
  type ExpiringStoreOptions,
  type ExpiringTimestampedKeyValueStore,
  expiringKeyValueStore,
  expiringTimestampedKeyValueStore,
} from "./stores/ttl.ts";
export type { ValueTable } from "./stores/value-table.ts";
export { type VersionedStoreOptions, versionedKeyValueStore } from "./stores/versioned-store.ts";
export {
  type SessionStoreOptions,
  sessionStore,
  sessionStoreWithHeaders,
  timestampedWindowStore,
  timestampedWindowStoreWithHeaders,
  type WindowStoreOptions,
  windowStore,
} from "./stores/window-builders.ts";
export {
  type ExtractorRecord,
  failOnInvalidTimestamp,
  logAndSkipOnInvalidTimestamp,
  type TimestampExtractor,
  usePartitionTimeOnInvalidTimestamp,
  wallclockTimestamp,
} from "./timestamp-extractor.ts";
export {
  type AsyncProcessorOptions,
  type ProcessorOptions,
  type SinkOptions,
  type SourceOptions,
  Topology,
} from "./topology.ts";
export type { TopologyOptions } from "./topology-builder.ts";
export type { StreamPartitioner, TopicExtractor } from "./topology-node.ts";
export {
  type EmitStrategy,
  hopping,
  type SessionWindows,
  type SlidingWindows,
  session,
  sliding,
  type TimeWindows,
  tumbling,
  unlimited,
  type Windows,
} from "./windows.ts";
