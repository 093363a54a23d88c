import { MillraceError } from "../../errors.ts";
import type { Cluster } from "../cluster.ts";
import { bounded } from "../deadline.ts";
import type { GroupMetadata } from "../group-metadata.ts";
import type { PartitionMetadata } from "../metadata.ts";
import type { MetricsSnapshot } from "../metrics.ts";
import {
  partitionName,
  type TopicPartition,
  type TopicPartitionOffset,
} from "../topic-partition.ts";
import type { AssignedPartition } from "./assigned-partition.ts";
import { BatchIteration } from "./batch-iteration.ts";
import type { OnCommit } from "./commits.ts";
import type { CommitOptions, ConsumerBatch } from "./consumer-batch.ts";
import {
  type CommittedPlace,
  type FoundPlace,
  findCommitted,
  findPlaces,
  lagOf,
  type PartitionLag,
  type QueryOptions,
  queryBound,
} from "./offset-queries.ts";
import type { LogPlace } from "./offset-reset.ts";
import type { ConsumerOptions, PollOptions } from "./options.ts";
import { type CloseOptions, Reading } from "./reading.ts";

export type { CommitOptions, ConsumerBatch } from "./consumer-batch.ts";
export type { ConsumerRecord } from "./consumer-record.ts";
export type {
  CommittedPlace,
  FoundPlace,
  PartitionLag,
  QueryOptions,
} from "./offset-queries.ts";
export type { Isolation, OffsetReset } from "./offset-reset.ts";
export type { ConsumerOptions, PollOptions, RebalanceEvent } from "./options.ts";
export type { CloseOptions } from "./reading.ts";

/**
 * Reads records: as a member of a group, which shares the topics' partitions out, or from partitions
 * that are named. Begins with the first loop, poll or take. The next fetches are under way while
 * batches are worked on, within `maxBufferedBytes`; a broker that is down is asked again for as long
 * as the consumer is open, and what will not pass by itself (a missing permission, a failed log-in)
 * rejects the loop.
 *
 * ```ts
 * await using consumer = client.consumer({ topics: ["orders"], groupId: "billing", value: json<Order>() });
 * for await (const batch of consumer) {
 *   for (const { value } of batch) ledger.add(value);
 * }
 * ```
 *
 * A batch counts as consumed when the loop asks for the next one; only then is it committed by
 * itself. Who leaves a loop can begin another, behind the last batch; that one is not committed
 * unless `batch.commit()` or `batch.mark()` is called before.
 */
export class Consumer<K = Buffer, V = Buffer> implements AsyncIterable<ConsumerBatch<K, V>> {
  readonly #reading: Reading<K, V>;
  readonly #options: ConsumerOptions<K, V>;
  #polled: readonly ConsumerBatch<K, V>[] = [];
  #closing: Promise<void> | undefined;
  #stopListening = () => {};

  /** Throws `INVALID_ARGUMENT` for options that cannot be, or not together. */
  constructor(cluster: Cluster, options: ConsumerOptions<K, V>) {
    this.#options = options;
    this.#reading = new Reading(cluster, options);
    const { signal } = options;
    const onAbort = () => {
      this.#closing ??= this.#stop();
      this.#closing.catch(() => {});
    };
    if (signal?.aborted) onAbort();
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#stopListening = () => signal?.removeEventListener("abort", onAbort);
  }

  /** Joins the group, or begins to fetch; loops, `poll` and `take` do so by themselves. */
  start(): void {
    this.#refuseIfClosed("started");
    this.#reading.start();
  }

