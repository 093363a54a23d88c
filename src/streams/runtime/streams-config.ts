import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClientOptions, ConsumerOptions, ProducerOptions } from "../../client/index.ts";
import { type Disk, systemDisk } from "../../disk.ts";
import { MillraceError } from "../../errors.ts";
import { type Host, systemHost } from "../../host.ts";
import { type Logger, silentLogger } from "../../log.ts";
import { checkOffsetReset } from "../offset-reset.ts";
import { topicConfigs } from "../stores/builder-options.ts";
import type { StoreEngine } from "../stores/engine.ts";
import { lmdb } from "../stores/lmdb.ts";
import { failOnInvalidTimestamp, type TimestampExtractor } from "../timestamp-extractor.ts";
import { checkConfig, type SettingKind } from "./config-check.ts";
import {
  type DeserializationExceptionHandler,
  failOnError,
  type ProcessingExceptionHandler,
  type ProductionExceptionHandler,
} from "./error-handlers.ts";
import type { RestoreProgress } from "./restore-progress.ts";
import type { DroppedRecord } from "./task.ts";

/** What an application may say about how its consumers read; the rest is the runtime's. */
export type StreamsConsumerOptions = Omit<
  ConsumerOptions,
  | "topics"
  | "assignment"
  | "groupId"
  | "groupProtocol"
  | "assignors"
  | "serverAssignor"
  | "key"
  | "value"
  | "reuseBuffers"
  | "enableAutoCommit"
  | "autoCommitIntervalMs"
  | "onRebalance"
  | "signal"
>;

/** What an application may say about how its producer writes; the rest is the runtime's. */
export type StreamsProducerOptions = Omit<
  ProducerOptions<never, never>,
  "key" | "value" | "partitioner" | "transactionalId" | "onDelivery" | "onBatchFailure"
>;

/**
 * How an application runs; names are Kafka's, and so are defaults where nothing else is said. What
 * concerns connections is as for a `Client`.
 */
export interface StreamsConfig extends ClientOptions {
  /** The application's name: of its group, and what the names of its internal topics begin with. */
  readonly applicationId: string;
  /** Where persistent stores are kept, under the application's id; `millrace-streams` in the system's temporary directory by default. */
  readonly stateDir?: string | undefined;
  /** How often what was processed is committed, in milliseconds; 30,000 by default. */
  readonly commitIntervalMs?: number | undefined;
  /** How long to wait for records when there are none, in milliseconds; 100 by default. */
  readonly pollMs?: number | undefined;
  /** How many bytes the caches of all stores may take; 10,485,760 by default, 0 for no caches. */
  readonly statestoreCacheMaxBytes?: number | undefined;
  /**
   * How long a task waits for records of all its inputs, so as to take them in the order of their
   * times (KIP-695): −1 not at all; 0, the default, for records that are known to be at the broker; more, so
   * many milliseconds for others too.
   */
  readonly maxTaskIdleMs?: number | undefined;
  /** How many records of a partition may wait for their task before no more are fetched; 1,000 by default. What came in one batch stays together. */
  readonly bufferedRecordsPerPartition?: number | undefined;
  /** Of internal topics; −1, the default, for that of the broker. */
  readonly replicationFactor?: number | undefined;
  /** Configs for internal topics by Kafka's names, over those that the topology asks for. */
  readonly topic?: { readonly [config: string]: string } | undefined;
  /** How much longer changelogs of windows are kept than their stores, in milliseconds; a day by default. */
  readonly windowstoreChangelogAdditionalRetentionMs?: number | undefined;
  /** Keeps the rows of persistent stores; `lmdb()` by default. */
  readonly storeEngine?: StoreEngine | undefined;
  /** How far a member's stores may be behind to count as up to date when tasks are assigned; 10,000 records by default. */
  readonly acceptableRecoveryLag?: number | undefined;
  /** How often records of repartition topics that were processed are deleted, in milliseconds; 30,000 by default. */
  readonly repartitionPurgeIntervalMs?: number | undefined;
  /** After how long unused the local state of a task of others is removed, in milliseconds; 600,000 by default. */
  readonly stateCleanupDelayMs?: number | undefined;
  /** Says when records happened whose source names no extractor; their own timestamps by default. */
  readonly defaultTimestampExtractor?: TimestampExtractor | undefined;
  readonly deserializationExceptionHandler?: DeserializationExceptionHandler | undefined;
  readonly processingExceptionHandler?: ProcessingExceptionHandler | undefined;
  readonly productionExceptionHandler?: ProductionExceptionHandler | undefined;
  /** Hears of each record that is dropped on its way, such as a late one. */
  readonly onDropped?: ((record: DroppedRecord) => void) | undefined;
  /** Hears how far the restoration of each store is; called between records, so it should be quick. */
  readonly onRestore?: ((progress: RestoreProgress) => void) | undefined;
  /** For the consumer of source topics. `autoOffsetReset` is "earliest" by default. */
  readonly consumer?: StreamsConsumerOptions | undefined;
  /** For the consumer that restores stores. */
  readonly restoreConsumer?: StreamsConsumerOptions | undefined;
  /** For the consumer of global stores. */
  readonly globalConsumer?: StreamsConsumerOptions | undefined;
  /** `lingerMs` is 100 by default. */
  readonly producer?: StreamsProducerOptions | undefined;
  /** Settings of the program's own, which processors can read beside these by Kafka's names. */
  readonly configs?: { readonly [name: string]: unknown } | undefined;
  /** Files; the machine's by default. */
  readonly disk?: Disk | undefined;
}

