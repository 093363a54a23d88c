import type { Clock } from "../../clock.ts";
import type { AssignedPartition } from "./assigned-partition.ts";
import type { AssignedPartitions } from "./assigned-partitions.ts";
import { type BatchOwner, ConsumerBatch } from "./consumer-batch.ts";
import type { ConsumerMetrics } from "./consumer-metrics.ts";

/** What a delivery works with; shared with the other parts of one consumer. */
export interface DeliveryParts<K, V> {
  readonly clock: Clock;
  readonly assigned: AssignedPartitions;
  readonly owner: BatchOwner<K, V>;
  readonly metrics: ConsumerMetrics;
  /** Is told that something was taken out, so that more can be fetched. */
  taken(): void;
  /** Is told that the user asks again after an error, so that what failed is tried again. */
  retry(): void;
}

/**
 * For this long batches are handed out without giving the event loop its turn, in milliseconds. Short,
 * because the socket takes in the next answer only then; a batch of a megabyte takes longer anyway.
 */
const sliceMs = 1;

/**
 * Hands what is buffered out to the user: to a loop, to `poll`, or to whoever takes one partition by
 * itself. Knows which batches are in hands, so that a rebalance can wait for them.
 */
export class Delivery<K, V> {
  readonly #parts: DeliveryParts<K, V>;
  readonly #inHand = new Map<ConsumerBatch<K, V>, AssignedPartition>();
  readonly #awaited = new Map<AssignedPartition, number>();
  #changed = Promise.withResolvers<void>();
  #failure: Error | undefined;
  #hasFailedPartition = false;
  /** Whether an error was told since somebody asked last, and which of partitions were. */
  #isTold = false;
  readonly #told = new WeakSet<Error>();
  #fatal: Error | undefined;
  #isEnded = false;
  #turnedAt = 0;

  constructor(parts: DeliveryParts<K, V>) {
    this.#parts = parts;
  }

  /** Whether nothing more will be handed out. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Whether somebody waits for this very partition. */
  isAwaited(partition: AssignedPartition): boolean {
    return this.#awaited.has(partition);
  }

  /** Takes note that an answer has come, for which the event loop must have had its turn. */
  arrived(): void {
    this.#turnedAt = this.#parts.clock.elapsed();
    this.wake();
  }

  /** Wakes whoever waits: something has come, gone or failed. */
  wake(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve();
  }

  /** Resolves when something has come, gone or failed. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  /** Has the next who asks for a batch get an error, once; a partition's own is found there. */
  fail(error: Error, partition?: AssignedPartition): void {
    if (partition) this.#hasFailedPartition = true;
    else this.#failure ??= error;
    this.wake();
  }

  /** Has everybody who asks for a batch get an error from now on. */
  failForGood(error: Error): void {
    this.#fatal ??= error;
    this.wake();
  }

  /** Hands out nothing more. */
  end(): void {
    this.#isEnded = true;
    this.wake();
  }

