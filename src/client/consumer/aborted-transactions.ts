import { controlRecordType, type RecordBatch, RecordCursor } from "../../protocol/index.ts";

/** A transaction that was aborted: its producer, and the offset of its first record in the partition. */
export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

/** Control records are a handful of bytes and never compressed. */
const controlLimitBytes = 1024;

/**
 * Tells which batches a reader of committed records must not see, as it comes to them in order. The
 * broker lists the aborted transactions that overlap what it sent; a transaction's marker ends it.
 */
export class AbortedTransactions {
  readonly #listed: readonly AbortedTransaction[];
  readonly #open = new Set<number>();
  #next = 0;

  constructor(listed: readonly AbortedTransaction[]) {
    this.#listed = listed.toSorted((left, right) => left.firstOffset - right.firstOffset);
  }

  /** Whether the next batch belongs to an aborted transaction, or is a marker. */
  hides(batch: RecordBatch): boolean {
    const { lastOffset } = batch;
    for (; this.#next < this.#listed.length; this.#next += 1) {
      const { producerId, firstOffset } = this.#listed[this.#next] as AbortedTransaction;
      if (firstOffset > lastOffset) break;
      this.#open.add(producerId);
    }
    if (batch.isControl) {
      if (this.#open.size > 0 && isAbortMarker(batch)) this.#open.delete(batch.producerId);
      return true;
    }
    return this.#open.size > 0 && batch.isTransactional && this.#open.has(batch.producerId);
  }
}

function isAbortMarker(batch: RecordBatch): boolean {
  const cursor = new RecordCursor();
  cursor.open(batch, controlLimitBytes);
  return cursor.next() && controlRecordType(cursor) === "abort";
}
