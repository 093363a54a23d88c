import type { Message } from "../message.ts";
import { PriorityQueue } from "./priority-queue.ts";
import type { RawRecords, RecordQueue } from "./record-queue.ts";

/**
 * The queues of a task's partitions. The next record is the one with the least timestamp among the heads,
 * as far as they are there (`PartitionGroup`).
 */
export class PartitionGroup {
  /** The greatest timestamp that has been handed out: the task's stream time; −1 before the first. */
  streamTime = -1;
  /** How many records were older than the stream time at which they were handed out. */
  outOfOrderCount = 0;
  /** By how much the oldest of them was, in milliseconds. */
  greatestLatenessMs = 0;
  /** The queue that the last record came from. */
  last: RecordQueue | undefined;
  readonly #queues = new Map<string, RecordQueue>();
  readonly #byTime = new PriorityQueue<RecordQueue>(byHead);

  constructor(queues: Iterable<RecordQueue>) {
    for (const queue of queues) this.addQueue(queue);
  }

  addQueue(queue: RecordQueue): void {
    this.#queues.set(`${queue.topic}-${queue.partition}`, queue);
  }

  get queues(): Iterable<RecordQueue> {
    return this.#queues.values();
  }

  /** Whether a record waits. */
  get hasRecords(): boolean {
    return this.#byTime.size > 0;
  }

  /** Whether every partition has a record waiting, so that none with a smaller timestamp can come. */
  get isComplete(): boolean {
    return this.#byTime.size === this.#queues.size;
  }

  /** How many partitions have no record waiting. */
  get emptyCount(): number {
    return this.#queues.size - this.#byTime.size;
  }

  /** The queues without a record. */
  get empty(): RecordQueue[] {
    return [...this.#queues.values()].filter(({ head }) => !head);
  }

  queue(topic: string, partition: number): RecordQueue | undefined {
    return this.#queues.get(`${topic}-${partition}`);
  }

  /** Goes on from the time that a partition had reached before, and the task with it. */
  resume(topic: string, partition: number, partitionTime: number): void {
    const queue = this.queue(topic, partition);
    if (queue) queue.partitionTime = Math.max(queue.partitionTime, partitionTime);
    this.streamTime = Math.max(this.streamTime, partitionTime);
  }

  /** Adds fetched records to the queue of their partition, which must be one of the task's. */
  add(queue: RecordQueue, records: RawRecords): void {
    const wasEmpty = queue.head === undefined;
    queue.add(records);
    if (wasEmpty && queue.head) this.#byTime.add(queue);
  }

  /** Takes the next record; {@link last} is its queue. Undefined where none waits. */
  next(): Message<unknown, unknown> | undefined {
    const queue = this.#byTime.peek();
    if (!queue) return undefined;
    this.last = queue;
    const isAlone = this.#byTime.size === 1;
    if (!isAlone) this.#byTime.poll();
    const message = queue.poll();
    if (!isAlone) {
      if (queue.head) this.#byTime.add(queue);
    } else if (!queue.head) this.#byTime.poll();
    const latenessMs = this.streamTime - message.timestamp;
    if (latenessMs < 0) this.streamTime = message.timestamp;
    else if (latenessMs > 0) this.#noteLate(latenessMs);
    return message;
  }

  #noteLate(latenessMs: number): void {
    this.outOfOrderCount += 1;
    if (latenessMs > this.greatestLatenessMs) this.greatestLatenessMs = latenessMs;
  }

  /** Drops all that waits. */
  clear(): void {
    for (const queue of this.#queues.values()) queue.clear();
    this.#byTime.clear();
  }
}

function byHead(one: RecordQueue, other: RecordQueue): number {
  return (one.head?.timestamp ?? -1) - (other.head?.timestamp ?? -1);
}
