import type { BrokerErrorCode } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { ProducerIds } from "./producer-ids.ts";
import { RecurringCheck } from "./recurring-check.ts";
import {
  hasPartition,
  type Transaction,
  type TransactionPartition,
  type TransactionVersion,
} from "./transaction.ts";
import { TransactionCompletion } from "./transaction-completion.ts";
import { type End, endTransaction } from "./transaction-end.ts";
import { transactionStateTopic } from "./transaction-log.ts";
import { type Marker, type OnOffsetsMarker, TransactionMarkers } from "./transaction-markers.ts";
import {
  addPartitions,
  checkProducer,
  complete,
  fence,
  initProducer,
  isExpired,
  isTimedOut,
  newTransaction,
  type ProducerIdentity,
  type Step,
  type StepContext,
} from "./transaction-step.ts";
import { TransactionStore, type TransactionStoreOptions } from "./transaction-store.ts";

export type { TransactionPartition } from "./transaction.ts";

/** A write in a transaction, or the wish for one. */
export interface TransactionalWrite extends ProducerIdentity {
  readonly transactionalId: string;
  readonly partition: TransactionPartition;
  readonly add: boolean;
}

/** What InitProducerId asks for. */
export interface InitProducerRequest {
  /** Null for a producer that is idempotent only. */
  readonly transactionalId: string | null;
  readonly timeoutMs: number;
  /** Who the producer was before, where it recovers from an error (KIP-360). */
  readonly expected: ProducerIdentity | undefined;
}

/** What a coordinator is made with; `onOffsetsMarker` is the group coordinator's `completeTransaction`. */
export interface TransactionCoordinatorOptions extends TransactionStoreOptions {
  readonly onOffsetsMarker: OnOffsetsMarker;
}

/**
 * Looks after transactional producers: ids and epochs, what is in a transaction, its end and the
 * markers for it (Kafka's `TransactionCoordinator`). State lies in `__transaction_state`. Requests that
 * are refused throw a `BrokerError`; a transaction is complete when the request that ended it returns,
 * unless a marker could not be written.
 */
export class TransactionCoordinator {
  readonly #options: TransactionCoordinatorOptions;
  readonly #store: TransactionStore;
  readonly #markers: TransactionMarkers;
  readonly #completion: TransactionCompletion;
  readonly #producerIds: ProducerIds;
  readonly #timeouts: RecurringCheck;
  readonly #expiry: RecurringCheck;