  /** The batches, as they come, until the consumer is closed; several loops share them. */
  [Symbol.asyncIterator](): AsyncIterableIterator<ConsumerBatch<K, V>> {
    if (!this.#closing) this.#reading.start();
    return new BatchIteration(this.#reading);
  }

  /**
   * Gives all batches that are there, waiting for some if there are none; none when the time is up.
   * What the last poll gave counts as consumed, and can no longer be read where buffers are used again.
   */
  async poll(options: PollOptions = {}): Promise<ConsumerBatch<K, V>[]> {
    const { timeoutMs = 0, keep = false, signal } = options;
    this.start();
    const { delivery, cluster } = this.#reading;
    for (const batch of this.#polled) this.#reading.finish(batch);
    this.#polled = [];
    const { clock } = cluster.host;
    const deadline = clock.elapsed() + timeoutMs;
    for (;;) {
      const { changed } = delivery;
      const batches = await delivery.drain();
      if (!keep) this.#polled = batches;
      const leftMs = deadline - clock.elapsed();
      if (batches.length > 0 || delivery.isEnded || leftMs <= 0) return batches;
      const bound = { attempt: "polling", timeoutMs: leftMs, signal };
      await bounded(clock, changed, bound).catch(unlessTimedOut);
    }
  }

  /**
   * Gives the next batch of one partition, when there is one: for readers that take partitions side
   * by side, each at its own pace. Undefined when the partition is given up, or the consumer closed.
   * Nothing is taken for consumed: call `mark`, and `release` when a batch is done with.
   */
  async take(
    partition: TopicPartition,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<ConsumerBatch<K, V> | undefined> {
    if (this.#closing) return undefined;
    this.#reading.start();
    const assigned = this.#reading.assigned.get(partition);
    return assigned && this.#reading.delivery.nextOf(assigned, signal);
  }

  /** The partitions that are read at present. */
  get assignment(): TopicPartition[] {
    return [...this.#reading.assigned].map(({ topic, partition }) => ({ topic, partition }));
  }

  /** Reads these partitions in place of the present ones. Throws `INVALID_STATE` for a subscription. */
  assign(partitions: readonly TopicPartition[]): void {
    this.#refuseIfClosed("assigned partitions");
    if (this.#options.topics !== undefined) {
      const message =
        "partitions cannot be assigned by hand to a consumer that subscribes to topics";
      throw new MillraceError("INVALID_STATE", message);
    }
    this.#reading.assign(partitions);
  }

  /** Who this is to its group, for `producer.sendOffsets`. Throws `INVALID_STATE` without a `groupId`. */
  get groupMetadata(): GroupMetadata {
    const { membership, settings } = this.#reading;
    if (membership?.metadata) return membership.metadata;
    const { groupId } = settings;
    if (groupId === undefined) {
      throw new MillraceError("INVALID_STATE", "the consumer has no group: give it a groupId");
    }
    return { groupId, generationId: -1, memberId: "", groupInstanceId: null };
  }

  /** Has the group share its partitions out anew; `reason` goes to the coordinator's log. */
  enforceRebalance(reason: string): void {
    this.#reading.membership?.rejoin(reason);
  }

  /** The offset of the next record to be handed out; undefined while it is not known yet. */
  position(partition: TopicPartition): number | undefined {
    return this.#assigned(partition, "the position of").position?.offset;
  }

  /** Goes on with this offset, in place of the position. `leaderEpoch`, if known, guards against truncation. */
  seek({ leaderEpoch = -1, offset, ...partition }: TopicPartitionOffset): void {
    if (!Number.isSafeInteger(offset) || offset < 0) {
      const message = `${offset} is no offset: it must be a whole number from 0 on`;
      throw new MillraceError("INVALID_ARGUMENT", message);
    }
    this.#assigned(partition, "seeking in").seek({ offset, leaderEpoch });
    this.#reading.proceed();
  }

  /** Goes on with the first records there are, in all partitions unless some are named. */
  seekToBeginning(partitions?: readonly TopicPartition[]): void {
    this.#reset(partitions, "start");
  }

  /** Goes on with the next records to come, in all partitions unless some are named. */
  seekToEnd(partitions?: readonly TopicPartition[]): void {
    this.#reset(partitions, "end");
  }

  /** Goes on with the first records at or after a time, in milliseconds since 1970, or at the end if there are none. */
  seekToTime(timestamp: number, partitions?: readonly TopicPartition[]): void {
    if (!Number.isSafeInteger(timestamp) || timestamp < 0) {
      const message = `${timestamp} is no timestamp: give whole milliseconds since 1970`;
      throw new MillraceError("INVALID_ARGUMENT", message);
    }
    this.#reset(partitions, { timestamp });
  }

  /** Hands out nothing of these partitions until they are resumed; what is buffered stays. */
  pause(partitions: readonly TopicPartition[]): void {
    for (const one of partitions) this.#assigned(one, "pausing").isPaused = true;
  }

  /** Goes on with partitions that were paused. */
  resume(partitions: readonly TopicPartition[]): void {
    for (const one of partitions) this.#assigned(one, "resuming").isPaused = false;
    this.#reading.proceed();
    this.#reading.delivery.wake();
  }

  /** The partitions that are paused. */
  get paused(): TopicPartition[] {
    return [...this.#reading.assigned]
      .filter(({ isPaused }) => isPaused)
      .map(({ topic, partition }) => ({ topic, partition }));
  }

  /** Notes that everything before `offset` is done with: it is committed at the next occasion, at the latest before the partition goes. */
  mark({ offset, leaderEpoch = -1, ...partition }: TopicPartitionOffset): void {
    this.#reading.assigned.get(partition)?.mark({ offset, leaderEpoch });
  }

  /** How far a partition is marked; undefined if it is not, or not since the last seek. */
  marked(partition: TopicPartition): number | undefined {
    return this.#reading.assigned.get(partition)?.marked?.offset;
  }

  /** Resolves when nothing more will be handed out; rejects with what went wrong, as a loop would. */
  async untilEnded(): Promise<void> {
    const { delivery } = this.#reading;
    while (!delivery.isEnded) {
      delivery.throwIfFailed();
      await delivery.changed;
    }
  }

  /**
   * Commits these offsets; without them, how far loops and polls have come, batches in hand included,
   * and what is marked. Rejects with `PARTITIONS_LOST` when they are another member's by now.
   */
  commit(offsets?: readonly TopicPartitionOffset[], options: CommitOptions = {}): Promise<void> {
    const all = offsets ?? [...this.#reading.assigned].flatMap(doneWith);
    return Promise.try(() => this.#reading.commits.commit(all, options));
  }

  /** Commits without anybody waiting, in turn; `onCommit` is told how it went, else the logger if badly. */
  commitSoon(offsets?: readonly TopicPartitionOffset[], onCommit?: OnCommit): void {
    const all = offsets ?? [...this.#reading.assigned].flatMap(doneWith);
    this.#reading.commits.commitSoon(all, onCommit);
  }

  /** What the group has committed for these partitions, in their order. */
  committed(
    partitions: readonly TopicPartition[],
    options: QueryOptions = {},
  ): Promise<CommittedPlace[]> {
    const { offsets, settings } = this.#reading;
    if (!offsets) {
      const message =
        "there is no group whose offsets could be looked up: give the consumer a groupId";
      return Promise.reject(new MillraceError("INVALID_STATE", message));
    }
    const attempt = `looking up the offsets that group ${settings.groupId} has committed`;
    return findCommitted(offsets, partitions, queryBound(attempt, options));
  }

  /** The offsets of the first records of these partitions, in their order. */
  beginningOffsets(
    partitions: readonly TopicPartition[],
    options: QueryOptions = {},
  ): Promise<FoundPlace[]> {
    return this.#find(partitions, "start", "looking up the first offsets", options);
  }

  /** The offsets behind the last records that this consumer can see, in the order of the partitions. */
  endOffsets(
    partitions: readonly TopicPartition[],
    options: QueryOptions = {},
  ): Promise<FoundPlace[]> {
    return this.#find(partitions, "end", "looking up the end offsets", options);
  }

  /** The first records at or after a time, in milliseconds since 1970, in the order of the partitions. */
  offsetsForTime(
    timestamp: number,
    partitions: readonly TopicPartition[],
    options: QueryOptions = {},
  ): Promise<FoundPlace[]> {
    return this.#find(partitions, { timestamp }, "looking up offsets by time", options);
  }

  /** A topic's partitions and who leads them. */
  async partitionsFor(
    topic: string,
    options: QueryOptions = {},
  ): Promise<readonly PartitionMetadata[]> {
    const bound = queryBound(`looking up the partitions of topic ${topic}`, options);
    return (await this.#reading.cluster.topic(topic, bound)).partitions;
  }

  /** How far behind the reader of each partition is, or of these; those nothing is known of yet are left out. */
  lag(partitions?: readonly TopicPartition[]): PartitionLag[] {
    const { assigned, settings } = this.#reading;
    const chosen = partitions?.flatMap((one) => assigned.get(one) ?? []) ?? assigned;
    return lagOf(chosen, settings.isolation);
  }

  /** What the consumer has counted and measured so far. */
  metrics(): MetricsSnapshot {
    return this.#reading.metrics.snapshot();
  }

  /**
   * Commits what was consumed or marked, as far as that is done at all, gives partitions up, leaves
   * the group and ends the loops. Does not wait for the batch in hand, which the group then gets again.
   * May be called twice.
   */
  close(options: CloseOptions = {}): Promise<void> {
    // After an abort, whoever closes as well does not wait for a batch that may be in its own hands.
    this.#reading.delivery.forgetHands();
    this.#closing ??= this.#close(options);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close({ leave, timeoutMs = this.#reading.settings.closeTimeoutMs }: CloseOptions) {
    this.#stopListening();
    await this.#reading.close({ leave, timeoutMs });
  }

  /** Lets the loops come to the end of their batches, then closes. */
  async #stop(): Promise<void> {
    const { delivery, cluster, settings } = this.#reading;
    delivery.end();
    const bound = { attempt: "finishing the batch in hand", timeoutMs: settings.closeTimeoutMs };
    await bounded(cluster.host.clock, this.#reading.untilFree(), bound).catch(unlessTimedOut);
    await this.#close({});
  }

  #find(
    partitions: readonly TopicPartition[],
    place: LogPlace,
    attempt: string,
    options: QueryOptions,
  ): Promise<FoundPlace[]> {
    const { cluster, settings } = this.#reading;
    const { isolation } = settings;
    return findPlaces(cluster, partitions, {
      place,
      isolation,
      bound: queryBound(attempt, options),
    });
  }

  #reset(partitions: readonly TopicPartition[] | undefined, place: LogPlace): void {
    const chosen = partitions?.map((one) => this.#assigned(one, "seeking in"));
    for (const one of chosen ?? this.#reading.assigned) one.reset(place);
    this.#reading.proceed();
  }

  #assigned(partition: TopicPartition, attempt: string): AssignedPartition {
    const assigned = this.#reading.assigned.get(partition);
    if (assigned) return assigned;
    const name = partitionName(partition.topic, partition.partition);
    const message = `${attempt} ${name} is not possible: the partition is not assigned to this consumer`;
    throw new MillraceError("INVALID_STATE", message);
  }

  #refuseIfClosed(what: string): void {
    if (!this.#closing) return;
    throw new MillraceError("CLOSED", `the consumer is closed and cannot be ${what}`);
  }
}

/** How far a partition's user is, as far as loops, polls and marks tell. */
function doneWith(one: AssignedPartition): TopicPartitionOffset[] {
  const { topic, partition, handedOut, marked } = one;
  const furthest = (handedOut?.offset ?? -1) > (marked?.offset ?? -1) ? handedOut : marked;
  return furthest ? [{ topic, partition, ...one.beyondGap(furthest) }] : [];
}

function unlessTimedOut(error: unknown): void {
  if (!(error instanceof MillraceError) || error.code !== "TIMED_OUT") throw error;
}
