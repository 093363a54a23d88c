import type { Clock, Timer } from "../../clock.ts";
import { MillraceError } from "../../errors.ts";
import {
  batchLayout,
  type Compression,
  type Field,
  RecordBatchBuilder,
  type RecordHeaderIn,
} from "../../protocol/index.ts";
import { Batch } from "./batch.ts";
import { Outstanding } from "./outstanding.ts";
import type { PartitionQueue } from "./partition-queue.ts";
import type { Recipient } from "./recipient.ts";
import type { TopicQueues } from "./topic-queues.ts";

/** How records are gathered into batches; see `ProducerOptions`. */
export interface AccumulatorSettings {
  readonly lingerMs: number;
  readonly batchSize: number;
  readonly maxRequestSize: number;
  readonly bufferMemory: number;
  readonly compression: Compression;
  readonly compressionLevel: number | undefined;
  readonly isTransactional: boolean;
}

/** What happens to batches as they are gathered. */
export interface AccumulatorEvents {
  /** A batch was begun. */
  opened(batch: Batch, queue: PartitionQueue): void;
  /** The queue has a full batch. */
  full(queue: PartitionQueue): void;
  /** The queues have batches that have come to the end of their linger. */
  lingered(queues: readonly PartitionQueue[]): void;
}

/** As much of `bufferMemory` may lie idle in buffers that are kept for later batches. */
const pooledPart = 0.25;

/**
 * Gathers records into batches, each record encoded straight into the open batch of its partition, and
 * says when a batch can go. One timer serves all partitions. Counts what is buffered; that no more
 * comes than there is room for is up to its callers.
 */
export class Accumulator {
  /** The batches that are not done. */
  readonly outstanding = new Outstanding();
  /** Bytes of the records in batches that are not done, before compression. */
  bufferedBytes = 0;
  /** How many records these are. */
  bufferedRecords = 0;

  readonly #settings: AccumulatorSettings;
  readonly #clock: Clock;
  readonly #events: AccumulatorEvents;
  /** The queues whose open batch has not come to the end of its linger, oldest batch first. */
  readonly #lingering = new Set<PartitionQueue>();
  #timer: Timer | undefined;
  #isTurnComing = false;
  /** How many have asked that batches do not linger. */
  #hurries = 0;
  readonly #pool: RecordBatchBuilder[] = [];
  #pooledBytes = 0;

  constructor(settings: AccumulatorSettings, clock: Clock, events: AccumulatorEvents) {
    this.#settings = settings;
    this.#clock = clock;
    this.#events = events;
  }

  /** Whether there is room for one more record. */
  get hasRoom(): boolean {
    return this.bufferedBytes < this.#settings.bufferMemory;
  }

  /**
   * Writes a record into its partition's open batch. Throws `RECORD_TOO_LARGE` if it fits into no
   * request. Positional arguments: this runs once a record.
   */
  append(
    { batchLimit }: TopicQueues,
    queue: PartitionQueue,
    timestamp: number,
    key: Field,
    value: Field,
    headers: readonly RecordHeaderIn[] | undefined,
    recipient: Recipient | undefined,
  ): void {
    let batch = queue.open;
    if (batch !== undefined && !batch.builder.hasRoomFor(batchLimit, key, value, headers)) {
      this.finish(queue);
      batch = undefined;
    }
    if (batch === undefined) {
      batch = this.#begin(queue, timestamp, key, value, headers, recipient);
    } else {
      const before = batch.sizeInBytes;
      batch.append(timestamp, key, value, headers, recipient);
      this.bufferedBytes += batch.sizeInBytes - before;
    }
    this.bufferedRecords += 1;
    if (batch.sizeInBytes >= batchLimit) this.finish(queue);
  }

  /** Closes the open batch because it is full. */
  finish(queue: PartitionQueue): void {
    if (queue.open === undefined) return;
    queue.closeOpen();
    this.#lingering.delete(queue);
    this.#events.full(queue);
  }

