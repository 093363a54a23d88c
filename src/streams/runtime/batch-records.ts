import type { ConsumerBatch } from "../../client/index.ts";
import type { RawRecord, RawRecords } from "./record-queue.ts";

/** A batch of the consumer's as tasks read it; its memory goes back once it has been read. */
export class BatchRecords implements RawRecords {
  readonly record: RawRecord;
  readonly count: number;
  readonly #batch: ConsumerBatch;
  readonly #cursor: ReturnType<ConsumerBatch["cursor"]>;

  constructor(batch: ConsumerBatch) {
    this.#batch = batch;
    this.#cursor = batch.cursor();
    this.record = this.#cursor.record;
    this.count = batch.recordCount;
  }

  next(): boolean {
    return this.#cursor.next();
  }

  release(): void {
    this.#batch.release();
  }
}
