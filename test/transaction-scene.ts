import { LogDirectory } from "../src/broker/log/log-directory.ts";
import { Controller } from "../src/broker/metadata/controller.ts";
import type { Partition } from "../src/broker/partition.ts";
import { Partitions } from "../src/broker/partitions.ts";
import {
  TransactionCoordinator,
  type TransactionPartition,
} from "../src/broker/transactions/transaction-coordinator.ts";
import type { ProducerIdentity } from "../src/broker/transactions/transaction-step.ts";
import type { BrokerErrorCode } from "../src/broker-error-code.ts";
import { BrokerError } from "../src/errors.ts";
import { silentLogger } from "../src/log.ts";
import {
  controlRecordType,
  RecordBatchBuilder,
  RecordBatches,
  RecordCursor,
  type TransactionOutcome,
} from "../src/protocol/index.ts";
import type { Random } from "../src/random.ts";
import { type CrashKind, FaultyDisk } from "./faulty-disk.ts";
import { seededNumbers } from "./log-fixture.ts";
import { ManualClock } from "./manual-clock.ts";

const directory = "/data";

/** The parts of a broker that transactions need, on a disk that can fail and under a clock that stands still. */
export class TransactionScene {
  readonly clock: ManualClock;
  readonly disk: FaultyDisk;
  readonly controller: Controller;
  readonly partitions: Partitions;
  readonly transactions: TransactionCoordinator;
  /** What the group coordinator was told, as "partition producerId outcome". */
  readonly offsetsMarkers: string[] = [];
  readonly #random: () => number;
  readonly #logs: LogDirectory;
  readonly #configs: readonly (readonly [string, string])[];

  constructor({
    random = seededNumbers(1),
    clock = new ManualClock(),
    disk = new FaultyDisk(random),
    configs = [],
  }: {
    readonly random?: () => number;
    readonly clock?: ManualClock;
    readonly disk?: FaultyDisk;
    readonly configs?: readonly (readonly [string, string])[];
  } = {}) {
    this.clock = clock;
    this.disk = disk;
    this.#random = random;
    this.#configs = configs;
    const logger = silentLogger;
    this.#logs = new LogDirectory({
      path: directory,
      disk,
      clock,
      logger,
      producerIdExpirationMs: 86_400_000,
    });
    this.controller = new Controller({
      settings: {
        nodeId: 1,
        listeners: [],
        dataDir: directory,
        configs: new Map([["transaction.state.log.num.partitions", "2"], ...configs]),
      },
      disk,
      directory,
      clock,
      random: seededRandom(random),
      logger,
      wasClosedCleanly: this.#logs.wasClosedCleanly,
    });
    const { controller } = this;
    this.partitions = new Partitions({
      directory: this.#logs,
      controller,
      logger,
      logDir: directory,
      disk,
    });
    this.partitions.open();
    this.transactions = new TransactionCoordinator({
      clock,
      logger,
      partitions: this.partitions,
      controller,
      onOffsetsMarker: (partition, producerId, outcome) =>
        void this.offsetsMarkers.push(`${partition} ${producerId} ${outcome}`),
    });
    this.transactions.start();
  }

  /** The same broker after it was killed or lost power, with room on its disk. */
  restarted(kind: CrashKind = "kill"): TransactionScene {
    this.transactions.close();
    const { clock } = this;
    const disk = this.disk.restart(kind);
    disk.freeBytes = Number.POSITIVE_INFINITY;
    return new TransactionScene({ random: this.#random, clock, disk, configs: this.#configs });
  }

  createTopic(name: string, numPartitions = 1): void {
    this.controller.createTopic({ name, numPartitions, replicationFactor: 1, configs: new Map() });
  }

  partition(topic: string, index = 0): Partition {
    return this.partitions.getOrThrow(topic, index);
  }

  /** Begins to work under a transactional id. */
  init(transactionalId: string, expected?: ProducerIdentity, timeoutMs = 60_000): ProducerIdentity {
    const { producerId, producerEpoch } = this.transactions.initProducer({
      transactionalId,
      timeoutMs,
      expected,
    });
    return { producerId, producerEpoch };
  }

  /** Writes a value in a transaction, as Produce 12 does with `add`; gives the refusal, if any. */
  write(
    transactionalId: string,
    { producerId, producerEpoch }: ProducerIdentity,
    { topic, partition }: TransactionPartition,
    value: string,
    { sequence = 0, add = true }: { readonly sequence?: number; readonly add?: boolean } = {},
  ): BrokerErrorCode | undefined {
    const target = this.partition(topic, partition);
    if (!target.log.hasOpenTransaction(producerId, producerEpoch)) {
      const admitted = this.transactions.admit({
        transactionalId,
        producerId,
        producerEpoch,
        partition: { topic, partition },
        add,
      });
      if (admitted !== undefined) return admitted;
    }
    const builder = new RecordBatchBuilder({ isTransactional: true, capacity: 256 });
    builder.append(this.clock.now(), null, value);
    const batch = builder.finish({ producerId, producerEpoch, baseSequence: sequence });
    return codeOf(() => target.append(batch, "client", add ? 2 : 0));
  }

  /** Commits or aborts; gives who the producer is from then on, or the refusal. */
  end(
    transactionalId: string,
    producer: ProducerIdentity,
    outcome: TransactionOutcome,
    version: 0 | 2 = 2,
  ): ProducerIdentity | BrokerErrorCode {
    try {
      const end = { ...producer, outcome, version };
      const { producerId, producerEpoch } = this.transactions.endTransaction(transactionalId, end);
      return { producerId, producerEpoch };
    } catch (error) {
      if (error instanceof BrokerError) return error.code;
      throw error;
    }
  }

  /** What a reader of committed records sees in a partition. */
  committed(topic: string, index = 0): string[] {
    const { log } = this.partition(topic, index);
    const values: string[] = [];
    const { records, abortedTransactions = [] } = log.read(log.logStartOffset, {
      maxBytes: 1 << 30,
      minOneBatch: true,
      committed: true,
    });
    const aborted = [...abortedTransactions];
    const skipped = new Set<number>();
    const batches = new RecordBatches(records);
    const cursor = new RecordCursor();
    for (let batch = batches.next(); batch !== undefined; batch = batches.next()) {
      if (batch.lastOffset >= log.lastStableOffset) break;
      for (const { firstOffset, producerId } of aborted) {
        if (firstOffset === batch.baseOffset) skipped.add(producerId);
      }
      cursor.open(batch, 1 << 20);
      while (cursor.next()) {
        if (!batch.isControl) {
          if (!skipped.has(batch.producerId)) values.push(cursor.valueText() ?? "");
        } else if (controlRecordType(cursor) === "abort") skipped.delete(batch.producerId);
      }
    }
    return values;
  }
}

/** Runs something that a broker may refuse; gives the refusal. */
export function codeOf(run: () => unknown): BrokerErrorCode | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof BrokerError) return error.code;
    throw error;
  }
}

function seededRandom(float: () => number): Random {
  const bytes = (count: number) => Buffer.from(Array.from({ length: count }, () => float() * 256));
  return {
    float,
    below: (limit) => Math.floor(float() * limit),
    bytes,
    uuid: () =>
      bytes(16)
        .toString("hex")
        .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5"),
  };
}