  /** Throws `RECORD_TOO_LARGE` unless the record fits into a request, and gives about its size. */
  checkSize(
    topic: string,
    key: Field,
    value: Field,
    headers: readonly RecordHeaderIn[] | undefined,
  ): number {
    const size = RecordBatchBuilder.sizeOf(key, value, headers);
    if (Number.isNaN(size)) {
      const message = `a record for topic ${topic} has a key, value or header that is neither text nor bytes nor null: give the producer a serializer`;
      throw new MillraceError("INVALID_ARGUMENT", message);
    }
    if (size + batchLayout.records <= this.#settings.maxRequestSize) return size;
    const message = `a record for topic ${topic} takes about ${size} bytes, more than the maxRequestSize of ${this.#settings.maxRequestSize}: raise that (and the topic's max.message.bytes), or send smaller records`;
    throw new MillraceError("RECORD_TOO_LARGE", message);
  }

  /** Lets batches go without lingering, those that are open and those to come, until {@link relax}. */
  hurry(): void {
    this.#hurries += 1;
    this.#letGo(Number.POSITIVE_INFINITY);
  }

  /** Takes one {@link hurry} back. */
  relax(): void {
    this.#hurries -= 1;
  }

  /** Takes note that a batch is done. */
  release(batch: Batch): void {
    this.bufferedBytes -= batch.sizeInBytes;
    this.bufferedRecords -= batch.count;
    this.outstanding.leave(batch.ordinal);
  }

  /** Uses the buffer of a batch again, at which nobody may look any more. */
  recycle({ builder }: Batch): void {
    const { capacity } = builder;
    if (this.#pooledBytes + capacity > this.#settings.bufferMemory * pooledPart) return;
    this.#pooledBytes += capacity;
    this.#pool.push(builder);
  }

  /** Takes note that a batch was split into parts. */
  replace(batch: Batch, parts: readonly Batch[]): void {
    this.outstanding.divide(batch.ordinal, parts.length - 1);
    this.bufferedBytes -= batch.sizeInBytes;
    for (const part of parts) this.bufferedBytes += part.sizeInBytes;
  }

  /** An empty builder, used before if possible. */
  newBuilder(): RecordBatchBuilder {
    const pooled = this.#pool.pop();
    if (pooled) {
      this.#pooledBytes -= pooled.capacity;
      pooled.reset();
      return pooled;
    }
    const { batchSize, compression, compressionLevel, isTransactional } = this.#settings;
    return new RecordBatchBuilder({
      capacity: batchSize,
      compression,
      level: compressionLevel,
      isTransactional,
    });
  }

  /** Stops the timer; open batches no longer go by themselves. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#lingering.clear();
  }

  #begin(
    queue: PartitionQueue,
    timestamp: number,
    key: Field,
    value: Field,
    headers: readonly RecordHeaderIn[] | undefined,
    recipient: Recipient | undefined,
  ): Batch {
    this.checkSize(queue.topic, key, value, headers);
    const batch = new Batch(queue, this.newBuilder(), this.#clock.elapsed());
    // A record that cannot be written must not leave an empty batch behind.
    batch.append(timestamp, key, value, headers, recipient);
    batch.ordinal = this.outstanding.enter();
    this.bufferedBytes += batch.sizeInBytes;
    queue.open = batch;
    // One that is there still, without a batch since that was given up, goes to the end.
    this.#lingering.delete(queue);
    this.#lingering.add(queue);
    this.#setLinger();
    this.#events.opened(batch, queue);
    return batch;
  }

  #setLinger(): void {
    if (this.#hurries > 0 || this.#settings.lingerMs === 0) {
      if (this.#isTurnComing) return;
      this.#isTurnComing = true;
      queueMicrotask(() => {
        this.#isTurnComing = false;
        this.#letGo(Number.POSITIVE_INFINITY);
      });
      return;
    }
    if (this.#timer || this.#lingering.size === 0) return;
    const clock = this.#clock;
    const oldest = this.#lingering.values().next().value?.open;
    const begunAt = oldest?.createdAt ?? clock.elapsed();
    const wait = begunAt + this.#settings.lingerMs - clock.elapsed();
    this.#timer = clock.after(Math.max(wait, 0), () => {
      this.#timer = undefined;
      // However the sum was rounded, the batch that the timer was for goes.
      this.#letGo(Math.max(clock.elapsed() - this.#settings.lingerMs, begunAt));
      this.#setLinger();
    });
  }

  /** Lets the open batches go that were begun at that time or before. */
  #letGo(begunUntil: number): void {
    const due: PartitionQueue[] = [];
    for (const queue of this.#lingering) {
      if (queue.open && queue.open.createdAt > begunUntil) break;
      this.#lingering.delete(queue);
      if (!queue.open) continue;
      queue.isOpenDue = true;
      due.push(queue);
    }
    this.#events.lingered(due);
  }
}