  constructor(options: TransactionCoordinatorOptions) {
    const { clock, logger, partitions, controller, onOffsetsMarker } = options;
    this.#options = options;
    const store = new TransactionStore(options);
    this.#store = store;
    this.#markers = new TransactionMarkers(clock, partitions, onOffsetsMarker);
    this.#completion = new TransactionCompletion(clock, logger, store, this.#markers);
    this.#producerIds = new ProducerIds(() => controller.allocateProducerIds());
    this.#timeouts = new RecurringCheck({
      clock,
      intervalMs: () => this.#config("transaction.abort.timed.out.transaction.cleanup.interval.ms"),
      run: () => this.#abortTimedOut(),
      isNeeded: () => store.ongoing.size > 0,
    });
    this.#expiry = new RecurringCheck({
      clock,
      intervalMs: () => this.#config("transaction.remove.expired.transaction.cleanup.interval.ms"),
      run: () => this.#forgetExpired(),
      isNeeded: () => !store.isEmpty,
    });
  }

  /**
   * Loads the transactions, and completes those that were prepared when the broker stopped. The
   * partitions' logs must be open. Until it is done requests get COORDINATOR_LOAD_IN_PROGRESS.
   */
  start(): void {
    this.#options.controller.addListener({
      changed: ({ deletedTopics }) => {
        if (deletedTopics.some(({ name }) => name === transactionStateTopic)) this.#clear();
      },
    });
    this.#store.load(
      (transaction) => this.#completion.finish(transaction),
      () => this.#wake(),
    );
  }

  /** Stops all that is under way; the next start goes on with it. May be called twice. */
  close(): void {
    this.#store.close();
    this.#completion.close();
    this.#timeouts.close();
    this.#expiry.close();
  }

  /** Makes `__transaction_state` unless it is there, as FindCoordinator does. Throws a `BrokerError`. */
  createTopic(): void {
    this.#store.createTopic();
  }

  /** The partition of `__transaction_state` that a transactional id belongs to. */
  partitionFor(transactionalId: string): number {
    return this.#store.partitionFor(transactionalId);
  }

  /**
   * Whether a producer may write to the partition as part of its transaction: undefined if so. With `add`
   * the partition joins the transaction by being written to (KIP-890, Produce 12, TxnOffsetCommit 5);
   * without, TRANSACTION_ABORTABLE says that it was not added before, which clients know from Produce 11
   * and TxnOffsetCommit 4 on, those before as INVALID_TXN_STATE (`AddPartitionsToTxnManager`).
   */
  admit({
    transactionalId,
    partition,
    add,
    ...producer
  }: TransactionalWrite): BrokerErrorCode | undefined {
    if (!add && !this.#verifies) return undefined;
    try {
      if (!this.#options.controller.image.topics.has(transactionStateTopic)) {
        return "COORDINATOR_NOT_AVAILABLE";
      }
      if (add) this.addPartitions(transactionalId, producer, [partition], 2);
      else if (!this.verify(transactionalId, producer, partition)) return "TRANSACTION_ABORTABLE";
      return undefined;
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      // Producers expect this one of a write.
      return error.code === "PRODUCER_FENCED" ? "INVALID_PRODUCER_EPOCH" : error.code;
    }
  }

  get #verifies(): boolean {
    const { controller } = this.#options;
    return controller.brokerConfig("transaction.partition.verification.enable") !== "false";
  }

  /**
   * Gives a producer its id and epoch. Throws CONCURRENT_TRANSACTIONS when a transaction of a producer
   * before had to be aborted, INVALID_TRANSACTION_TIMEOUT, PRODUCER_FENCED.
   */
  initProducer({ transactionalId, timeoutMs, expected }: InitProducerRequest): ProducerIdentity {
    if (transactionalId === null) {
      return { producerId: this.#producerIds.next(), producerEpoch: 0 };
    }
    checkTransactionalId(transactionalId);
    if (timeoutMs <= 0 || timeoutMs > this.#config("transaction.max.timeout.ms")) {
      const message = `transactions of ${timeoutMs} ms are outside of what transaction.max.timeout.ms allows`;
      throw new BrokerError("INVALID_TRANSACTION_TIMEOUT", message);
    }
    this.#store.createTopic();
    const context = this.#context();
    const transaction =
      this.#store.find(transactionalId) ?? newTransaction(transactionalId, timeoutMs, context);
    const step = initProducer(transaction, timeoutMs, expected, context);
    if (step.do === "abort first") {
      this.#end(fence(transaction, this.#store.version, context));
      const why = "the transaction that another producer had open is aborted first";
      throw refusal(transactionalId, "CONCURRENT_TRANSACTIONS", why);
    }
    return this.#take(transaction, step);
  }

  /** Adds partitions to a producer's transaction. `version` is 2 where the producer speaks KIP-890. */
  addPartitions(
    transactionalId: string,
    producer: ProducerIdentity,
    partitions: readonly TransactionPartition[],
    version: TransactionVersion,
  ): void {
    const transaction = this.#found(transactionalId);
    const step = addPartitions(
      transaction,
      producer,
      partitions,
      version,
      this.#options.clock.now(),
    );
    this.#take(transaction, step);
  }

  /** Whether a partition is in a producer's transaction. Throws where the producer is not who it was. */
  verify(
    transactionalId: string,
    producer: ProducerIdentity,
    partition: TransactionPartition,
  ): boolean {
    const transaction = this.#found(transactionalId);
    const refused = checkProducer(transaction, producer);
    if (refused !== undefined) throw refusal(transactionalId, refused.code, refused.why);
    return hasPartition(transaction.partitions, partition);
  }

  /** Commits or aborts; gives who the producer is from now on. */
  endTransaction(transactionalId: string, end: End): ProducerIdentity {
    const transaction = this.#found(transactionalId);
    const step = endTransaction(transaction, end, this.#context());
    if (step.do !== "write") return this.#take(transaction, step);
    this.#end(step.next);
    return complete(step.next, 0);
  }

  /** The transaction of an id. Throws TRANSACTIONAL_ID_NOT_FOUND and what a coordinator that is not ready says. */
  describe(transactionalId: string): Transaction {
    if (transactionalId === "") {
      throw new BrokerError("INVALID_REQUEST", "a transactional id must not be empty");
    }
    const transaction = this.#store.find(transactionalId);
    if (transaction !== undefined) return transaction;
    const message = `the transactional id ${transactionalId} is not known`;
    throw new BrokerError("TRANSACTIONAL_ID_NOT_FOUND", message);
  }

  /** All transactions. Throws COORDINATOR_LOAD_IN_PROGRESS. */
  all(): Iterable<Transaction> {
    if (!this.#store.isLoading) return this.#store.all();
    throw new BrokerError("COORDINATOR_LOAD_IN_PROGRESS", "transactions are being loaded");
  }

  /** Ends a producer's transaction in one partition, as brokers and tools ask for (WriteTxnMarkers). */
  writeMarker(partition: TransactionPartition, marker: Marker): BrokerErrorCode | undefined {
    return this.#markers.write(partition, marker);
  }

  #found(transactionalId: string): Transaction {
    checkTransactionalId(transactionalId);
    const transaction = this.#store.find(transactionalId);
    if (transaction !== undefined) return transaction;
    throw refusal(transactionalId, "INVALID_PRODUCER_ID_MAPPING", "it has no producer");
  }

  /** Carries a step out; gives who the producer is now. */
  #take(transaction: Transaction, step: Step): ProducerIdentity {
    switch (step.do) {
      case "refuse":
        throw refusal(transaction.transactionalId, step.code, step.why);
      case "nothing":
        return transaction;
      case "write":
        this.#store.write(step.next);
        this.#wake();
        return step.next;
      default:
        return step satisfies never;
    }
  }

  /** Decides a transaction, and carries the decision out. */
  #end(prepared: Transaction): void {
    this.#store.write(prepared);
    this.#completion.finish(prepared);
  }

  #abortTimedOut(): void {
    const { clock, logger } = this.#options;
    for (const transactionalId of [...this.#store.ongoing]) {
      try {
        const transaction = this.#found(transactionalId);
        if (!isTimedOut(transaction, clock.now())) continue;
        this.#end(fence(transaction, this.#store.version, this.#context()));
        logger.info({ transactionalId }, "a transaction took too long and was aborted");
      } catch (error) {
        if (!(error instanceof BrokerError)) throw error;
        const { message } = error;
        logger.warn({ transactionalId, error: message }, "a transaction could not be aborted");
      }
    }
  }

  #forgetExpired(): void {
    const { clock, logger } = this.#options;
    const expirationMs = this.#config("transactional.id.expiration.ms");
    const expired: string[] = [];
    for (const transaction of this.#store.all()) {
      if (isExpired(transaction, clock.now(), expirationMs))
        expired.push(transaction.transactionalId);
    }
    try {
      this.#store.forget(expired);
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      logger.warn({ error: error.message }, "expired transactional ids could not be forgotten");
    }
  }

  #clear(): void {
    this.#store.clear();
    this.#completion.clear();
  }

  #wake(): void {
    this.#timeouts.wake();
    this.#expiry.wake();
  }

  #context(): StepContext {
    return {
      now: this.#options.clock.now(),
      newProducerId: () => this.#producerIds.next(),
    };
  }

  #config(name: string): number {
    return Number(this.#options.controller.brokerConfig(name));
  }
}

function checkTransactionalId(transactionalId: string): void {
  if (transactionalId !== "") return;
  throw new BrokerError("INVALID_REQUEST", "a transactional id must not be empty");
}

function refusal(transactionalId: string, code: BrokerErrorCode, why: string): BrokerError {
  return new BrokerError(code, `the transactional id ${transactionalId} is refused: ${why}`);
}
