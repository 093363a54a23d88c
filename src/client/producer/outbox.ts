import { MillraceError } from "../../errors.ts";
import type { Cluster } from "../cluster.ts";
import { partitionName } from "../topic-partition.ts";
import { Accumulator } from "./accumulator.ts";
import type { Batch } from "./batch.ts";
import { Deliveries, type OnBatchFailure, type OnDelivery, type Outcome } from "./delivery.ts";
import { DeliveryDeadlines } from "./delivery-deadline.ts";
import { Idempotence } from "./idempotence.ts";
import { Intake } from "./intake.ts";
import type { ProducerSettings } from "./options.ts";
import type { PartitionQueue, QueueRules } from "./partition-queue.ts";
import type { Partitioner } from "./partitioner.ts";
import { ProducerMetrics } from "./producer-metrics.ts";
import { failedWith, Sender } from "./sender.ts";
import { Transaction } from "./transaction.ts";
import { TransactionRequests } from "./transaction-requests.ts";
import type { TransactionState } from "./transaction-state.ts";
import type { WaitingRecord } from "./waiting-room.ts";

/** The functions a user has given to the producer. */
export interface OutboxCallbacks {
  readonly partitioner: Partitioner<unknown, unknown> | undefined;
  readonly onDelivery: OnDelivery<unknown, unknown> | undefined;
  readonly onBatchFailure: OnBatchFailure | undefined;
  readonly onTransactionState: (state: TransactionState) => void;
}

/**
 * What lies between a producer's face and the network, put together: records come in (`Intake`), are
 * gathered into batches (`Accumulator`), sent (`Sender`), and have their delivery (`Deliveries`), at
 * the latest when their time is over (`DeliveryDeadlines`).
 */
export class Outbox {
  readonly intake: Intake;
  readonly accumulator: Accumulator;
  /** Undefined unless the producer is transactional. */
  readonly transaction: Transaction | undefined;
  readonly metrics = new ProducerMetrics();
  readonly #cluster: Cluster;
  readonly #settings: ProducerSettings;
  readonly #sender: Sender;
  readonly #deadlines: DeliveryDeadlines;
  readonly #deliveries: Deliveries;
  readonly #idempotence: Idempotence | undefined;
  /** Connections of the producer's own: one for records, one for all else, which must not queue behind them. */
  readonly #lanes: { readonly records: string; readonly control: string };