  /** The next batch of any partition, when there is one; undefined once this has ended. It is in hand then. */
  async next(): Promise<ConsumerBatch<K, V> | undefined> {
    this.#retryTold();
    for (let isFirst = true; !this.#isEnded; isFirst = false) {
      // Taken before anything is looked at, so that nothing that happens meanwhile is missed.
      const { changed } = this;
      this.throwIfFailed();
      if (this.#isTurnDue()) await this.#turn();
      if (this.#isEnded) break;
      const partition = this.#parts.assigned.nextDeliverable();
      const batch = partition && this.#take(partition);
      if (batch) {
        partition.handedOut = batch.end;
        this.#inHand.set(batch, partition);
        this.#parts.taken();
        return batch;
      }
      // Putting down the last batch has made room.
      if (isFirst) this.#parts.taken();
      await changed;
    }
    return undefined;
  }

  /** All batches that are there at present. */
  async drain(): Promise<ConsumerBatch<K, V>[]> {
    this.#retryTold();
    this.throwIfFailed();
    if (this.#isTurnDue()) await this.#turn();
    const batches: ConsumerBatch<K, V>[] = [];
    for (;;) {
      const partition = this.#isEnded ? undefined : this.#parts.assigned.nextDeliverable();
      const batch = partition && this.#take(partition);
      if (!batch) break;
      partition.handedOut = batch.end;
      batches.push(batch);
    }
    this.#parts.taken();
    return batches;
  }

  /** The next batch of one partition, when there is one; undefined once that is given up, or the signal aborts. */
  async nextOf(
    partition: AssignedPartition,
    signal?: AbortSignal,
  ): Promise<ConsumerBatch<K, V> | undefined> {
    this.#retryTold();
    const onAbort = () => this.wake();
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#awaited.set(partition, (this.#awaited.get(partition) ?? 0) + 1);
    try {
      for (let isFirst = true; ; isFirst = false) {
        const { changed } = this;
        const { tenure } = partition;
        if (tenure === "leaving" || tenure === "gone") return undefined;
        if (this.#isEnded || signal?.aborted) return undefined;
        this.throwIfFailed();
        const batch = partition.isDeliverable ? this.#take(partition) : undefined;
        if (batch || isFirst) this.#parts.taken();
        if (batch && this.#isTurnDue()) await this.#turn();
        if (batch) return batch;
        await changed;
      }
    } finally {
      signal?.removeEventListener("abort", onAbort);
      const others = (this.#awaited.get(partition) ?? 1) - 1;
      if (others === 0) this.#awaited.delete(partition);
      else this.#awaited.set(partition, others);
    }
  }

  /** Throws what has gone wrong and was not told yet; it is tried again when somebody asks again. */
  throwIfFailed(): void {
    if (this.#fatal) throw this.#fatal;
    const error = this.#failure ?? this.#failedPartition();
    this.#failure = undefined;
    if (!error) return;
    this.#isTold = true;
    throw error;
  }

  /** Notes that a batch is no longer being worked on. */
  putDown(batch: ConsumerBatch<K, V>): void {
    if (this.#inHand.delete(batch)) this.wake();
  }

  /** Has nobody wait for batches in hand any more: whoever closes the consumer may be the one who holds them. */
  forgetHands(): void {
    this.#inHand.clear();
    this.wake();
  }

  /** Whether a loop works on a batch of one of these partitions; of any, if none are given. */
  isInHand(partitions?: readonly AssignedPartition[]): boolean {
    for (const partition of this.#inHand.values()) {
      if (!partitions || partitions.includes(partition)) return true;
    }
    return false;
  }

  #take(partition: AssignedPartition): ConsumerBatch<K, V> | undefined {
    const { owner, metrics } = this.#parts;
    const records = partition.take();
    if (!records) return undefined;
    metrics.records.add(records.recordCount);
    metrics.bytes.add(records.sizeInBytes);
    metrics.batches.add();
    return new ConsumerBatch(partition, records, owner);
  }

  #failedPartition(): Error | undefined {
    if (!this.#hasFailedPartition) return undefined;
    for (const { state } of this.#parts.assigned) {
      if (state.name === "failed" && !this.#told.has(state.error)) {
        this.#told.add(state.error);
        return state.error;
      }
    }
    this.#hasFailedPartition = false;
    return undefined;
  }

  #retryTold(): void {
    if (!this.#isTold) return;
    this.#isTold = false;
    for (const partition of this.#parts.assigned) {
      const { state } = partition;
      if (state.name === "failed" && this.#told.has(state.error)) partition.retry();
    }
    this.#parts.retry();
  }

  #isTurnDue(): boolean {
    return this.#parts.clock.elapsed() - this.#turnedAt > sliceMs;
  }

  /** Lets sockets and timers have their turn, which a loop over what is buffered would keep from them. */
  async #turn(): Promise<void> {
    const { clock } = this.#parts;
    await new Promise<void>((resolve) => clock.soon(resolve));
    this.#turnedAt = clock.elapsed();
  }
}
