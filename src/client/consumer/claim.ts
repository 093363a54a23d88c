import type { GroupMetadata } from "../group-metadata.ts";
import type { TopicPartition, TopicPartitionOffset } from "../topic-partition.ts";
import type { Consumer } from "./consumer.ts";
import type { ConsumerBatch } from "./consumer-batch.ts";

/** What a group has agreed on: who this member is in it, and which partitions are its own until the next rebalance. */
export interface Generation extends GroupMetadata {
  readonly partitions: readonly TopicPartition[];
}

/**
 * One partition, for as long as it belongs to this member in one generation. Iterating gives its
 * batches as they come and ends when the claim does; the handler then has the group's
 * `rebalanceTimeoutMs` to finish what it holds.
 */
export class Claim<K = Buffer, V = Buffer>
  implements AsyncIterable<ConsumerBatch<K, V>>, TopicPartition
{
  readonly topic: string;
  readonly partition: number;
  readonly generation: Generation;
  /** Aborts when the claim ends, for work that should not outlive it. */
  readonly signal: AbortSignal;
  /** Where its first batch began; undefined before there was one. */
  #startOffset: number | undefined;
  readonly #consumer: Consumer<K, V>;

  /** Made by the consumer's claims. */
  constructor(
    consumer: Consumer<K, V>,
    { topic, partition }: TopicPartition,
    generation: Generation,
    signal: AbortSignal,
  ) {
    this.#consumer = consumer;
    this.topic = topic;
    this.partition = partition;
    this.generation = generation;
    this.signal = signal;
  }

  /**
   * The partition's batches. What is done with must be said by `batch.mark()`, `mark` or
   * `batch.commit()`: what is not is given again to whoever claims the partition next.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<ConsumerBatch<K, V>, void, undefined> {
    while (!this.signal.aborted) {
      const batch = await this.#consumer.take(this, { signal: this.signal });
      if (batch === undefined) return;
      this.#startOffset ??= batch.firstOffset;
      let isDone = false;
      try {
        yield batch;
        isDone = true;
      } finally {
        if (isDone) batch.release();
        else batch.leave();
      }
    }
  }

  /** Where a later claim of this consumer on the partition goes on: behind what is marked, else where this one began. */
  get resumeOffset(): number | undefined {
    return this.#consumer.marked(this) ?? this.#startOffset;
  }

  /** Notes that everything before `offset` is done with; it is committed at the interval, and before the claim goes. */
  mark(offset: number, { leaderEpoch }: Pick<TopicPartitionOffset, "leaderEpoch"> = {}): void {
    const { topic, partition } = this;
    this.#consumer.mark({ topic, partition, offset, leaderEpoch });
  }
}