/** A {@link StreamsConfig} with the defaults filled in. */
export interface StreamsSettings {
  readonly applicationId: string;
  /** For what is read and administered: no topic is made by asking for it. */
  readonly client: ClientOptions;
  /** For what is written: missing topics are made, where the brokers do that. */
  readonly producerClient: ClientOptions;
  /** With the application's id. */
  readonly stateDir: string;
  readonly commitIntervalMs: number;
  readonly pollMs: number;
  readonly statestoreCacheMaxBytes: number;
  readonly maxTaskIdleMs: number;
  readonly bufferedRecordsPerPartition: number;
  readonly replicationFactor: number;
  readonly topicConfigs: ReadonlyMap<string, string>;
  readonly windowstoreChangelogAdditionalRetentionMs: number;
  readonly storeEngine: StoreEngine;
  readonly acceptableRecoveryLag: number;
  readonly repartitionPurgeIntervalMs: number;
  readonly stateCleanupDelayMs: number;
  readonly timestampExtractor: TimestampExtractor;
  readonly deserializationExceptionHandler: DeserializationExceptionHandler;
  /** Undefined for the default, to stop: steps are then not guarded one by one. */
  readonly processingExceptionHandler: ProcessingExceptionHandler | undefined;
  readonly productionExceptionHandler: ProductionExceptionHandler;
  readonly onDropped: ((record: DroppedRecord) => void) | undefined;
  readonly onRestore: ((progress: RestoreProgress) => void) | undefined;
  readonly consumer: StreamsConsumerOptions;
  readonly restoreConsumer: StreamsConsumerOptions;
  readonly globalConsumer: StreamsConsumerOptions;
  readonly producer: StreamsProducerOptions;
  /** By Kafka's names. */
  readonly configs: ReadonlyMap<string, unknown>;
  readonly disk: Disk;
  readonly host: Host;
  readonly logger: Logger;
}

/** All settings of an application: what is not here is a mistake of somebody. */
const kinds = {
  applicationId: "text",
  bootstrapServers: "addresses",
  clientId: "text",
  tls: "tls",
  sasl: "object",
  connectTimeoutMs: "number",
  requestTimeoutMs: "number",
  retryBackoffMs: "number",
  retryBackoffMaxMs: "number",
  reconnectBackoffMs: "number",
  reconnectBackoffMaxMs: "number",
  metadataMaxAgeMs: "number",
  maxFrameBytes: "number",
  allowAutoTopicCreation: "flag",
  logger: "object",
  host: "object",
  stateDir: "text",
  commitIntervalMs: "number",
  pollMs: "number",
  statestoreCacheMaxBytes: "number",
  maxTaskIdleMs: "number",
  bufferedRecordsPerPartition: "number",
  replicationFactor: "number",
  topic: "object",
  windowstoreChangelogAdditionalRetentionMs: "number",
  storeEngine: "object",
  acceptableRecoveryLag: "number",
  repartitionPurgeIntervalMs: "number",
  stateCleanupDelayMs: "number",
  defaultTimestampExtractor: "function",
  deserializationExceptionHandler: "function",
  processingExceptionHandler: "function",
  productionExceptionHandler: "function",
  onDropped: "function",
  onRestore: "function",
  consumer: "object",
  restoreConsumer: "object",
  globalConsumer: "object",
  producer: "object",
  configs: "object",
  disk: "object",
} satisfies { readonly [setting in keyof Required<StreamsConfig>]: SettingKind };

