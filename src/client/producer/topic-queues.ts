import { PartitionQueue, type QueueRules } from "./partition-queue.ts";
import { partitionOfKey, pickPartition } from "./partitioner.ts";

/** Whether a partition has a leader, so that records without a key may be sent there. */
export type IsAvailable = (topic: string, partition: number) => boolean;

/** How large batches may be, in bytes. */
export interface BatchBounds {
  /** As they travel, compressed if they are. */
  readonly batchSize: number;
  /** Before compression. */
  readonly maxRequestSize: number;
}

/** However small the broker wants its batches, they are not made smaller than this. */
const batchSizeMin = 1024;
/** How much a batch's compression counts against that of those before it. */
const ratioWeight = 0.25;

/** A part of a batch's size this large is enough to go on to another partition when a batch is full. */
const stickyPart = 0.5;

/**
 * The partitions of a topic that a producer writes to, and which of them is the turn of records
 * without a key: such records fill a batch of one partition, then one of another (KIP-794).
 */
export class TopicQueues {
  readonly name: string;
  /** By partition; at least {@link TopicQueues.partitionCount} of them. */
  readonly queues: PartitionQueue[] = [];
  /** 0 while the topic is not known. */
  partitionCount = 0;
  /** How large a batch may grow before compression, in bytes. */
  batchLimit: number;
  #batchSize: number;
  readonly #limitMax: number;
  /** How large batches are after compression, as a part of their size before. */
  #ratio = 1;
  readonly #rules: QueueRules;
  readonly #isAvailable: IsAvailable;
  readonly #random: () => number;
  #sticky: PartitionQueue | undefined;
  #stickyBytes = 0;

  constructor(
    name: string,
    { batchSize, maxRequestSize }: BatchBounds,
    rules: QueueRules,
    { isAvailable, random }: { readonly isAvailable: IsAvailable; readonly random: () => number },
  ) {
    this.name = name;
    this.batchLimit = batchSize;
    this.#batchSize = batchSize;
    this.#limitMax = maxRequestSize;
    this.#rules = rules;
    this.#isAvailable = isAvailable;
    this.#random = random;
  }

  /** Takes in how many partitions the topic has; 0 if it is not there (any more). */
  resize(partitionCount: number): void {
    while (this.queues.length < partitionCount) {
      this.queues.push(new PartitionQueue(this.name, this.queues.length, this.#rules));
    }
    if (partitionCount < this.partitionCount) this.#sticky = undefined;
    this.partitionCount = partitionCount;
  }

  /** Learns from a batch how well the topic's records compress, so that later ones fill up after compression. */
  learnRatio(sizeInBytes: number, encodedBytes: number): void {
    // The last batches before a pause are small, and say little.
    if (sizeInBytes < this.batchLimit / 2) return;
    const ratio = Math.min(encodedBytes / sizeInBytes, 1);
    const blend = this.#ratio + (ratio - this.#ratio) * ratioWeight;
    this.#setRatio(Math.max(ratio, blend));
  }

  /** Makes later batches smaller: one of this size was too large for the broker. */
  shrink(encodedBytes: number): void {
    this.#batchSize = Math.max(Math.min(this.#batchSize, encodedBytes) / 2, batchSizeMin);
    this.#setRatio(this.#ratio);
  }

  /** The queue of records with this key. */
  ofKey(key: string | Uint8Array): PartitionQueue {
    return this.queues[partitionOfKey(key, this.partitionCount)] as PartitionQueue;
  }

  /** The queue whose turn it is for records without a key. */
  sticky(): PartitionQueue {
    const queue = this.#sticky;
    if (queue === undefined) return this.#turn();
    const isEnough = queue.open === undefined && this.#stickyBytes >= this.batchLimit * stickyPart;
    return isEnough || this.#stickyBytes >= 2 * this.batchLimit ? this.#turn() : queue;
  }

  /** Takes note of the size of a record that went to the queue whose turn it is. */
  addSticky(bytes: number): void {
    this.#stickyBytes += bytes;
  }

  #setRatio(ratio: number): void {
    this.#ratio = ratio;
    this.batchLimit = Math.min(Math.floor(this.#batchSize / ratio), this.#limitMax);
  }

  /** Gives the turn to another partition, the sooner the less waits there. */
  #turn(): PartitionQueue {
    const backlogs = this.queues
      .slice(0, this.partitionCount)
      .map(({ partition, backlog }) => (this.#isAvailable(this.name, partition) ? backlog : -1));
    const queue = this.queues[pickPartition(this.#random(), backlogs)] as PartitionQueue;
    this.#sticky = queue;
    this.#stickyBytes = 0;
    return queue;
  }
}
