import type { Clock } from "../../clock.ts";
import type { MillraceError } from "../../errors.ts";
import type { Batch } from "./batch.ts";
import { PendingSend, type Recipient } from "./recipient.ts";
import type { ProducerRecord, RecordMetadata } from "./record.ts";

/**
 * Hears what became of each record that was handed to `enqueue`: either an error or metadata is
 * null. What it throws is thrown again outside of the producer, as an uncaught exception, once the
 * other records have had their delivery.
 */
export type OnDelivery<K, V> = (
  error: MillraceError | null,
  metadata: RecordMetadata | null,
  record: ProducerRecord<K, V>,
) => void;

/** Hears of records that failed and have nobody else to tell: those of `append`, and of `enqueue` without `onDelivery`. */
export type OnBatchFailure = (
  error: MillraceError,
  batch: { readonly topic: string; readonly partition: number; readonly records: number },
) => void;

/** What became of a batch. */
export type Outcome =
  | { readonly name: "written"; readonly baseOffset: number; readonly appendTime: number }
  | { readonly name: "failed"; errorOf(index: number): MillraceError };

/** Tells users what became of their records: each once. */
export class Deliveries {
  readonly #clock: Clock;
  readonly #onDelivery: OnDelivery<unknown, unknown> | undefined;
  readonly #onBatchFailure: OnBatchFailure | undefined;

  constructor(
    clock: Clock,
    onDelivery: OnDelivery<unknown, unknown> | undefined,
    onBatchFailure: OnBatchFailure | undefined,
  ) {
    this.#clock = clock;
    this.#onDelivery = onDelivery;
    this.#onBatchFailure = onBatchFailure;
  }

  /** Tells the recipients of a batch's records; a batch has this once. */
  settle(batch: Batch, outcome: Outcome): void {
    batch.isDone = true;
    const { recipients } = batch;
    let unheard = batch.count;
    if (recipients !== undefined) {
      for (let index = 0; index < recipients.length; index += 1) {
        const recipient = recipients[index];
        if (recipient === undefined) continue;
        unheard -= 1;
        if (outcome.name === "failed") this.refuse(recipient, outcome.errorOf(index));
        else this.#tell(recipient, null, metadataOf(batch, index, outcome));
      }
    }
    if (outcome.name === "failed" && unheard > 0) {
      const { topic, partition } = batch;
      this.#reportFailure(outcome.errorOf(0), { topic, partition, records: unheard });
    }
  }

  /** Tells the recipient of one record that it failed. */
  refuse(recipient: Recipient, error: MillraceError): void {
    this.#tell(recipient, error, null);
  }

  /** Reports a record that failed before it came into a batch, and that has no recipient. */
  refuseUnheard(error: MillraceError, topic: string, partition: number): void {
    this.#reportFailure(error, { topic, partition, records: 1 });
  }

  #tell(recipient: Recipient, error: MillraceError | null, metadata: RecordMetadata | null): void {
    if (recipient instanceof PendingSend) {
      if (error) recipient.reject(error);
      else recipient.resolve(metadata as RecordMetadata);
      return;
    }
    try {
      this.#onDelivery?.(error, metadata, recipient);
    } catch (thrown) {
      this.#throwOutside(thrown);
    }
  }

  #reportFailure(error: MillraceError, batch: Parameters<OnBatchFailure>[1]): void {
    try {
      this.#onBatchFailure?.(error, batch);
    } catch (thrown) {
      this.#throwOutside(thrown);
    }
  }

  /** What a user's callback throws must neither be lost nor stand in the way of other deliveries. */
  #throwOutside(thrown: unknown): void {
    this.#clock.soon(() => {
      throw thrown;
    });
  }
}

function metadataOf(
  batch: Batch,
  index: number,
  { baseOffset, appendTime }: Extract<Outcome, { name: "written" }>,
): RecordMetadata {
  return {
    topic: batch.topic,
    partition: batch.partition,
    offset: baseOffset < 0 ? -1 : baseOffset + index,
    timestamp: appendTime >= 0 ? appendTime : (batch.timestamps?.[index] as number),
  };
}
