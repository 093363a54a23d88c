import { DecodeError, MillraceError } from "../../errors.ts";
import { type RecordBatch, RecordCursor } from "../../protocol/index.ts";
import type { FetchedRecords, VisibleBatches } from "./fetched-records.ts";
import type { Position } from "./position.ts";

/** How record batches are read. */
export interface ReadingTerms {
  readonly checkCrcs: boolean;
  readonly maxDecompressedBatchBytes: number;
}

/** Where a batch comes from, and what is to happen when its bytes make no sense. */
export interface BatchOrigin extends ReadingTerms {
  readonly topic: string;
  readonly partition: number;
  /** Is told where reading has to stop. */
  onCorrupt(at: Position): void;
}

/**
 * Walks over the records that one fetch brought for one partition, without making an object for any:
 * {@link BatchCursor.record} says where the current one lies. Checksums are compared and batches
 * decompressed as the cursor comes to them; markers, aborted transactions and what lies before the
 * position are passed over.
 */
export class BatchCursor {
  /** The current record, once {@link BatchCursor.next} has given true. */
  readonly record = new RecordCursor();
  /** The epoch of the leader that appended the current record, −1 if unknown. */
  leaderEpoch = -1;
  /** Whether the record's timestamp was set when it was made, or when it was appended to the log. */
  timestampType: "create" | "append" = "create";

  readonly #origin: BatchOrigin;
  readonly #records: FetchedRecords;
  readonly #batches: VisibleBatches;
  readonly #startOffset: number;
  #batch: RecordBatch | undefined;
  /** The first offset that was not given yet, as far as it is known. */
  #offset: number;

  constructor(records: FetchedRecords, origin: BatchOrigin) {
    this.#origin = origin;
    this.#records = records;
    this.#batches = records.batches();
    this.#startOffset = records.startOffset;
    this.#offset = records.startOffset;
  }

  /**
   * Goes to the next record; false if there is none. Throws a {@link DecodeError} that names the
   * place if the bytes make no sense; the consumer then stays before them until it is sought past.
   */
  next(): boolean {
    if (this.#records.isGone) throw this.#gone();
    const { record } = this;
    try {
      for (;;) {
        if (record.next()) {
          if (record.offset >= this.#startOffset) return true;
        } else if (!this.#open()) {
          return false;
        }
      }
    } catch (cause) {
      throw this.#corrupt(cause);
    }
  }

  /** Has the consumer stay before the current record until it is sought past, for want of sense in it. */
  refuse(): void {
    this.#origin.onCorrupt({ offset: this.record.offset, leaderEpoch: -1 });
  }

  /** Goes to the next batch that is not hidden. */
  #open(): boolean {
    for (;;) {
      if (this.#batch) this.#offset = this.#batch.lastOffset + 1;
      const batch = this.#batches.next();
      if (!batch) return false;
      this.#batch = batch;
      this.#offset = Math.max(this.#startOffset, batch.baseOffset);
      if (this.#batches.isHidden || batch.lastOffset < this.#startOffset) continue;
      if (this.#origin.checkCrcs) batch.checkCrc();
      this.leaderEpoch = batch.partitionLeaderEpoch;
      this.timestampType = batch.timestampType;
      this.record.open(batch, this.#origin.maxDecompressedBatchBytes);
      return true;
    }
  }

  #gone(): MillraceError {
    const { topic, partition } = this.#origin;
    const message = `the batch of ${topic}-${partition} from offset ${this.#startOffset} has been given back, and its memory is used again: read it before the loop asks for the next one, or set reuseBuffers to false`;
    return new MillraceError("INVALID_STATE", message);
  }

  #corrupt(cause: unknown): unknown {
    if (!(cause instanceof DecodeError)) return cause;
    const { topic, partition } = this.#origin;
    // Within a batch, everything up to the record before has been given.
    const given = this.record.offset + 1;
    const isWithin = this.#batch && given > this.#offset && given <= this.#batch.lastOffset;
    const offset = isWithin ? given : this.#offset;
    this.#origin.onCorrupt({ offset, leaderEpoch: -1 });
    const message = `reading ${topic}-${partition} at offset ${offset} failed: ${cause.message}; seek past it to go on`;
    return new DecodeError(cause.code, message, cause.position, { cause });
  }
}
