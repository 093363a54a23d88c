import { MillraceError } from "../../errors.ts";
import type { Compression } from "../../protocol/index.ts";
import type { Serializer } from "../serde.ts";
import type { OnBatchFailure, OnDelivery } from "./delivery.ts";
import type { Partitioner } from "./partitioner.ts";

/** How a producer works. All of it is optional; names are Kafka's, and so are defaults where nothing else is said. */
export interface ProducerOptions<K, V> {
  /** Turns keys into what travels; without it keys are text, bytes or null. */
  readonly key?: Serializer<K> | undefined;
  /** Turns values into what travels; without it values are text, bytes or null. */
  readonly value?: Serializer<V> | undefined;
  /** Who must have a record before it counts as written: all replicas in sync ("all", the default), the leader (1), nobody (0). */
  readonly acks?: 0 | 1 | "all" | undefined;
  /** Whether brokers are to refuse duplicates and gaps (KIP-98); true by default where `acks` is "all". */
  readonly idempotent?: boolean | undefined;
  /** How long a record may wait for others to travel with, in milliseconds; 5 by default. */
  readonly lingerMs?: number | undefined;
  /**
   * How large a batch may grow, compressed if it is; 131,072 bytes by default, eight times Kafka's. A
   * larger record goes alone.
   */
  readonly batchSize?: number | undefined;
  /** How large a request, and so a record, may be; 1,048,576 bytes by default. */
  readonly maxRequestSize?: number | undefined;
  /** How many bytes of records may be on their way before callers have to wait; 33,554,432 by default. */
  readonly bufferMemory?: number | undefined;
  /** How long a record may wait for room or for its topic's metadata, in milliseconds; 60,000 by default. */
  readonly maxBlockMs?: number | undefined;
  /** How many requests one broker may have at once; 5 by default, and at most 5 if idempotent. */
  readonly maxInFlight?: number | undefined;
  /** How long the delivery of a record may take in all, retries included, in milliseconds; 120,000 by default. */
  readonly deliveryTimeoutMs?: number | undefined;
  /** How long a broker may take for one request, in milliseconds; 30,000 by default. */
  readonly requestTimeoutMs?: number | undefined;
  /** The first wait before a batch is sent again, doubled each time, in milliseconds; 100 by default. */
  readonly retryBackoffMs?: number | undefined;
  /** The longest wait before a batch is sent again, in milliseconds; 1,000 by default. */
  readonly retryBackoffMaxMs?: number | undefined;
  /** How batches are compressed; "none" by default. */
  readonly compression?: Compression | undefined;
  /** The level of gzip (1 to 9) or zstd (−131,072 to 22). */
  readonly compressionLevel?: number | undefined;
  /**
   * Chooses the partition of records that name none. By default Murmur2 of the serialized key does, as
   * in every Kafka client, and records without a key fill a batch of one partition after the other (KIP-794).
   */
  readonly partitioner?: Partitioner<K, V> | undefined;
  /** Makes the producer transactional; of all producers with this id only the last one may write. */
  readonly transactionalId?: string | undefined;
  /** After how long the broker aborts a transaction that has not ended, in milliseconds; 60,000 by default. */
  readonly transactionTimeoutMs?: number | undefined;
  /** Hears what became of each record handed to `enqueue`. */
  readonly onDelivery?: OnDelivery<K, V> | undefined;
  /** Hears of failed records that no promise and no `onDelivery` stands for; a warning is logged by default. */
  readonly onBatchFailure?: OnBatchFailure | undefined;
  /** How long `close()` may take to send what is pending, in milliseconds; 30,000 by default. */
  readonly closeTimeoutMs?: number | undefined;
}

/** The numbers and choices of {@link ProducerOptions}, with the defaults filled in. */
export interface ProducerSettings {
  readonly acks: 0 | 1 | "all";
  readonly idempotent: boolean;
  readonly lingerMs: number;
  readonly batchSize: number;
  readonly maxRequestSize: number;
  readonly bufferMemory: number;
  readonly maxBlockMs: number;
  readonly maxInFlight: number;
  readonly deliveryTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly retryBackoffMs: number;
  readonly retryBackoffMaxMs: number;
  readonly compression: Compression;
  readonly compressionLevel: number | undefined;
  readonly transactionalId: string | undefined;
  readonly transactionTimeoutMs: number;
  readonly closeTimeoutMs: number;
}

/** As many batches of one producer does a broker remember per partition. */
const idempotentInFlightMax = 5;

/** Fills in the defaults; throws `INVALID_ARGUMENT` on what cannot be. */
export function settingsOf<K, V>(options: ProducerOptions<K, V>): ProducerSettings {
  const {
    acks = "all",
    idempotent = acks === "all",
    lingerMs = 5,
    batchSize = 131_072,
    maxRequestSize = 1_048_576,
    bufferMemory = 33_554_432,
    maxBlockMs = 60_000,
    maxInFlight = 5,
    deliveryTimeoutMs = 120_000,
    requestTimeoutMs = 30_000,
    retryBackoffMs = 100,
    retryBackoffMaxMs = 1_000,
    compression = "none",
    compressionLevel,
    transactionalId,
    transactionTimeoutMs = 60_000,
    closeTimeoutMs = 30_000,
  } = options;
  const sizes = { batchSize, maxRequestSize, bufferMemory, maxInFlight, transactionTimeoutMs };
  for (const [name, value] of Object.entries(sizes)) {
    if (!(Number.isInteger(value) && value > 0))
      refuse(`${name} must be a whole number above 0`, value);
  }
  const times = { lingerMs, maxBlockMs, deliveryTimeoutMs, requestTimeoutMs, closeTimeoutMs };
  for (const [name, value] of Object.entries({ ...times, retryBackoffMs, retryBackoffMaxMs })) {
    if (!(value >= 0)) refuse(`${name} must be a number of milliseconds`, value);
  }
  if (acks !== 0 && acks !== 1 && acks !== "all") refuse(`acks must be 0, 1 or "all"`, acks);
  if (idempotent && acks !== "all") refuse(`an idempotent producer needs acks "all"`, acks);
  if (idempotent && maxInFlight > idempotentInFlightMax) {
    refuse(
      `an idempotent producer needs a maxInFlight of at most ${idempotentInFlightMax}`,
      maxInFlight,
    );
  }
  if (transactionalId !== undefined && !idempotent) {
    refuse("a transactional producer must be idempotent", idempotent);
  }
  if (transactionalId === "") refuse("a transactionalId must not be empty", transactionalId);
  return {
    acks,
    idempotent,
    lingerMs,
    batchSize: Math.min(batchSize, maxRequestSize),
    maxRequestSize,
    bufferMemory,
    maxBlockMs,
    maxInFlight,
    deliveryTimeoutMs,
    requestTimeoutMs,
    retryBackoffMs,
    retryBackoffMaxMs,
    compression,
    compressionLevel,
    transactionalId,
    transactionTimeoutMs,
    closeTimeoutMs,
  };
}

function refuse(rule: string, value: unknown): never {
  throw new MillraceError("INVALID_ARGUMENT", `${rule}, not ${JSON.stringify(value) ?? value}`);
}
