import { type RecordBatch, RecordCursor } from "../../protocol/index.ts";
import type { CleanedTransactions } from "./cleaned-transactions.ts";
import type { CleanerKeyMap } from "./cleaner-key-map.ts";
import { RecordCopy, replaceRecords } from "./record-copy.ts";
import { decompressedLimitBytes } from "./record-validation.ts";

/** What a cleaning goes by. */
export interface FilterRules {
  readonly keys: CleanerKeyMap;
  /** Up to which offset (exclusive) `keys` knows the log: what lies beyond stays. */
  readonly keysEnd: number;
  /** Where the cleaning ends (exclusive): the batch before it stays, so that the log's offsets do. */
  readonly cleaningEnd: number;
  readonly now: number;
  readonly deleteRetentionMs: number;
  readonly transactions: CleanedTransactions;
  /** Whether the batch alone tells its producer's last sequence number or epoch. */
  isLastOfProducer(batch: RecordBatch): boolean;
}

/**
 * Decides what of a batch survives compaction (Kafka's `Cleaner.cleanInto`, `MemoryRecords.filterTo`):
 * the last record of each key, tombstones and the markers of empty transactions until their delete
 * horizon has passed (KIP-534), and the batches that tell where producers stand, empty if need be.
 */
export class BatchFilter {
  readonly #rules: FilterRules;
  readonly #cursor = new RecordCursor();

  constructor(rules: FilterRules) {
    this.#rules = rules;
  }

  /** The bytes that are to stand for the batch, which may be its own; undefined if it goes. */
  apply(batch: RecordBatch): Buffer | undefined {
    const { now, transactions } = this.#rules;
    const { isControl } = batch;
    const isOver = isControl ? transactions.isDispensable(batch) : transactions.isAborted(batch);
    const isPastHorizon = batch.hasDeleteHorizon && batch.baseTimestamp <= now;
    const drops = isOver && (!isControl || isPastHorizon);
    const mustStay = this.#mustStay(batch);
    if (drops && !mustStay) return undefined;
    const survey = drops ? nothing : this.#survey(batch);
    if (survey.retained === 0) return mustStay ? emptied(batch) : undefined;
    const needsHorizon = survey.hasTombstones || (isControl && isOver);
    if (!needsHorizon || batch.hasDeleteHorizon) {
      if (survey.retained === batch.count) return batch.buffer.subarray(batch.start, batch.end);
      return this.#copy(batch, survey, batch.hasDeleteHorizon ? batch.baseTimestamp : undefined);
    }
    return this.#copy(batch, survey, now + this.#rules.deleteRetentionMs);
  }

  #mustStay(batch: RecordBatch): boolean {
    return this.#rules.isLastOfProducer(batch) || batch.lastOffset + 1 === this.#rules.cleaningEnd;
  }

  /** Looks at which records stay. */
  #survey(batch: RecordBatch): Survey {
    const { isControl, count } = batch;
    const cursor = this.#cursor;
    cursor.open(batch, decompressedLimitBytes);
    const stays = new Uint8Array(count);
    let retained = 0;
    let hasTombstones = false;
    for (let index = 0; cursor.next(); index += 1) {
      if (!isControl && !this.#stays(batch, cursor)) continue;
      stays[index] = 1;
      retained += 1;
      if (cursor.valueStart < 0) hasTombstones = true;
    }
    return { stays, retained, hasTombstones };
  }

  #stays(
    batch: RecordBatch,
    { buffer, offset, keyStart, keyEnd, valueStart }: RecordCursor,
  ): boolean {
    const { keys, keysEnd, now } = this.#rules;
    if (offset >= keysEnd) return true;
    if (keyStart < 0 || offset < keys.get(buffer, keyStart, keyEnd)) return false;
    return valueStart >= 0 || !batch.hasDeleteHorizon || now < batch.baseTimestamp;
  }

  /** The batch with those of its records that stay. A delete horizon takes the base timestamp's place. */
  #copy(batch: RecordBatch, { stays }: Survey, deleteHorizon: number | undefined): Buffer {
    const baseTimestamp = deleteHorizon ?? batch.baseTimestamp;
    const { baseOffset } = batch;
    const cursor = this.#cursor;
    cursor.open(batch, decompressedLimitBytes);
    const copy = new RecordCopy();
    for (let index = 0; cursor.next(); index += 1) {
      if (stays[index] === 1) copy.add(cursor, cursor.offset - baseOffset, baseTimestamp);
    }
    return replaceRecords(batch, {
      records: copy.records(),
      count: copy.count,
      compression: batch.compression,
      baseTimestamp,
      maxTimestamp: copy.maxTimestamp,
      hasDeleteHorizon: deleteHorizon !== undefined,
    });
  }
}

interface Survey {
  /** For each record of the batch, 1 if it stays. */
  readonly stays: Uint8Array;
  readonly retained: number;
  readonly hasTombstones: boolean;
}

const nothing: Survey = { stays: new Uint8Array(0), retained: 0, hasTombstones: false };

/** The batch without records: what is left are its offsets, its producer and the last sequence number. */
function emptied(batch: RecordBatch): Buffer {
  return replaceRecords(batch, {
    records: Buffer.alloc(0),
    count: 0,
    compression: "none",
    baseTimestamp: -1,
    maxTimestamp: batch.maxTimestamp,
    hasDeleteHorizon: false,
  });
}
