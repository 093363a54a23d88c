import type { ProducerRecord, RecordMetadata } from "./record.ts";

/** One call of `send` that waits for its record's outcome. */
export class PendingSend {
  readonly resolve: (metadata: RecordMetadata) => void;
  readonly reject: (error: Error) => void;

  constructor(resolve: (metadata: RecordMetadata) => void, reject: (error: Error) => void) {
    this.resolve = resolve;
    this.reject = reject;
  }
}

/** Who hears of a record's outcome: a call of `send`, or `onDelivery`, which gets the record back. */
export type Recipient = PendingSend | ProducerRecord<unknown, unknown>;
