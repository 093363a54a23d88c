import type { Clock, Timer } from "../../clock.ts";
import type { Batch } from "./batch.ts";
import type { PartitionQueue } from "./partition-queue.ts";

/** The batches that are not done, and the moment when each has taken too long. One timer serves all. */
export class DeliveryDeadlines {
  readonly #clock: Clock;
  readonly #deliveryTimeoutMs: number;
  readonly #onExpired: (batch: Batch, queue: PartitionQueue) => void;
  /** In the order of creation, which is that of expiry. */
  #batches = new Map<Batch, PartitionQueue>();
  #timer: Timer | undefined;

  constructor(
    clock: Clock,
    deliveryTimeoutMs: number,
    onExpired: (batch: Batch, queue: PartitionQueue) => void,
  ) {
    this.#clock = clock;
    this.#deliveryTimeoutMs = deliveryTimeoutMs;
    this.#onExpired = onExpired;
  }

  /** Begins to watch a batch that is newer than all others. */
  watch(batch: Batch, queue: PartitionQueue): void {
    this.#batches.set(batch, queue);
    this.#setTimer();
  }

  /** Watches the parts of a batch in its place. */
  replace(batch: Batch, parts: readonly Batch[]): void {
    const replaced = [...this.#batches].flatMap(([one, queue]) =>
      (one === batch ? parts : [one]).map((it) => [it, queue] as const),
    );
    this.#batches = new Map(replaced);
  }

  /** Ends the watch over a batch that is done. */
  release(batch: Batch): void {
    this.#batches.delete(batch);
  }

  /** All batches that are not done, oldest first. */
  batches(): [Batch, PartitionQueue][] {
    return [...this.#batches];
  }

  /** Stops the timer. */
  close(): void {
    this.#timer?.cancel();
  }

  #setTimer(): void {
    if (this.#timer) return;
    const [oldest] = this.#batches.keys();
    if (!oldest) return;
    const wait = oldest.createdAt + this.#deliveryTimeoutMs - this.#clock.elapsed();
    this.#timer = this.#clock.after(Math.max(wait, 0), () => {
      this.#timer = undefined;
      this.#expire();
      this.#setTimer();
    });
  }

  #expire(): void {
    const begun = this.#clock.elapsed() - this.#deliveryTimeoutMs;
    for (const [batch, queue] of this.batches()) {
      if (batch.createdAt > begun) return;
      if (this.#batches.delete(batch)) this.#onExpired(batch, queue);
    }
  }
}
