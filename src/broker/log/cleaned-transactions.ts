import { controlRecordType, type RecordBatch, RecordCursor } from "../../protocol/index.ts";
import type { AbortedTransactionEntry } from "./transaction-index.ts";

/**
 * The transactions that the cleaner meets on its way through a log, from front to back: which batches
 * were aborted, and which markers nobody needs any more (Kafka's `CleanedTransactionMetadata`).
 */
export class CleanedTransactions {
  /** Aborted transactions of which something is left, as their markers came: what the transaction index keeps. */
  readonly retained: AbortedTransactionEntry[] = [];
  /** Those whose first offset is still to come, the nearest last. */
  #upcoming: AbortedTransactionEntry[] = [];
  readonly #aborted = new Map<number, Aborted>();
  readonly #committed = new Set<number>();

  /** Adds what the transaction indexes say of the part of the log that comes next; once more does no harm. */
  addAborted(transactions: readonly AbortedTransactionEntry[]): void {
    this.#upcoming.push(...transactions);
    this.#upcoming.sort((left, right) => right.firstOffset - left.firstOffset);
  }

  /** Notes a batch of data; whether its transaction was aborted, so that it can go. */
  isAborted(batch: RecordBatch): boolean {
    this.#advance(batch.lastOffset);
    if (!batch.isTransactional) return false;
    const aborted = this.#aborted.get(batch.producerId);
    if (aborted === undefined) {
      this.#committed.add(batch.producerId);
      return false;
    }
    aborted.hasBatches = true;
    return true;
  }

  /** Notes a control batch; whether nothing of its transaction is left, so that the marker can go in time. */
  isDispensable(batch: RecordBatch): boolean {
    this.#advance(batch.lastOffset);
    const cursor = new RecordCursor();
    cursor.open(batch, batch.sizeInBytes);
    // Once its record is gone, nothing holds the batch itself.
    if (!cursor.next()) return true;
    const { producerId } = batch;
    switch (controlRecordType(cursor)) {
      case "abort": {
        const aborted = this.#aborted.get(producerId);
        this.#aborted.delete(producerId);
        if (!aborted?.hasBatches) return true;
        this.retained.push(aborted.entry);
        return false;
      }
      case "commit":
        return !this.#committed.delete(producerId);
      case "other":
        return false;
    }
  }

  #advance(offset: number): void {
    for (;;) {
      const next = this.#upcoming.at(-1);
      if (next === undefined || next.firstOffset > offset) return;
      this.#upcoming.pop();
      const isKnown = this.#aborted.has(next.producerId);
      if (!isKnown) this.#aborted.set(next.producerId, { entry: next, hasBatches: false });
    }
  }
}

interface Aborted {
  readonly entry: AbortedTransactionEntry;
  /** Whether a batch of the transaction has been seen. */
  hasBatches: boolean;
}