  constructor(cluster: Cluster, settings: ProducerSettings, callbacks: OutboxCallbacks) {
    const { clock, random } = cluster.host;
    const lane = `producer ${random.uuid()}`;
    this.#cluster = cluster;
    this.#settings = settings;
    this.#lanes = { records: lane, control: `${lane} control` };
    this.#idempotence = this.#newIdempotence();
    this.transaction = this.#newTransaction(callbacks.onTransactionState);
    const { onDelivery, onBatchFailure, partitioner } = callbacks;
    this.#deliveries = new Deliveries(clock, onDelivery, onBatchFailure ?? this.#logFailure);
    this.#deadlines = new DeliveryDeadlines(clock, settings.deliveryTimeoutMs, (batch, queue) =>
      this.#expired(batch, queue),
    );
    this.#sender = this.#newSender();
    this.accumulator = new Accumulator(
      { ...settings, isTransactional: this.transaction !== undefined },
      clock,
      {
        opened: (batch, queue) => this.#opened(batch, queue),
        full: (queue) => this.#sender.ready(queue),
        lingered: (queues) => this.#sender.readyAll(queues),
      },
    );
    this.intake = new Intake(
      cluster,
      this.accumulator,
      { ...settings, partitioner },
      this.#rules(),
      (record, error) => this.#refused(record, error),
    );
  }

  /** Sends what is pending now without delay; resolves when each of these records has had its delivery. */
  async flush(): Promise<void> {
    this.accumulator.hurry();
    try {
      await this.intake.waiting.outstanding.settled();
      await this.accumulator.outstanding.settled();
      if (this.#settings.acks === 0) await this.#sender.received();
    } finally {
      this.accumulator.relax();
    }
  }

  /** Fails all that is pending, on its way or not, and gives the number of records. */
  failAll(error: MillraceError): number {
    let records = this.intake.waiting.outstanding.size;
    this.intake.refuseWaiting(error);
    for (const [batch, queue] of this.#deadlines.batches()) {
      records += batch.count;
      queue.expire(batch);
      this.#done(batch, failedWith(error), false);
    }
    return records;
  }

  /** Stops all timers and ends the producer's connections. */
  close(): void {
    this.#idempotence?.close();
    this.transaction?.close();
    this.#sender.close();
    this.#deadlines.close();
    this.accumulator.close();
    this.intake.close();
    this.#cluster.closeLane(this.#lanes.records);
    this.#cluster.closeLane(this.#lanes.control);
  }

  #rules(): QueueRules {
    const { acks, maxInFlight } = this.#settings;
    const identities = this.transaction ?? this.#idempotence;
    const isTransactional = this.transaction !== undefined;
    if (identities) return { identities, maxInFlight, isTransactional };
    // What nobody answers for cannot be sent again, and so not overtake either.
    return {
      identities,
      maxInFlight: acks === 0 ? Number.POSITIVE_INFINITY : 1,
      isTransactional,
    };
  }

  #newIdempotence(): Idempotence | undefined {
    const { idempotent, transactionalId, deliveryTimeoutMs } = this.#settings;
    if (!idempotent || transactionalId !== undefined) return undefined;
    return new Idempotence(this.#cluster, {
      lane: this.#lanes.control,
      pace: this.#settings,
      timeoutMs: deliveryTimeoutMs,
      onAttempt: () => this.#sender.lookAgain(),
      onFailure: (error) => this.#sender.abandon(this.intake.queues(), error),
    });
  }

  #newTransaction(changed: (state: TransactionState) => void): Transaction | undefined {
    const { transactionalId, transactionTimeoutMs, requestTimeoutMs, deliveryTimeoutMs } =
      this.#settings;
    if (transactionalId === undefined) return undefined;
    const requests = new TransactionRequests(this.#cluster, {
      transactionalId,
      transactionTimeoutMs,
      requestTimeoutMs,
      lane: this.#lanes.control,
      pace: this.#settings,
    });
    return new Transaction(transactionalId, this.#cluster.host, requests, deliveryTimeoutMs, {
      changed,
      flush: () => this.flush(),
      abandon: (error) => {
        this.intake.refuseWaiting(error);
        this.#sender.abandon(this.intake.queues(), error);
      },
      isDoubtful: () => this.intake.queues().some(({ isDoubtful }) => isDoubtful),
      admitted: (queues) => this.#sender.readyAll(queues),
    });
  }

  #newSender(): Sender {
    const { acks, requestTimeoutMs, transactionalId = null } = this.#settings;
    const settings = {
      ...this.#settings,
      lane: this.#lanes.records,
      head: { acks, transactionalId, timeoutMs: requestTimeoutMs },
      newestVersion: () => this.transaction?.newestProduce ?? Number.POSITIVE_INFINITY,
      identities: this.transaction ?? this.#idempotence,
    };
    return new Sender(this.#cluster, settings, {
      admits: (queue) => this.#admits(queue),
      needsIdentity: () => this.#idempotence?.acquire(),
      done: (batch, outcome, isReusable) => this.#done(batch, outcome, isReusable),
      divide: (batch) => this.#divide(batch),
      retried: () => {
        this.metrics.retries += 1;
      },
      answered: (tookMs) => {
        this.metrics.requestsSent += 1;
        if (tookMs !== undefined) this.metrics.requestLatencyMs.record(tookMs);
      },
    });
  }

  #admits(queue: PartitionQueue): boolean {
    const { transaction } = this;
    if (transaction === undefined) return true;
    const { stopped } = transaction;
    if (stopped === undefined) return transaction.admits(queue);
    // What comes back to be sent again in a transaction that is over goes nowhere.
    queueMicrotask(() => this.#sender.abandon([queue], stopped));
    return false;
  }

  #opened(batch: Batch, queue: PartitionQueue): void {
    this.#cluster.use(queue.topic);
    this.#deadlines.watch(batch, queue);
    this.transaction?.join(queue);
  }

  #done(batch: Batch, outcome: Outcome, isReusable: boolean): void {
    this.#deadlines.release(batch);
    this.accumulator.release(batch);
    if (outcome.name === "written") {
      this.metrics.written(batch.count, batch.encodedBytes);
      const topic = this.intake.topic(batch.topic);
      const queue = topic?.queues[batch.partition];
      const end = outcome.baseOffset < 0 ? -1 : outcome.baseOffset + batch.count;
      if (queue && end > queue.writtenEnd) queue.writtenEnd = end;
      if (this.#settings.compression !== "none") {
        topic?.learnRatio(batch.sizeInBytes, batch.encodedBytes);
      }
    } else this.metrics.recordErrors += batch.count;
    this.#deliveries.settle(batch, outcome);
    if (outcome.name === "failed") this.transaction?.fail("produce", outcome.errorOf(0));
    if (isReusable) this.accumulator.recycle(batch);
    this.intake.admit();
  }

  #divide(batch: Batch): readonly Batch[] {
    this.metrics.splits += 1;
    this.intake.topic(batch.topic)?.shrink(batch.encodedBytes);
    const parts = batch.split(() => this.accumulator.newBuilder());
    this.accumulator.replace(batch, parts);
    this.#deadlines.replace(batch, parts);
    return parts;
  }

  #expired(batch: Batch, queue: PartitionQueue): void {
    const { deliveryTimeoutMs } = this.#settings;
    const place = partitionName(batch.topic, batch.partition);
    const fate =
      batch.sends === 0
        ? "they were never sent: the broker could not be reached or did not keep up"
        : "they were sent and may have been written: the broker did not answer, or could not take them for now";
    queue.expire(batch);
    const cause = queue.trouble;
    const last = cause ? `; the last failure was: ${cause.message}` : "";
    const text = `${batch.count} records for ${place} were not delivered within ${deliveryTimeoutMs} ms (deliveryTimeoutMs); ${fate}${last}`;
    const error = new MillraceError("DELIVERY_TIMED_OUT", text, cause ? { cause } : {});
    this.#done(batch, failedWith(error), false);
  }

  #refused({ recipient, topic, partition = -1 }: WaitingRecord, error: MillraceError): void {
    this.metrics.recordErrors += 1;
    if (recipient) this.#deliveries.refuse(recipient, error);
    else this.#deliveries.refuseUnheard(error, topic, partition);
    this.transaction?.fail("produce", error);
  }

  readonly #logFailure: OnBatchFailure = (error, { topic, partition, records }) => {
    const fields = { topic, partition, records, code: error.code };
    this.#cluster.logger.warn(fields, `records were not written: ${error.message}`);
  };
}
