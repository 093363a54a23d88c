import type { Clock, Timer } from "../../clock.ts";
import { BrokerError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import {
  eachPartition,
  noPartitions,
  type PartitionSet,
  type Transaction,
  type TransactionPartition,
  withPartitions,
} from "./transaction.ts";
import type { Marker, TransactionMarkers } from "./transaction-markers.ts";
import { complete } from "./transaction-step.ts";
import type { TransactionStore } from "./transaction-store.ts";

/** How long after a marker could not be written it is tried again. */
const retryMs = 500;

/**
 * Carries out what was decided: writes the markers of prepared transactions and then notes that they are
 * complete (Kafka's `TransactionMarkerChannelManager`). What fails is tried again until it is done;
 * until then the transaction stays prepared, and its producer is told CONCURRENT_TRANSACTIONS.
 */
export class TransactionCompletion {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #store: TransactionStore;
  readonly #markers: TransactionMarkers;
  /** The transactional ids of those that wait for another try. */
  readonly #unfinished = new Set<string>();
  #retry: Timer | undefined;
  #isClosed = false;

  constructor(clock: Clock, logger: Logger, store: TransactionStore, markers: TransactionMarkers) {
    this.#clock = clock;
    this.#logger = logger;
    this.#store = store;
    this.#markers = markers;
  }

  /** Completes a prepared transaction, at once if possible. */
  finish(transaction: Transaction): void {
    const { transactionalId } = transaction;
    const left = this.#writeMarkers(transaction);
    if (left.size === 0 && this.#noteComplete(transaction)) {
      this.#unfinished.delete(transactionalId);
      return;
    }
    this.#store.keep({ ...transaction, partitions: left });
    this.#tryAgain(transactionalId);
  }

  /** Forgets those that wait for another try. */
  clear(): void {
    this.#unfinished.clear();
  }

  /** Stops trying; the next start goes on. */
  close(): void {
    this.#isClosed = true;
    this.#retry?.cancel();
  }

  /** Gives the partitions that still lack their marker. */
  #writeMarkers(transaction: Transaction): PartitionSet {
    const { transactionalId, producerId, producerEpoch, clientVersion, state } = transaction;
    const marker: Marker = {
      outcome: state === "PrepareCommit" ? "commit" : "abort",
      producerId,
      producerEpoch,
      coordinatorEpoch: this.#store.coordinatorEpoch(transactionalId),
      transactionVersion: clientVersion,
    };
    const left: TransactionPartition[] = [];
    for (const one of eachPartition(transaction.partitions)) {
      const code = this.#markers.write(one, marker);
      // No partition means that its topic was deleted, so there is nothing to mark.
      if (code === undefined || code === "UNKNOWN_TOPIC_OR_PARTITION") continue;
      this.#logger.warn({ transactionalId, ...one, code }, "a marker could not be written");
      // Someone else ended the transaction here, such as `kafka-transactions abort`.
      if (code === "INVALID_PRODUCER_EPOCH" || code === "TRANSACTION_COORDINATOR_FENCED") continue;
      left.push(one);
    }
    return left.length === 0 ? noPartitions : withPartitions(noPartitions, left);
  }

  /** Whether the end of the transaction could be noted. */
  #noteComplete(transaction: Transaction): boolean {
    try {
      this.#store.write(complete(transaction, this.#clock.now()));
      return true;
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      const { transactionalId } = transaction;
      this.#logger.warn(
        { transactionalId, error: error.message },
        "the end of a transaction could not be noted; it is tried again",
      );
      return false;
    }
  }

  #tryAgain(transactionalId: string): void {
    if (this.#isClosed) return;
    this.#unfinished.add(transactionalId);
    this.#retry ??= this.#clock.after(retryMs, () => this.#retryAll());
  }

  #retryAll(): void {
    this.#retry = undefined;
    for (const transactionalId of [...this.#unfinished]) {
      const transaction = this.#store.find(transactionalId);
      if (transaction !== undefined) this.finish(transaction);
    }
  }
}
