import type { Clock } from "../../clock.ts";
import { BrokerError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { coordinatorPartition } from "../coordinator-partition.ts";
import type { CoordinatorRecord } from "../groups/coordinator-record.ts";
import type { Controller } from "../metadata/controller.ts";
import type { Partition } from "../partition.ts";
import type { Partitions } from "../partitions.ts";
import type { Transaction, TransactionVersion } from "./transaction.ts";
import { appendRecords, loadTransactions, transactionStateTopic } from "./transaction-log.ts";
import { encodeTransaction, encodeTransactionKey } from "./transaction-record.ts";

/** What the parts of a transaction coordinator share. */
export interface TransactionStoreOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly partitions: Partitions;
  readonly controller: Controller;
}

/** How long loading goes on before other work has its turn. */
const loadSliceMs = 5;
/** A batch of tombstones is closed once its keys are larger than this. */
const tombstoneBatchBytes = 16_384;

/**
 * All transactions, in memory as they are in `__transaction_state` (Kafka's `TransactionStateManager`).
 * What is written is in the log before it is seen here. As in Kafka their number has no bound but time.
 */
export class TransactionStore {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #partitions: Partitions;
  readonly #controller: Controller;
  readonly #transactions = new Map<string, Transaction>();
  readonly #ongoing = new Set<string>();
  /** The partitions of the topic that have not been read yet. */
  readonly #loading = new Set<number>();
  /** How many partitions the topic had when it was found: who adds some later must not move the ids. */
  #partitionCount: number | undefined;
  #isClosed = false;

  constructor({ clock, logger, partitions, controller }: TransactionStoreOptions) {
    this.#clock = clock;
    this.#logger = logger;
    this.#partitions = partitions;
    this.#controller = controller;
  }

  /** The `transaction.version` that the cluster has settled on. */
  get version(): TransactionVersion {
    const level = this.#controller.image.features.get("transaction.version") ?? 0;
    return level >= 2 ? 2 : level === 1 ? 1 : 0;
  }

  /** Whether there are partitions of the log that have not been read yet. */
  get isLoading(): boolean {
    return this.#loading.size > 0;
  }

  /** All transactions whose state is known. */
  all(): Iterable<Transaction> {
    return this.#transactions.values();
  }

  /** Whether there are any at all. */
  get isEmpty(): boolean {
    return this.#transactions.size === 0;
  }

  /** The ids of those that are open. */
  get ongoing(): ReadonlySet<string> {
    return this.#ongoing;
  }

