import { MillraceError } from "../../errors.ts";
import type { Field, RecordHeaderIn } from "../../protocol/index.ts";
import type { Cluster } from "../cluster.ts";
import type { Bound } from "../deadline.ts";
import type { RetryPace } from "../retry.ts";
import type { Accumulator } from "./accumulator.ts";
import type { PartitionQueue, QueueRules } from "./partition-queue.ts";
import type { Partitioner } from "./partitioner.ts";
import type { Recipient } from "./recipient.ts";
import type { ProducerRecord } from "./record.ts";
import { TopicLookups } from "./topic-lookups.ts";
import { TopicQueues } from "./topic-queues.ts";
import { type WaitingRecord, WaitingRoom } from "./waiting-room.ts";

/** How records come in; see `ProducerOptions`. */
export interface IntakeSettings extends RetryPace {
  readonly batchSize: number;
  readonly maxRequestSize: number;
  readonly bufferMemory: number;
  readonly maxBlockMs: number;
  readonly partitioner: Partitioner<unknown, unknown> | undefined;
}

/**
 * So much may be ready to go before those who write in bulk are asked to pause: enough to go on with while a broker
 * stalls for some milliseconds; more would only grow cold.
 */
const pacedBytes = 8 * 1024 * 1024;
/** So much of it must have gone before they are told to go on. */
const easedBytes = 1024 * 1024;

/**
 * Lets records in: finds each its partition and hands it to the accumulator, or lets it wait where
 * there is no room or the topic is not known yet. Within a topic no record overtakes another.
 */
export class Intake {
  readonly waiting: WaitingRoom;
  readonly #cluster: Cluster;
  readonly #accumulator: Accumulator;
  readonly #settings: IntakeSettings;
  readonly #rules: QueueRules;
  readonly #onRefused: (record: WaitingRecord, error: MillraceError) => void;
  readonly #topics = new Map<string, TopicQueues>();
  /** Known topics of which records wait for room, whose turn is next first. */
  readonly #crowd = new Set<TopicQueues>();
  /** What those wait for who have filled the waiting room of a topic. */
  readonly #rooms = new Map<string, PromiseWithResolvers<void>>();
  /** What those wait for who write in bulk and are ahead of the brokers. */
  #easing: PromiseWithResolvers<void> | undefined;
  /** When they are: with this many bytes in batches, of which those that are open need not count. */
  #paceLimit = Number.POSITIVE_INFINITY;
  readonly #lookups: TopicLookups;
  readonly #stopListening: () => void;
  #isHurrying = false;
  /** The topic of the last record: most programs write many records to one. */
  #last: TopicQueues | undefined;

