import { DecodeError } from "../../errors.ts";
import { type RecordBatch, RecordBatches } from "../../protocol/index.ts";
import { type AbortedTransaction, AbortedTransactions } from "./aborted-transactions.ts";
import type { FrameHold } from "./buffer-budget.ts";
import type { Position } from "./position.ts";

/** What one fetch brought for one partition. */
export interface FetchedPart {
  /** Record batches one after the other, the last of them possibly cut off. */
  readonly bytes: Buffer;
  /** The offset that was asked for: batches may begin before it. */
  readonly startOffset: number;
  /** Transactions to be hidden; undefined where uncommitted records are read as well. */
  readonly aborted: readonly AbortedTransaction[] | undefined;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
}

/**
 * The record batches that one fetch brought for one partition, with what their headers tell: the
 * records themselves are neither checked nor decompressed before somebody reads them.
 */
export class FetchedRecords {
  readonly bytes: Buffer;
  readonly startOffset: number;
  readonly aborted: readonly AbortedTransaction[] | undefined;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  /** Behind the last whole batch. Moves on over what nobody gets to see. */
  end: Position;
  /** How many records the user may get to see, by the batches' headers: compaction and the start may take some away. */
  readonly recordCount: number;
  /** Whether the bytes may have been written over. */
  isGone = false;
  #hold: FrameHold | undefined;

  /** Looks through the batches' headers; throws a {@link DecodeError} if one is malformed or none is whole. */
  constructor(part: FetchedPart, startEpoch: number, hold?: FrameHold) {
    this.bytes = part.bytes;
    this.startOffset = part.startOffset;
    this.aborted = part.aborted;
    this.highWatermark = part.highWatermark;
    this.lastStableOffset = part.lastStableOffset;
    let end: Position = { offset: part.startOffset, leaderEpoch: startEpoch };
    let recordCount = 0;
    const batches = this.batches();
    for (let batch = batches.next(); batch; batch = batches.next()) {
      end = { offset: batch.lastOffset + 1, leaderEpoch: batch.partitionLeaderEpoch };
      if (!batches.isHidden) recordCount += visibleCount(batch, part.startOffset);
    }
    if (end.offset <= part.startOffset && part.bytes.length > 0 && batches.isCut) {
      const message = `${part.bytes.length} bytes were fetched, and no whole record batch is among them`;
      throw new DecodeError("TRUNCATED", message, 0);
    }
    this.end = end.offset > part.startOffset ? end : { ...end, offset: part.startOffset };
    this.recordCount = recordCount;
    this.#hold = hold;
  }

  get sizeInBytes(): number {
    return this.bytes.length;
  }

  /** Whether there may be anything for the user to see. */
  get hasRecords(): boolean {
    return this.recordCount > 0;
  }

  /** Walks over the batches from the start. */
  batches(): VisibleBatches {
    return new VisibleBatches(this.bytes, this.aborted);
  }

  /** Gives the bytes back; nobody may read them any more, where frames are used again. May be called twice. */
  release(): void {
    if (this.#hold?.isReused) this.isGone = true;
    this.#hold?.release();
    this.#hold = undefined;
  }

  /** Gives the bytes back to the budget, but leaves them to whoever still reads them. */
  leave(): void {
    this.#hold?.keep();
    this.release();
  }
}

/** Walks over record batches and tells which of them are hidden from the user. */
export class VisibleBatches {
  /** Whether the last batch given is a marker or part of an aborted transaction. */
  isHidden = false;
  readonly #batches: RecordBatches;
  readonly #aborted: AbortedTransactions | undefined;

  constructor(bytes: Buffer, aborted: readonly AbortedTransaction[] | undefined) {
    this.#batches = new RecordBatches(bytes);
    this.#aborted = aborted && aborted.length > 0 ? new AbortedTransactions(aborted) : undefined;
  }

  /** Gives the next whole batch, hidden or not. */
  next(): RecordBatch | undefined {
    const batch = this.#batches.next();
    if (batch) this.isHidden = this.#aborted ? this.#aborted.hides(batch) : batch.isControl;
    return batch;
  }

  /** Whether part of another batch follows the last one. */
  get isCut(): boolean {
    return this.#batches.isCut;
  }
}

/** How many of a batch's records are at or behind an offset, if compaction has taken none away. */
function visibleCount(batch: RecordBatch, startOffset: number): number {
  const { baseOffset, lastOffset, count } = batch;
  if (baseOffset >= startOffset) return count;
  return Math.min(count, Math.max(0, lastOffset - startOffset + 1));
}