type NumberSetting = {
  [setting in keyof StreamsConfig]-?: NonNullable<StreamsConfig[setting]> extends number
    ? setting
    : never;
}[keyof StreamsConfig];

/** Fills in the defaults; throws `INVALID_ARGUMENT` on what cannot be. */
export function settingsOf(config: StreamsConfig): StreamsSettings {
  checkConfig(config, kinds);
  const { applicationId, host = systemHost, logger = silentLogger, disk = systemDisk } = config;
  checkApplicationId(applicationId);
  const { topic = {}, stateDir = join(tmpdir(), "millrace-streams") } = config;
  const { consumer = {}, restoreConsumer = {}, globalConsumer = {}, producer = {} } = config;
  checkOffsetReset(consumer.autoOffsetReset, "consumer.autoOffsetReset");
  const number = (name: NumberSetting, fallback: number, least = 0) =>
    atLeast(least, name, config[name] ?? fallback);
  const numbers = {
    commitIntervalMs: number("commitIntervalMs", 30_000),
    pollMs: number("pollMs", 100, 1),
    statestoreCacheMaxBytes: number("statestoreCacheMaxBytes", 10 * 1024 * 1024),
    maxTaskIdleMs: number("maxTaskIdleMs", 0, -1),
    bufferedRecordsPerPartition: number("bufferedRecordsPerPartition", 1_000, 1),
    replicationFactor: number("replicationFactor", -1, -1),
    windowstoreChangelogAdditionalRetentionMs: number(
      "windowstoreChangelogAdditionalRetentionMs",
      86_400_000,
    ),
    acceptableRecoveryLag: number("acceptableRecoveryLag", 10_000),
    repartitionPurgeIntervalMs: number("repartitionPurgeIntervalMs", 30_000),
    stateCleanupDelayMs: number("stateCleanupDelayMs", 600_000),
  };
  // A client takes what it knows of a config, so that all share connections' settings, time and logger.
  const client: ClientOptions = { ...config, clientId: config.clientId ?? applicationId };
  return {
    ...numbers,
    applicationId,
    client: { ...client, allowAutoTopicCreation: false },
    producerClient: { ...client, allowAutoTopicCreation: config.allowAutoTopicCreation ?? true },
    stateDir: join(stateDir, applicationId),
    topicConfigs: topicConfigs(topic),
    storeEngine: config.storeEngine ?? lmdb({ disk }),
    timestampExtractor: config.defaultTimestampExtractor ?? failOnInvalidTimestamp,
    deserializationExceptionHandler: config.deserializationExceptionHandler ?? failOnError,
    processingExceptionHandler: config.processingExceptionHandler,
    productionExceptionHandler: config.productionExceptionHandler ?? failOnError,
    onDropped: config.onDropped,
    onRestore: config.onRestore,
    consumer: { autoOffsetReset: "earliest", ...consumer },
    restoreConsumer,
    globalConsumer,
    producer: { lingerMs: 100, ...producer },
    configs: new Map([
      ["application.id", applicationId],
      ["commit.interval.ms", numbers.commitIntervalMs],
      ["max.task.idle.ms", numbers.maxTaskIdleMs],
      ["state.dir", stateDir],
      ...Object.entries(config.configs ?? {}),
    ] as [string, unknown][]),
    disk,
    host,
    logger,
  };
}

/** It becomes part of topics' names and of a path. */
function checkApplicationId(applicationId: unknown): void {
  const isName = typeof applicationId === "string" && /^[a-zA-Z0-9._-]+$/.test(applicationId);
  if (isName && applicationId !== "." && applicationId !== "..") return;
  const message = `applicationId must be a name of letters, digits, ".", "_" and "-", not ${JSON.stringify(applicationId)}`;
  throw new MillraceError("INVALID_ARGUMENT", message);
}

function atLeast(least: number, name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  const message = `${name} must be a whole number of at least ${least}, not ${value}`;
  throw new MillraceError("INVALID_ARGUMENT", message);
}
