import { BrokerError } from "../../errors.ts";
import { batchLayout, readInt64 } from "../../protocol/index.ts";
import { batchSizeAt } from "./batch-reader.ts";
import type { Segment } from "./segment.ts";
import type { Segments } from "./segments.ts";
import type { AbortedTransactionEntry } from "./transaction-index.ts";

/** How many places of a log are remembered, so that who reads on where he stopped needs no search. */
const maxRememberedPlaces = 16;
const noBytes = Buffer.alloc(0);

/** Where in a segment's file a batch starts. */
interface Place {
  readonly segment: Segment;
  readonly position: number;
}

/** One aborted transaction that a reader of committed records must skip. */
export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

/** What a read gave. */
export interface ReadResult {
  /** Whole batches, the first of which may start before the offset asked for; empty where there are none. */
  readonly records: Buffer;
  /** Set only where committed records alone were asked for. */
  readonly abortedTransactions: readonly AbortedTransaction[] | undefined;
}

/** What a read is after. */
export interface ReadOptions {
  readonly maxBytes: number;
  /** Whether one batch is to be read even if it is larger than `maxBytes` (KIP-74). */
  readonly minOneBatch: boolean;
  /** Committed records only: reads below the last stable offset, and names the aborted ones. */
  readonly committed: boolean;
  /** Gives the memory that is read into, exactly as long as asked for; fresh memory by default. */
  readonly take?: ((length: number) => Buffer) | undefined;
}

/** Between which offsets a log can be read. */
export interface LogBounds {
  readonly directory: string;
  readonly logStartOffset: number;
  readonly lastStableOffset: number;
  readonly logEndOffset: number;
}

const freshMemory = (length: number) => Buffer.allocUnsafe(length);
const noTransactions: readonly AbortedTransaction[] = [];

/** Batches in one piece, and where the next read goes on: nothing below that was left out. */
interface Piece {
  readonly records: Buffer;
  readonly endOffset: number;
}

/** Finds batches in the segments of one log, and reads them in one piece. */
export class LogReader {
  readonly #segments: Segments;
  readonly #log: LogBounds;
  /** Where offsets lie at which somebody will read soon; the longest known comes first. Made when needed. */
  #places: Map<number, Place> | undefined;

  constructor(segments: Segments, log: LogBounds) {
    this.#segments = segments;
    this.#log = log;
  }

  /** Reads batches of one segment; throws OFFSET_OUT_OF_RANGE outside of the log. */
  read(offset: number, options: ReadOptions): ReadResult {
    const { committed } = options;
    const { logStartOffset, logEndOffset, directory } = this.#log;
    if (offset < logStartOffset || offset > logEndOffset) {
      const message = `offset ${offset} of ${directory} is outside of ${logStartOffset} to ${logEndOffset}`;
      throw new BrokerError("OFFSET_OUT_OF_RANGE", message);
    }
    const limit = this.#limit(committed);
    const { records, endOffset } =
      offset < limit
        ? this.#piece(offset, limit, options)
        : { records: noBytes, endOffset: offset };
    if (!committed) return { records, abortedTransactions: undefined };
    if (records.length === 0) return { records, abortedTransactions: noTransactions };
    return { records, abortedTransactions: this.abortedBetween(offset, endOffset) };
  }

  /** How many bytes there are to read, counted until there are `enough`; `enough` outside of the log. */
  bytesAfter(
    offset: number,
    { committed, enough }: { readonly committed: boolean; readonly enough: number },
  ): number {
    const { logStartOffset, logEndOffset } = this.#log;
    if (offset < logStartOffset || offset > logEndOffset) return enough;
    const limit = this.#limit(committed);
    const place = offset < limit ? this.#find(offset) : undefined;
    if (!place) return 0;
    let bytes = this.#endWithin(place.segment, limit) - place.position;
    const { all } = this.#segments;
    for (let index = all.indexOf(place.segment) + 1; index < all.length; index += 1) {
      const segment = all[index] as Segment;
      if (bytes >= enough || segment.baseOffset >= limit) break;
      bytes += this.#endWithin(segment, limit);
    }
    return Math.max(0, bytes);
  }

  /** Notes that a batch with this base offset starts here. */
  remember(offset: number, segment: Segment, position: number): void {
    this.#places ??= new Map();
    if (this.#places.size >= maxRememberedPlaces) {
      for (const oldest of this.#places.keys()) {
        this.#places.delete(oldest);
        break;
      }
    }
    this.#places.set(offset, { segment, position });
  }