  /** The partition of `__transaction_state` that a transactional id belongs to. */
  partitionFor(transactionalId: string): number {
    return coordinatorPartition(transactionalId, this.#count());
  }

  /** Makes `__transaction_state`, as Kafka configures it, unless it is there. */
  createTopic(): void {
    const { image } = this.#controller;
    if (image.topics.has(transactionStateTopic)) return;
    const segmentBytes = this.#controller.brokerConfig("transaction.state.log.segment.bytes");
    this.#controller.createTopic({
      name: transactionStateTopic,
      numPartitions: this.#configuredCount(),
      // One node can hold one replica, whatever transaction.state.log.replication.factor and min.isr say.
      replicationFactor: 1,
      configs: new Map([
        ["unclean.leader.election.enable", "false"],
        ["compression.type", "uncompressed"],
        ["cleanup.policy", "compact"],
        ["min.insync.replicas", "1"],
        ["segment.bytes", segmentBytes],
      ]),
      isInternal: true,
    });
  }

  /**
   * The transaction of an id; undefined where there is none. Throws COORDINATOR_LOAD_IN_PROGRESS, and
   * NOT_COORDINATOR where `__transaction_state` is missing.
   */
  find(transactionalId: string): Transaction | undefined {
    const transaction = this.#transactions.get(transactionalId);
    if (transaction === undefined) this.#partitionOf(transactionalId);
    return transaction;
  }

  /** The leader epoch of the partition that a transactional id belongs to. Throws as {@link find} does. */
  coordinatorEpoch(transactionalId: string): number {
    return this.#partitionOf(transactionalId).leaderEpoch;
  }

  /** Writes a transaction's next state, and then has it seen. Throws a `BrokerError` where nothing has changed. */
  write(transaction: Transaction): void {
    const partition = this.#partitionOf(transaction.transactionalId);
    const record = encodeTransaction(transaction, this.version);
    appendRecords(partition, [record], this.#clock.now());
    this.keep(transaction);
  }

  /** Has a state be seen that is not worth a record. */
  keep(transaction: Transaction): void {
    const { transactionalId, state } = transaction;
    this.#transactions.set(transactionalId, transaction);
    if (state === "Ongoing") this.#ongoing.add(transactionalId);
    else this.#ongoing.delete(transactionalId);
  }

  /** Writes tombstones for transactional ids, and forgets them. Throws as {@link write} does, with some done. */
  forget(transactionalIds: Iterable<string>): void {
    const open = new Map<Partition, Tombstones>();
    for (const id of transactionalIds) {
      const partition = this.#partitionOf(id);
      const tombstones = open.get(partition) ?? { ids: [], records: [], bytes: 0 };
      open.set(partition, tombstones);
      const key = encodeTransactionKey(id);
      tombstones.ids.push(id);
      tombstones.records.push({ key, value: null });
      tombstones.bytes += key.length;
      if (tombstones.bytes < tombstoneBatchBytes) continue;
      open.delete(partition);
      this.#bury(partition, tombstones);
    }
    for (const [partition, tombstones] of open) this.#bury(partition, tombstones);
  }

  #bury(partition: Partition, { ids, records }: Tombstones): void {
    appendRecords(partition, records, this.#clock.now());
    for (const id of ids) this.#transactions.delete(id);
  }

  /**
   * Reads the log, in slices so that others have their turn; a small one is read when this returns.
   * `onPrepared` is called with each transaction whose outcome is decided and not carried out, and
   * `onLoaded` at the end.
   */
  load(onPrepared: (transaction: Transaction) => void, onLoaded: () => void): void {
    if (!this.#controller.image.topics.has(transactionStateTopic)) return;
    const count = this.#count();
    for (let index = 0; index < count; index += 1) this.#loading.add(index);
    const steps = this.#loadAll(onPrepared);
    const advance = () => {
      const until = this.#clock.elapsed() + loadSliceMs;
      while (!this.#isClosed && this.isLoading) {
        if (steps.next().done) return onLoaded();
        if (this.#clock.elapsed() < until) continue;
        this.#clock.soon(advance);
        return;
      }
    };
    advance();
  }

  /** Forgets everything, since the topic is gone. */
  clear(): void {
    this.#transactions.clear();
    this.#ongoing.clear();
    this.#loading.clear();
    this.#partitionCount = undefined;
  }

  /** Stops loading. */
  close(): void {
    this.#isClosed = true;
  }

  *#loadAll(onPrepared: (transaction: Transaction) => void): Generator<void> {
    for (const index of [...this.#loading]) {
      const loaded = new Map<string, Transaction>();
      const log = this.#partitions.get(transactionStateTopic, index)?.log;
      if (log !== undefined) yield* loadTransactions(log, loaded, this.#logger);
      for (const transaction of loaded.values()) this.keep(transaction);
      this.#loading.delete(index);
      for (const transaction of loaded.values()) {
        const { state } = transaction;
        if (state === "PrepareCommit" || state === "PrepareAbort") onPrepared(transaction);
      }
    }
  }

  #partitionOf(transactionalId: string): Partition {
    const index = this.partitionFor(transactionalId);
    if (this.#loading.has(index)) {
      const message = `partition ${index} of ${transactionStateTopic} is being loaded`;
      throw new BrokerError("COORDINATOR_LOAD_IN_PROGRESS", message);
    }
    const partition = this.#partitions.get(transactionStateTopic, index);
    if (partition === undefined) {
      const message = `there is no partition ${index} of ${transactionStateTopic}`;
      throw new BrokerError("NOT_COORDINATOR", message);
    }
    return partition;
  }

  #count(): number {
    const topic = this.#controller.image.topics.get(transactionStateTopic);
    if (topic === undefined) return this.#configuredCount();
    this.#partitionCount ??= topic.partitions.length;
    return this.#partitionCount;
  }

  #configuredCount(): number {
    return Number(this.#controller.brokerConfig("transaction.state.log.num.partitions"));
  }
}

interface Tombstones {
  readonly ids: string[];
  readonly records: CoordinatorRecord[];
  bytes: number;
}
