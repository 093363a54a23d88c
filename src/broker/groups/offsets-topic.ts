import type { Clock } from "../../clock.ts";
import { BrokerError } from "../../errors.ts";
import { noProducer, type ProducerStamp, RecordBatchBuilder } from "../../protocol/index.ts";
import { coordinatorPartition } from "../coordinator-partition.ts";
import type { Controller } from "../metadata/controller.ts";
import type { Partition } from "../partition.ts";
import type { Partitions } from "../partitions.ts";
import type { CoordinatorRecord } from "./coordinator-record.ts";

/** The topic in which groups and their offsets are kept. */
export const offsetsTopicName = "__consumer_offsets";

/** From this size on a builder is not kept for the next append (Kafka's `CACHED_BUFFER_MAX_BYTES`). */
const keptBuilderBytes = 1024 * 1024;

/** Finds the partition of a group's records, makes the topic on first use, and appends batches. */
export class OffsetsTopic {
  readonly #partitions: Partitions;
  readonly #controller: Controller;
  readonly #clock: Clock;
  #builder = new RecordBatchBuilder();
  #transactionalBuilder = new RecordBatchBuilder({ isTransactional: true });

  constructor(partitions: Partitions, controller: Controller, clock: Clock) {
    this.#partitions = partitions;
    this.#controller = controller;
    this.#clock = clock;
  }

  /** The partition that a group's records are in, as every Kafka client and tool works it out. */
  indexFor(groupId: string): number {
    return coordinatorPartition(groupId, this.#partitionCount());
  }

  /** Makes the topic where it is not there yet. */
  ensure(): void {
    const { image } = this.#controller;
    if (image.topics.has(offsetsTopicName)) return;
    this.#controller.createTopic({
      name: offsetsTopicName,
      numPartitions: this.#partitionCount(),
      replicationFactor: 1,
      configs: new Map([
        ["cleanup.policy", "compact"],
        ["compression.type", "producer"],
        ["segment.bytes", this.#controller.brokerConfig("offsets.topic.segment.bytes")],
      ]),
      isInternal: true,
    });
  }

  /** All partitions of the topic; none before it is made. */
  partitions(): readonly Partition[] {
    return this.#partitions.of(offsetsTopicName);
  }

  /**
   * Appends a group's records as one batch, as part of a transaction where a producer is given; gives
   * the offset of the first. Throws a `BrokerError` where the log does not take it.
   */
  append(groupId: string, records: readonly CoordinatorRecord[], producer?: ProducerStamp): number {
    const partition = this.#partitionFor(groupId);
    const builder = producer === undefined ? this.#builder : this.#transactionalBuilder;
    try {
      const timestamp = this.#clock.now();
      for (const { key, value } of records) builder.append(timestamp, key, value);
      const batch = builder.finish(producer ?? noProducer);
      return partition.append(batch, "coordinator").baseOffset;
    } finally {
      this.#renew(producer !== undefined);
    }
  }

  /** Cuts records that need not stand or fall together into runs that fit into a batch each. */
  batches(groupId: string, records: readonly CoordinatorRecord[]): CoordinatorRecord[][] {
    const limit = this.#partitionFor(groupId).log.config.maxMessageBytes;
    const batches: CoordinatorRecord[][] = [];
    let size = Number.POSITIVE_INFINITY;
    for (const record of records) {
      const recordSize = RecordBatchBuilder.sizeOf(record.key, record.value);
      if (size + recordSize > limit) {
        batches.push([]);
        size = batchOverheadBytes;
      }
      batches.at(-1)?.push(record);
      size += recordSize;
    }
    return batches;
  }

  #partitionFor(groupId: string): Partition {
    this.ensure();
    const index = this.indexFor(groupId);
    const partition = this.#partitions.get(offsetsTopicName, index);
    if (partition !== undefined) return partition;
    const message = `partition ${index} of ${offsetsTopicName} is not open on this broker`;
    throw new BrokerError("NOT_COORDINATOR", message);
  }

  #partitionCount(): number {
    const topic = this.#controller.image.topics.get(offsetsTopicName);
    if (topic !== undefined) return topic.partitions.length;
    return Number(this.#controller.brokerConfig("offsets.topic.num.partitions"));
  }

  #renew(isTransactional: boolean): void {
    const builder = isTransactional ? this.#transactionalBuilder : this.#builder;
    if (builder.capacity <= keptBuilderBytes) builder.reset();
    else if (isTransactional) {
      this.#transactionalBuilder = new RecordBatchBuilder({ isTransactional });
    } else this.#builder = new RecordBatchBuilder();
  }
}

/** More than a batch's header takes. */
const batchOverheadBytes = 128;