  constructor(
    cluster: Cluster,
    accumulator: Accumulator,
    settings: IntakeSettings,
    rules: QueueRules,
    onRefused: (record: WaitingRecord, error: MillraceError) => void,
  ) {
    this.#cluster = cluster;
    this.#accumulator = accumulator;
    this.#settings = settings;
    this.#rules = rules;
    this.#onRefused = onRefused;
    const { maxBlockMs, bufferMemory } = settings;
    this.waiting = new WaitingRoom(
      cluster.host.clock,
      { maxBlockMs, limitBytes: bufferMemory },
      (record) => this.#expired(record),
    );
    this.#lookups = new TopicLookups(cluster, settings, {
      isWanted: (name) => {
        const isKnown = (this.#topics.get(name)?.partitionCount ?? 0) > 0;
        return !isKnown && this.waiting.first(name) !== undefined;
      },
      refused: (name, error) => this.refuseWaiting(error, name),
    });
    this.#stopListening = cluster.onMetadata(() => this.#takeInMetadata());
  }

  /** Every partition that has been written to or could have been. */
  *queues(): Generator<PartitionQueue> {
    for (const { queues } of this.#topics.values()) yield* queues;
  }

  /** What is known of a topic that has been written to. */
  topic(name: string): TopicQueues | undefined {
    return this.#topics.get(name);
  }

  /**
   * Takes a record; gives it back if it has to wait. Throws where the record itself is at fault, or
   * where too many wait. Positional arguments: this runs once a record.
   */
  accept(
    topicName: string,
    partition: number | undefined,
    timestamp: number,
    key: Field,
    value: Field,
    headers: readonly RecordHeaderIn[] | undefined,
    recipient: Recipient | undefined,
    record: ProducerRecord<unknown, unknown> | undefined,
  ): WaitingRecord | undefined {
    const topic = this.#last?.name === topicName ? this.#last : this.#use(topicName);
    if (topic.partitionCount > 0 && this.#crowd.size === 0 && this.#accumulator.hasRoom) {
      this.#place(topic, partition, timestamp, key, value, headers, recipient, record);
      return undefined;
    }
    const sizeInBytes = this.#accumulator.checkSize(topicName, key, value, headers);
    // Its caller may use the bytes for something else as soon as this returns.
    const waiting: WaitingRecord = {
      topic: topicName,
      partition,
      timestamp,
      key: copied(key),
      value: copied(value),
      headers: headers?.map((header) => ({ key: header.key, value: copied(header.value) })),
      recipient,
      record,
      sizeInBytes,
    };
    this.waiting.add(waiting);
    if (topic.partitionCount > 0) this.#join(topic);
    else this.#lookups.begin(topic.name);
    return waiting;
  }

  /** Resolves once no record of the topic waits any more. */
  room(topic: string): Promise<void> {
    let room = this.#rooms.get(topic);
    if (!room) {
      room = Promise.withResolvers();
      this.#rooms.set(topic, room);
    }
    return room.promise;
  }

  /** Asks those who write in bulk to wait when they are far ahead of the brokers, though there is room. */
  ease(): Promise<void> | undefined {
    if (this.#accumulator.bufferedBytes < this.#paceLimit) return undefined;
    this.#easing ??= Promise.withResolvers();
    return this.#easing.promise;
  }

  /** Lets waiting records in, as far as there is room. */
  admit(): void {
    if (this.#easing && this.#accumulator.bufferedBytes <= this.#paceLimit - easedBytes) {
      this.#easing.resolve();
      this.#easing = undefined;
    }
    while (this.#accumulator.hasRoom) {
      const topic = this.#crowd.values().next().value;
      if (!topic) break;
      // The next turn is another topic's.
      this.#crowd.delete(topic);
      const one = this.waiting.first(topic.name);
      if (!one) continue;
      this.#crowd.add(topic);
      this.waiting.remove(one);
      const { partition, timestamp, key, value, headers, recipient, record } = one;
      try {
        this.#place(topic, partition, timestamp, key, value, headers, recipient, record);
      } catch (error) {
        this.#onRefused(one, error as MillraceError);
      }
      this.#left(one);
    }
    this.#setPace();
  }

  /** Takes a waiting record back; false if it has left the waiting room. */
  withdraw(record: WaitingRecord): boolean {
    const isThere = this.waiting.remove(record);
    if (isThere) this.#left(record);
    return isThere;
  }

  /** Refuses the records that wait, of one topic or of all. */
  refuseWaiting(error: MillraceError, topic?: string): void {
    for (const record of this.waiting.records(topic)) {
      if (!this.waiting.remove(record)) continue;
      this.#left(record);
      this.#onRefused(record, error);
    }
  }

  /** How many partitions a topic has, asked for if need be; from then on its partitions can be written to. */
  async partitionCount(name: string, bound: Bound): Promise<number> {
    const topic = this.#use(name);
    if (topic.partitionCount === 0) {
      const { partitions } = await this.#cluster.topic(name, bound);
      this.#resize(topic, partitions.length);
    }
    return topic.partitionCount;
  }

  /** Stops listening to the cluster. */
  close(): void {
    this.#lookups.close();
    this.#stopListening();
    this.waiting.close();
    this.#easing?.resolve();
    for (const { resolve } of this.#rooms.values()) resolve();
    this.#rooms.clear();
  }

  #use(name: string): TopicQueues {
    let topic = this.#topics.get(name);
    if (!topic) {
      if (typeof name !== "string" || name === "") {
        throw new MillraceError("INVALID_ARGUMENT", `a record needs a topic's name, not "${name}"`);
      }
      const { metadata, host } = this.#cluster;
      topic = new TopicQueues(name, this.#settings, this.#rules, {
        isAvailable: (of, partition) => (metadata.partition(of, partition)?.leader ?? -1) >= 0,
        random: () => host.random.float(),
      });
      this.#topics.set(name, topic);
      this.#resize(topic, metadata.topic(name)?.partitions.length ?? 0);
    }
    this.#last = topic;
    return topic;
  }

  #place(
    topic: TopicQueues,
    partition: number | undefined,
    timestamp: number,
    key: Field,
    value: Field,
    headers: readonly RecordHeaderIn[] | undefined,
    recipient: Recipient | undefined,
    record: ProducerRecord<unknown, unknown> | undefined,
  ): void {
    const accumulator = this.#accumulator;
    const chosen = partition ?? this.#ask(topic, record);
    if (chosen !== undefined || key !== null) {
      const queue = chosen === undefined ? topic.ofKey(key as string) : queueAt(topic, chosen);
      accumulator.append(topic, queue, timestamp, key, value, headers, recipient);
      return;
    }
    let queue = topic.sticky();
    // A full batch ends the partition's turn before this record, so that the next batch gets full too.
    if (queue.open && !queue.open.builder.hasRoomFor(topic.batchLimit, key, value, headers)) {
      accumulator.finish(queue);
      queue = topic.sticky();
    }
    const before = accumulator.bufferedBytes;
    accumulator.append(topic, queue, timestamp, key, value, headers, recipient);
    topic.addSticky(accumulator.bufferedBytes - before);
  }

  /** Asks the user's partitioner, if there is one. */
  #ask(
    { partitionCount }: TopicQueues,
    record: ProducerRecord<unknown, unknown> | undefined,
  ): number | undefined {
    if (record === undefined) return undefined;
    return this.#settings.partitioner?.(record, partitionCount);
  }

  #join(topic: TopicQueues): void {
    this.#crowd.add(topic);
    this.#setPace();
  }

  /** While records wait for room, open batches go at once. */
  #setPace(): void {
    const isCrowded = this.#crowd.size > 0;
    if (isCrowded === this.#isHurrying) return;
    this.#isHurrying = isCrowded;
    if (isCrowded) this.#accumulator.hurry();
    else this.#accumulator.relax();
  }

  #left({ topic }: WaitingRecord): void {
    if (this.waiting.first(topic)) return;
    const queues = this.#topics.get(topic);
    if (queues) this.#crowd.delete(queues);
    this.#rooms.get(topic)?.resolve();
    this.#rooms.delete(topic);
    this.#setPace();
  }

  #takeInMetadata(): void {
    for (const topic of this.#topics.values()) {
      this.#resize(topic, this.#cluster.metadata.topic(topic.name)?.partitions.length ?? 0);
    }
    this.admit();
  }

  #resize(topic: TopicQueues, partitionCount: number): void {
    topic.resize(partitionCount);
    this.#setPaceLimit();
    if (!this.waiting.first(topic.name)) return;
    if (partitionCount > 0) this.#crowd.add(topic);
    else {
      this.#crowd.delete(topic);
      this.#lookups.begin(topic.name);
    }
  }

  #setPaceLimit(): void {
    const { batchSize, bufferMemory } = this.#settings;
    let partitions = 0;
    for (const { partitionCount } of this.#topics.values()) partitions += partitionCount;
    const limit = pacedBytes + partitions * batchSize;
    // Where the buffer is smaller, it sets the pace by itself.
    this.#paceLimit = limit < bufferMemory ? limit : Number.POSITIVE_INFINITY;
  }

  #expired(record: WaitingRecord): void {
    this.#left(record);
    this.#onRefused(record, this.#expiry(record.topic));
  }

  #expiry(topic: string): MillraceError {
    const { maxBlockMs, bufferMemory } = this.#settings;
    const told = `a record for topic ${topic} has waited ${maxBlockMs} ms (maxBlockMs)`;
    if (this.#lookups.isUnderWay(topic)) return this.#lookups.failure(topic, told);
    const text = `${told} for room in ${bufferMemory} bytes (bufferMemory): the brokers take records more slowly than they come`;
    return new MillraceError("TIMED_OUT", text);
  }
}

function copied(field: Field): Field {
  return field === null || typeof field === "string" ? field : Uint8Array.from(field);
}

function queueAt(topic: TopicQueues, partition: number): PartitionQueue {
  const { name, queues, partitionCount } = topic;
  if (partition >= 0 && partition < partitionCount && Number.isInteger(partition)) {
    return queues[partition] as PartitionQueue;
  }
  const message = `topic ${name} has ${partitionCount} partitions, counted from 0: there is no ${partition}`;
  throw new MillraceError("INVALID_ARGUMENT", message);
}
