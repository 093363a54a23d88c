export type { ErrorCode, MillraceErrorCode } from "../errors.ts";
export { BrokerError, ConnectionError, DecodeError, MillraceError } from "../errors.ts";
export { type Host, systemHost } from "../host.ts";
export { consoleLogger, type Logger, silentLogger } from "../log.ts";
export type { TlsOptions } from "../network.ts";
export type { Compression, RecordHeader } from "../protocol/index.ts";
export { Admin } from "./admin/admin.ts";
export type { AuthorizedOperation } from "./admin/authorized-operations.ts";
export type {
  BrokerDescription,
  ClusterDescription,
  ClusterOverview,
  Feature,
} from "./admin/cluster-overview.ts";
export type {
  ConfigEntry,
  ConfigResource,
  ConfigResourceType,
  ConfigSource,
  ConfigType,
} from "./admin/config-entry.ts";
export type { Config, ConfigAlteration, Configs } from "./admin/configs.ts";
export type {
  ClassicGroupDescription,
  ConsumerGroupDescription,
  GroupDescription,
  ShareGroupDescription,
  StreamsGroupDescription,
} from "./admin/group-description.ts";
export type { GroupOffsets, ResetOffsetsOptions } from "./admin/group-offsets.ts";
export type { GroupState, GroupType } from "./admin/group-state.ts";
export type { GroupListing, Groups, MemberToRemove } from "./admin/groups.ts";
export type { LogDir } from "./admin/log-dirs.ts";
export type { ResetTarget } from "./admin/offset-reset.ts";
export type { AdminOptions } from "./admin/operation.ts";
export { type Outcome, type Outcomes, valueOrThrow, valuesOrThrow } from "./admin/outcome.ts";
export type { ElectedLeader, NewPartitions, Partitions, Reassignment } from "./admin/partitions.ts";
export type { ActiveProducer, FencedProducer, Producers } from "./admin/producers.ts";
export type { Quorum } from "./admin/quorum.ts";
export type {
  DeletedRecords,
  ListedOffset,
  OffsetQuery,
  OffsetSpec,
  Records,
  RecordsToDelete,
} from "./admin/records.ts";
export type { ShareGroupOffsets } from "./admin/share-group-offsets.ts";
export type { PartitionDescription, TopicDescription } from "./admin/topic-description.ts";
export type { TopicRef } from "./admin/topic-ref.ts";
export type {
  CreatedTopic,
  CreateTopicsOptions,
  DeletedTopic,
  NewTopic,
  TopicListing,
  Topics,
} from "./admin/topics.ts";
export type {
  HangingTransaction,
  TransactionDescription,
  TransactionListing,
  Transactions,
} from "./admin/transactions.ts";
export { Client, type ClientOptions } from "./client.ts";
export type { Traffic } from "./connection.ts";
export type { Claim, Generation } from "./consumer/claim.ts";
export type { ClaimHandler, Claims, ClaimsOptions } from "./consumer/claims.ts";
export {
  type CloseOptions,
  type CommitOptions,
  type CommittedPlace,
  Consumer,
  type ConsumerBatch,
  type ConsumerOptions,
  type ConsumerRecord,
  type FoundPlace,
  type Isolation,
  type OffsetReset,
  type PartitionLag,
  type PollOptions,
  type QueryOptions,
  type RebalanceEvent,
} from "./consumer/consumer.ts";
export type {
  AssignablePartition,
  AssignableTopics,
  Assignment,
  Assignor,
  GroupMember,
  PreviousAssignment,
  RebalanceProtocol,
} from "./group/assignor.ts";
export { cooperativeSticky } from "./group/assignors/cooperative-sticky.ts";
export { range } from "./group/assignors/range.ts";
export { roundRobin } from "./group/assignors/round-robin.ts";
export { sticky } from "./group/assignors/sticky.ts";
export type { GroupMetadata } from "./group-metadata.ts";
export type { SaslOptions } from "./handshake.ts";
export { type JsonOptions, json } from "./json-serde.ts";
export type { PartitionMetadata, TopicMetadata } from "./metadata.ts";
export type { HistogramSnapshot, MetricsSnapshot } from "./metrics.ts";
export type { OnDelivery } from "./producer/delivery.ts";
export type { Partitioner } from "./producer/partitioner.ts";
export {
  type OperationOptions,
  Producer,
  type ProducerOptions,
  type ProducerState,
} from "./producer/producer.ts";
export type { Content, HeadersIn, ProducerRecord, RecordMetadata } from "./producer/record.ts";
export {
  bytes,
  type Deserializer,
  type Serde,
  type Serializer,
  serde,
  string,
} from "./serde.ts";
export { closeOnSignal, type EndSignal } from "./shutdown.ts";
export type {
  SchemaIssue,
  SchemaOutput,
  SchemaResult,
  StandardSchema,
} from "./standard-schema.ts";
export type { TopicPartition, TopicPartitionOffset } from "./topic-partition.ts";
