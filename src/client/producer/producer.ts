import { MillraceError } from "../../errors.ts";
import type { Field, RecordHeaderIn } from "../../protocol/index.ts";
import type { Cluster } from "../cluster.ts";
import { abortedError, type Bound, bounded } from "../deadline.ts";
import type { GroupMetadata } from "../group-metadata.ts";
import type { Serializer } from "../serde.ts";
import type { TopicPartition, TopicPartitionOffset } from "../topic-partition.ts";
import type { OnDelivery } from "./delivery.ts";
import { type ProducerOptions, type ProducerSettings, settingsOf } from "./options.ts";
import { Outbox } from "./outbox.ts";
import type { Partitioner } from "./partitioner.ts";
import type { ProducerMetricsSnapshot } from "./producer-metrics.ts";
import { PendingSend, type Recipient } from "./recipient.ts";
import { type Content, headerList, type ProducerRecord, type RecordMetadata } from "./record.ts";
import type { Transaction } from "./transaction.ts";
import { notAllowed, type TransactionState } from "./transaction-state.ts";
import type { WaitingRecord } from "./waiting-room.ts";

export type { ProducerOptions } from "./options.ts";
export type { Content, ProducerRecord, RecordMetadata } from "./record.ts";

/** Where a producer stands: a transactional one has the states of its transactions. */
export type ProducerState = "open" | "closing" | TransactionState["name"];

/** How long an operation may take, and who may call it off. */
export interface OperationOptions {
  /** Milliseconds. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** So many records that are handed over without a pause take some ten microseconds: one look at the clock does. */
const recordsOfSameTime = 32;

/**
 * Writes records to topics. Idempotent by default: what it reports as written is there once, and in
 * the order of the calls within each partition. Every record has exactly one delivery: `send` tells by
 * promise, `enqueue` by the option `onDelivery`.
 *
 * ```ts
 * await using producer = client.producer({ compression: "zstd" });
 * const { partition, offset } = await producer.send({ topic: "orders", key: "7", value: "{}" });
 * for (const record of many) {
 *   const full = producer.enqueue(record);
 *   if (full) await full;
 * }
 * await producer.flush();
 * ```
 */
export class Producer<K = Content, V = Content> {
  readonly #cluster: Cluster;
  readonly #settings: ProducerSettings;
  readonly #outbox: Outbox;
  readonly #transaction: Transaction | undefined;
  readonly #key: Serializer<K> | undefined;
  readonly #value: Serializer<V> | undefined;
  readonly #hasPartitioner: boolean;
  readonly #hasOnDelivery: boolean;
  /** Whether records are taken now. */
  #accepts: boolean;
  #time = 0;
  /** For how many more records of this go the time holds. */
  #sameTime = 0;
  readonly #forgetTime = () => {
    this.#sameTime = 0;
  };
  #isClosed = false;
  #closing: Promise<void> | undefined;

