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
  /** The queue that the last record came from. */
  last: RecordQueue | undefined;
  readonly #queues = new Map<string, RecordQueue>();
  readonly #byTime = new PriorityQueue<RecordQueue>(byHead);

  constructor(queues: Iterable<RecordQueue>) {
    for (const queue of queues) this.#queues.set(`${queue.topic}-${queue.partition}`, queue);
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

  queue(topic: string, partition: number): RecordQueue | undefined {
    return this.#queues.get(`${topic}-${partition}`);
  }

  /** Adds fetched records to the queue of their partition, which must be one of the task's. */
  add(queue: RecordQueue, records: RawRecords): void {
    const wasEmpty = queue.head === undefined;
    queue.add(records);
    if (wasEmpty && queue.head) this.#byTime.add(queue);
  }

  /** Takes the next record; {@link last} is its queue. Undefined where none waits. */
  next(): Message<unknown, unknown> | undefined {
    const queue = this.#byTime.poll();
    if (!queue) return undefined;
    this.last = queue;
    const message = queue.poll();
    if (queue.head) this.#byTime.add(queue);
    if (message.timestamp > this.streamTime) this.streamTime = message.timestamp;
    return message;
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
