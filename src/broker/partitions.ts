import type { Disk } from "../disk.ts";
import { BrokerError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { LogDirectory } from "./log/log-directory.ts";
import type { TopicImage } from "./metadata/cluster-image.ts";
import type { Controller, MetadataListener } from "./metadata/controller.ts";
import { metadataTopic } from "./metadata/topic-name.ts";
import { Partition } from "./partition.ts";

const noPartitions: readonly Partition[] = [];
const topicConfigs = 2;
const brokerConfigs = 4;

/**
 * All partitions of this broker: opened as the metadata has them, closed and deleted with their
 * topics, and given their topics' configs.
 */
export class Partitions implements MetadataListener {
  readonly #directory: LogDirectory;
  readonly #controller: Controller;
  readonly #logger: Logger;
  readonly #topics = new Map<string, Partition[]>();

  /** Where the logs lie. */
  readonly logDir: string;
  readonly #disk: Disk;

  constructor({
    directory,
    controller,
    logger,
    logDir,
    disk,
  }: {
    readonly logDir: string;
    readonly disk: Disk;
    readonly directory: LogDirectory;
    readonly controller: Controller;
    readonly logger: Logger;
  }) {
    this.#directory = directory;
    this.#controller = controller;
    this.#logger = logger;
    this.logDir = logDir;
    this.#disk = disk;
  }

  /** Undefined where the topic is unknown, has no such partition, or its log could not be opened. */
  get(topic: string, index: number): Partition | undefined {
    return this.#topics.get(topic)?.[index];
  }

  /** The partition, or the error that says why it is not there: UNKNOWN_TOPIC_OR_PARTITION, KAFKA_STORAGE_ERROR. */
  getOrThrow(topic: string, index: number): Partition {
    const partition = this.get(topic, index);
    if (partition) return partition;
    if (this.#controller.image.topics.get(topic)?.partitions[index]) {
      const message = `the log of ${topic}-${index} could not be opened; see the broker's log`;
      throw new BrokerError("KAFKA_STORAGE_ERROR", message);
    }
    const message = `this server does not host ${topic}-${index}`;
    throw new BrokerError("UNKNOWN_TOPIC_OR_PARTITION", message);
  }

  /** The partitions of one topic by index; none where the topic is unknown. */
  of(topic: string): readonly Partition[] {
    return this.#topics.get(topic) ?? noPartitions;
  }

  /** What room there is where the logs lie. */
  space(): { readonly totalBytes: number; readonly freeBytes: number } {
    return this.#disk.space(this.logDir);
  }

  /** All partitions, topic by topic. */
  *all(): Iterable<Partition> {
    for (const partitions of this.#topics.values()) yield* partitions;
  }

  /** Opens the logs of all topics there are, and follows the metadata from then on. */
  open(): void {
    for (const topic of this.#controller.image.topics.values()) this.#open(topic);
    this.#controller.addListener(this);
    for (const { topic, partition, topicId } of this.#directory.found()) {
      const isKnown = topic === metadataTopic || this.get(topic, partition)?.topicId === topicId;
      if (isKnown) continue;
      this.#logger.warn({ topic, partition, topicId }, "a directory belongs to no topic");
    }
  }

  changed(delta: Parameters<MetadataListener["changed"]>[0]): void {
    const { image } = this.#controller;
    for (const { name } of delta.deletedTopics) this.#delete(name);
    for (const name of [...delta.createdTopics, ...delta.grownTopics]) {
      const topic = image.topics.get(name);
      if (topic) this.#open(topic);
    }
    for (const { type, name } of delta.changedConfigs) {
      if (type === topicConfigs) this.#configure(name);
      if (type === brokerConfigs) for (const topic of this.#topics.keys()) this.#configure(topic);
    }
  }

  #open({ name, id, partitions }: TopicImage): void {
    const config = this.#controller.logConfig(name);
    const open = this.#topics.get(name) ?? [];
    this.#topics.set(name, open);
    for (const [index, { leaderEpoch }] of partitions.entries()) {
      const known = open[index];
      if (known) {
        known.leaderEpoch = leaderEpoch;
        continue;
      }
      try {
        const log = this.#directory.open({ topic: name, partition: index, topicId: id }, config);
        log.beginEpoch(leaderEpoch);
        open[index] = new Partition(log, leaderEpoch);
      } catch (error) {
        this.#logger.error({ topic: name, partition: index, error }, "a log could not be opened");
        // Partitions behind this one would leave a hole in the list, and a hole is not a partition.
        return;
      }
    }
  }

  #delete(name: string): void {
    const partitions = this.of(name);
    this.#topics.delete(name);
    for (const partition of partitions) {
      partition.isGone = true;
      partition.changed();
      try {
        this.#directory.delete(partition.log);
      } catch (error) {
        const { topic, index } = partition;
        this.#logger.error({ topic, partition: index, error }, "a log could not be deleted");
      }
    }
  }

  #configure(name: string): void {
    const partitions = this.of(name);
    if (partitions.length === 0) return;
    const config = this.#controller.logConfig(name);
    for (const { log } of partitions) log.config = config;
  }
}