  /** Forgets where things are, when segments have been replaced or removed. */
  forget(): void {
    this.#places = undefined;
  }

  /** The aborted transactions that overlap `[start, end)`. */
  abortedBetween(start: number, end: number): AbortedTransactionEntry[] {
    const found: AbortedTransactionEntry[] = [];
    const { all } = this.#segments;
    let index = Math.max(0, this.#segments.indexAt(start));
    for (; index < all.length; index += 1) {
      if ((all[index] as Segment).transactions.collect(start, end, found)) break;
    }
    return found;
  }

  /**
   * Reads whole batches from the one that has `offset` on, below `limit` (exclusive, a batch's start or
   * the log's end), at most to the end of a segment. Nothing where the first batch has more than
   * `maxBytes`, unless `minOneBatch`.
   */
  #piece(offset: number, limit: number, options: ReadOptions): Piece {
    const place = this.#find(offset);
    if (!place) return { records: noBytes, endOffset: limit };
    const { segment, position } = place;
    const end = this.#endWithin(segment, limit);
    const available = end - position;
    if (available <= 0) return { records: noBytes, endOffset: offset };
    if (available <= options.maxBytes) {
      const endOffset = Math.min(limit, this.#endOffsetOf(segment));
      const isActive = segment === this.#segments.active;
      if (isActive || end < segment.sizeInBytes) this.remember(endOffset, segment, end);
      const { take = freshMemory } = options;
      return { records: segment.read(position, available, take), endOffset };
    }
    return segment.checked(() => this.#readPart(place, offset, options));
  }

  /** Reads as many whole batches as fit. */
  #readPart(place: Place, offset: number, options: ReadOptions): Piece {
    const { segment, position } = place;
    const { maxBytes, minOneBatch, take = freshMemory } = options;
    const bytes = segment.read(position, Math.max(maxBytes, batchLayout.records), take);
    const firstSize = batchSizeAt(bytes, 0);
    if (firstSize > maxBytes) {
      if (!minOneBatch) return { records: noBytes, endOffset: offset };
      return this.#cut(place, segment.read(position, firstSize, take), firstSize);
    }
    let end = firstSize;
    let last = 0;
    while (end + batchLayout.magic < bytes.length) {
      const size = batchSizeAt(bytes, end);
      if (end + size > maxBytes) break;
      last = end;
      end += size;
    }
    return this.#cut(place, bytes, end, last);
  }

  #cut({ segment, position }: Place, bytes: Buffer, end: number, last = 0): Piece {
    const lastOffset =
      readInt64(bytes, last + batchLayout.baseOffset) +
      bytes.readInt32BE(last + batchLayout.lastOffsetDelta);
    this.remember(lastOffset + 1, segment, position + end);
    return { records: bytes.subarray(0, end), endOffset: lastOffset + 1 };
  }

  /** Where the batch starts that has an offset, or the first behind it. */
  #find(offset: number): Place | undefined {
    const known = this.#places?.get(offset);
    // What was the end when it was noted may have become the end of a segment that is full.
    if (known && known.position < known.segment.sizeInBytes) return known;
    const { all } = this.#segments;
    let index = Math.max(0, this.#segments.indexAt(offset));
    for (; index < all.length; index += 1) {
      const segment = all[index] as Segment;
      const found = segment.locate(offset);
      if (found) {
        this.remember(offset, segment, found.position);
        return { segment, position: found.position };
      }
    }
    return undefined;
  }

  /** Where in a segment's file the batches end that lie below `limit`. */
  #endWithin(segment: Segment, limit: number): number {
    if (limit >= this.#log.logEndOffset) return segment.sizeInBytes;
    const place = this.#find(limit);
    if (place?.segment === segment) return place.position;
    return segment.baseOffset < limit ? segment.sizeInBytes : 0;
  }

  #endOffsetOf(segment: Segment): number {
    const { all } = this.#segments;
    const next = segment === this.#segments.active ? undefined : all[all.indexOf(segment) + 1];
    return next?.baseOffset ?? this.#log.logEndOffset;
  }

  #limit(committed: boolean): number {
    return committed ? this.#log.lastStableOffset : this.#log.logEndOffset;
  }
}