  /** Throws `INVALID_ARGUMENT` on options that cannot be. */
  constructor(cluster: Cluster, options: ProducerOptions<K, V> = {}) {
    this.#cluster = cluster;
    this.#settings = settingsOf(options);
    this.#key = options.key;
    this.#value = options.value;
    this.#hasPartitioner = options.partitioner !== undefined;
    this.#hasOnDelivery = options.onDelivery !== undefined;
    this.#accepts = this.#settings.transactionalId === undefined;
    this.#outbox = new Outbox(cluster, this.#settings, {
      // Records come back as they were given: what their types are is known here alone.
      partitioner: options.partitioner as Partitioner<unknown, unknown> | undefined,
      onDelivery: options.onDelivery as OnDelivery<unknown, unknown> | undefined,
      onBatchFailure: options.onBatchFailure,
      onTransactionState: ({ name }) => {
        this.#accepts = name === "in-transaction" && this.#closing === undefined;
      },
    });
    this.#transaction = this.#outbox.transaction;
  }

  /** Which operations are allowed: see {@link ProducerState}. */
  get state(): ProducerState {
    if (this.#isClosed) return "closed";
    if (this.#closing) return "closing";
    return this.#transaction?.state.name ?? "open";
  }

  /** What has brought a transactional producer into `abortable-error` or `fatal-error`. */
  get error(): MillraceError | undefined {
    const state = this.#transaction?.state;
    return state && "error" in state ? state.error : undefined;
  }

  /** How many records are in hand: accepted, and neither written nor failed. */
  get bufferedRecords(): number {
    const { accumulator, intake } = this.#outbox;
    return accumulator.bufferedRecords + intake.waiting.outstanding.size;
  }

  /** How many bytes the records in batches take, before compression. */
  get bufferedBytes(): number {
    return this.#outbox.accumulator.bufferedBytes;
  }

  /** What the producer has done so far. */
  metrics(): ProducerMetricsSnapshot {
    const { accumulator, intake, metrics } = this.#outbox;
    return metrics.snapshot({
      bufferedRecords: this.bufferedRecords,
      bufferedBytes: accumulator.bufferedBytes,
      waitingRecords: intake.waiting.outstanding.size,
    });
  }

  /**
   * Writes a record, and resolves with its place once the brokers have it. Waits for room, or for an
   * unknown topic, up to `maxBlockMs`. An aborted `signal` takes a record back that still waits; one
   * that is in a batch already may be written all the same.
   */
  send(
    record: ProducerRecord<K, V>,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<RecordMetadata> {
    return new Promise((resolve, reject) => {
      if (!signal) {
        this.#takeOrFail(record, new PendingSend(resolve, reject));
        return;
      }
      const attempt = `sending a record to topic ${record.topic}`;
      if (signal.aborted) throw abortedError(attempt, signal);
      const release = () => signal.removeEventListener("abort", onAbort);
      const pending = new PendingSend(
        (metadata) => {
          release();
          resolve(metadata);
        },
        (error) => {
          release();
          reject(error);
        },
      );
      const waiting = this.#takeOrFail(record, pending);
      const onAbort = () => {
        if (waiting) this.#outbox.intake.withdraw(waiting);
        reject(abortedError(attempt, signal));
      };
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  /**
   * Takes a record for sending at the least cost; its outcome goes to `onDelivery`. Gives undefined, or,
   * once a few MiB are ready to go or there is no room, a promise for when it is a good time to go on.
   * The record is accepted either way, and fails with `TIMED_OUT` if there is no room within
   * `maxBlockMs`. Throws `BUFFER_FULL` at a caller who does not wait and has let twice `bufferMemory`
   * pile up.
   */
  enqueue(record: ProducerRecord<K, V>): Promise<void> | undefined {
    const recipient = this.#hasOnDelivery
      ? (record as ProducerRecord<unknown, unknown>)
      : undefined;
    const waiting = this.#take(record, recipient);
    const { intake } = this.#outbox;
    return waiting ? intake.room(record.topic) : intake.ease();
  }

  /**
   * Writes a record from its serialized parts, for those who produce in bulk: no object, promise or
   * callback is made for it. Without a `partition` the key decides. A failure is told per batch, to
   * `onBatchFailure`. Gives the same as {@link enqueue}. Positional, since it runs once a record.
   */
  append(
    topic: string,
    partition: number | undefined,
    timestamp: number,
    key: Field,
    value: Field,
    headers?: readonly RecordHeaderIn[] | undefined,
  ): Promise<void> | undefined {
    if (!this.#accepts) throw this.#refusal();
    const { intake } = this.#outbox;
    const waiting = intake.accept(
      topic,
      partition,
      timestamp,
      key,
      value,
      headers,
      undefined,
      undefined,
    );
    return waiting ? intake.room(topic) : intake.ease();
  }

  /** How many partitions a topic has; asks the cluster where that is not known. Up to `maxBlockMs` by default. */
  partitionCount(topic: string, options: OperationOptions = {}): Promise<number> {
    const bound = this.#bound(`looking up topic ${topic}`, options);
    return this.#outbox.intake.partitionCount(topic, bound);
  }

  /**
   * One behind the greatest offset at which this producer's records in a partition were acknowledged so
   * far; undefined where none were, or where the broker does not say.
   */
  writtenEnd({ topic, partition }: TopicPartition): number | undefined {
    const end = this.#outbox.intake.topic(topic)?.queues[partition]?.writtenEnd ?? -1;
    return end < 0 ? undefined : end;
  }

  /**
   * Sends what is pending without lingering, and resolves when each of these records has had its
   * delivery, good or bad. By default it takes as long as the deliveries may.
   */
  flush({ timeoutMs = Number.POSITIVE_INFINITY, signal }: OperationOptions = {}): Promise<void> {
    const bound = { attempt: "flushing the producer", timeoutMs, signal };
    return bounded(this.#cluster.host.clock, this.#outbox.flush(), bound);
  }

  /**
   * Gets the transactional producer its identity, and fences all others with its transactional id;
   * their open transaction is aborted. The first {@link begin} does it otherwise.
   */
  async init(options: OperationOptions = {}): Promise<void> {
    return this.#transactional("init").init(this.#bound("initializing transactions", options));
  }

  /** Begins a transaction: what is sent from now on is a part of it. */
  async begin(options: OperationOptions = {}): Promise<void> {
    return this.#transactional("begin").begin(this.#bound("beginning a transaction", options));
  }

  /**
   * Commits a consumer group's offsets with the transaction (KIP-447). With the consumer's group
   * metadata, a member that has been replaced is refused; a group's id alone does without that check.
   */
  async sendOffsets(
    offsets: readonly TopicPartitionOffset[],
    group: GroupMetadata | string,
    options: OperationOptions = {},
  ): Promise<void> {
    const metadata = typeof group === "string" ? anyMemberOf(group) : group;
    const attempt = `sending the offsets of group ${metadata.groupId} to the transaction`;
    const bound = this.#bound(attempt, options);
    return this.#transactional("sendOffsets").sendOffsets(offsets, metadata, bound);
  }

  /**
   * Sends what is pending and commits the transaction. Rejects with `INVALID_STATE` if a record failed,
   * its error being the cause: then {@link abort} is all that is allowed. After `TIMED_OUT` or `ABORTED`
   * the outcome is not known: call it again.
   */
  async commit(options: OperationOptions = {}): Promise<void> {
    return this.#transactional("commit").commit(this.#bound("committing", options));
  }

  /** Aborts the transaction; records that have not been sent fail with `TRANSACTION_ABORTED`. */
  async abort(options: OperationOptions = {}): Promise<void> {
    return this.#transactional("abort").abort(this.#bound("aborting", options));
  }

  /**
   * Takes no more records, sends what is pending, and ends the connections; an open transaction is
   * aborted. What could not be sent in time fails with `CLOSED`, each record by its own delivery, and
   * then this rejects with `TIMED_OUT` and their number. May be called twice.
   */
  close({ timeoutMs = this.#settings.closeTimeoutMs }: OperationOptions = {}): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    this.#accepts = false;
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** A transaction must not be committed without a record whose `send` nobody has looked at yet. */
  #takeOrFail(record: ProducerRecord<K, V>, pending: PendingSend): WaitingRecord | undefined {
    try {
      return this.#take(record, pending);
    } catch (error) {
      this.#transaction?.fail("produce", error as MillraceError);
      throw error;
    }
  }

  #take(record: ProducerRecord<K, V>, recipient: Recipient | undefined): WaitingRecord | undefined {
    if (!this.#accepts) throw this.#refusal();
    const { topic, partition, key, value, headers, timestamp } = record;
    return this.#outbox.intake.accept(
      topic,
      partition,
      timestamp ?? this.#now(),
      key === null || key === undefined ? null : serialized(this.#key, key),
      value === null || value === undefined ? null : serialized(this.#value, value),
      headers && headerList(headers),
      recipient,
      this.#hasPartitioner ? (record as ProducerRecord<unknown, unknown>) : undefined,
    );
  }

  /** The time, looked up once for the records that come in one go. */
  #now(): number {
    if (this.#sameTime > 0) {
      this.#sameTime -= 1;
      return this.#time;
    }
    this.#time = this.#cluster.host.clock.now();
    this.#sameTime = recordsOfSameTime;
    queueMicrotask(this.#forgetTime);
    return this.#time;
  }

  #refusal(): MillraceError {
    if (this.#closing || !this.#transaction) {
      return new MillraceError("CLOSED", "the producer was closed: it takes no more records");
    }
    return notAllowed(this.#transaction.state, "send");
  }

  #transactional(operation: Parameters<typeof notAllowed>[1]): Transaction {
    if (this.#closing) throw notAllowed({ name: "closed" }, operation);
    if (this.#transaction) return this.#transaction;
    const text = `${operation}() needs a transactional producer: give it a transactionalId`;
    throw new MillraceError("INVALID_STATE", text);
  }

  #bound(
    attempt: string,
    { timeoutMs = this.#settings.maxBlockMs, signal }: OperationOptions,
  ): Bound {
    const id = this.#settings.transactionalId;
    const whose = id === undefined ? "" : ` (transactional id ${id})`;
    return { attempt: `${attempt}${whose}`, timeoutMs, signal };
  }

  async #close(timeoutMs: number): Promise<void> {
    const { clock } = this.#cluster.host;
    const deadline = clock.elapsed() + timeoutMs;
    const drained = { attempt: "closing the producer", timeoutMs };
    await bounded(clock, this.#outbox.flush(), drained).catch(() => {});
    await this.#endTransaction(Math.max(deadline - clock.elapsed(), 1));
    this.#transaction?.close();
    const lost = this.#outbox.failAll(
      new MillraceError("CLOSED", "the producer was closed before the record was written"),
    );
    this.#outbox.close();
    this.#isClosed = true;
    if (lost === 0) return;
    const text = `closing the producer took longer than ${timeoutMs} ms: ${lost} records were given up, each with a delivery that says so; some may have been written`;
    throw new MillraceError("TIMED_OUT", text);
  }

  /** An open transaction would hold up its readers until the broker's timeout. */
  async #endTransaction(timeoutMs: number): Promise<void> {
    const transaction = this.#transaction;
    if (!transaction) return;
    const bound = { attempt: "ending the transaction", timeoutMs };
    try {
      await bounded(this.#cluster.host.clock, transaction.settled(), bound);
      const { name } = transaction.state;
      if (name === "in-transaction" || name === "abortable-error") await transaction.abort(bound);
    } catch (error) {
      const text = `the open transaction could not be aborted on close; the broker will: ${error}`;
      this.#cluster.logger.warn({ transactionalId: this.#settings.transactionalId }, text);
    }
  }
}

function serialized<T>(serializer: Serializer<T> | undefined, content: T): Field {
  return serializer === undefined ? (content as Content) : serializer.serialize(content);
}

/** A group's offsets are taken from anyone who does not say which member it is. */
function anyMemberOf(groupId: string): GroupMetadata {
  return { groupId, generationId: -1, memberId: "", groupInstanceId: null };
}
