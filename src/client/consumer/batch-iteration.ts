import type { ConsumerBatch } from "./consumer-batch.ts";
import type { Reading } from "./reading.ts";

/**
 * One loop over a consumer's batches. To ask for the next batch is to say that the last one is done
 * with; to leave the loop says nothing about it.
 */
export class BatchIteration<K, V> implements AsyncIterableIterator<ConsumerBatch<K, V>> {
  readonly #reading: Reading<K, V>;
  #inHand: ConsumerBatch<K, V> | undefined;

  constructor(reading: Reading<K, V>) {
    this.#reading = reading;
  }

  async next(): Promise<IteratorResult<ConsumerBatch<K, V>, undefined>> {
    const done = this.#inHand;
    this.#inHand = undefined;
    if (done) this.#reading.finish(done);
    const batch = await this.#reading.delivery.next();
    this.#inHand = batch;
    return batch ? { done: false, value: batch } : { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<ConsumerBatch<K, V>, undefined>> {
    const left = this.#inHand;
    this.#inHand = undefined;
    if (left) this.#reading.putDown(left);
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
