import type { Compression } from "../src/protocol/compression.ts";
import { endTransactionMarker, type TransactionOutcome } from "../src/protocol/control-record.ts";
import { RecordBatch } from "../src/protocol/record-batch.ts";
import { noProducer, RecordBatchBuilder } from "../src/protocol/record-batch-builder.ts";
import type { RecordHeaderIn } from "../src/protocol/record-encoder.ts";

/** How records are appended to a scripted log. */
export interface AppendOptions {
  readonly key?: string | null;
  readonly timestamp?: number;
  readonly headers?: readonly RecordHeaderIn[];
  readonly compression?: Compression;
  /** The producer whose open transaction the records belong to. */
  readonly producerId?: number;
}

interface Ended {
  readonly producerId: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
}

/** The log of one partition, in a test's memory: real record batches, as a broker would send them. */
export class ScriptedLog {
  /** The epoch that new batches are stamped with. */
  leaderEpoch = 0;
  startOffset = 0;
  #batches: RecordBatch[] = [];
  readonly #open = new Map<number, number>();
  readonly #aborted: Ended[] = [];

  get endOffset(): number {
    const last = this.#batches.at(-1);
    return last ? last.lastOffset + 1 : this.startOffset;
  }

  /** The first offset of an open transaction, or the end. */
  get lastStableOffset(): number {
    return Math.min(this.endOffset, ...this.#open.values());
  }

  /** Appends one batch with these values and gives its base offset. */
  append(values: readonly (string | null)[], options: AppendOptions = {}): number {
    const { key = null, timestamp = 0, headers, compression = "none", producerId } = options;
    const isTransactional = producerId !== undefined;
    const builder = new RecordBatchBuilder({ compression, isTransactional });
    for (const value of values) builder.append(timestamp, key, value, headers);
    const stamp = isTransactional ? { producerId, producerEpoch: 0, baseSequence: 0 } : noProducer;
    const baseOffset = this.#add(builder.finish(stamp));
    if (isTransactional && !this.#open.has(producerId)) this.#open.set(producerId, baseOffset);
    return baseOffset;
  }

  /** Ends a producer's transaction: appends its marker. */
  end(producerId: number, outcome: TransactionOutcome): void {
    const end = { outcome, coordinatorEpoch: 0, timestamp: 0, producerId, producerEpoch: 0 };
    const lastOffset = this.#add(endTransactionMarker(end));
    const firstOffset = this.#open.get(producerId);
    this.#open.delete(producerId);
    if (outcome === "abort" && firstOffset !== undefined) {
      this.#aborted.push({ producerId, firstOffset, lastOffset });
    }
  }

  /** The batches from the one with this offset on, up to `limit` (exclusive), as a fetch gets them. */
  read(offset: number, limit = this.endOffset, maxBytes = Number.POSITIVE_INFINITY): Buffer {
    const parts: Buffer[] = [];
    let size = 0;
    for (const { buffer, lastOffset, baseOffset } of this.#batches) {
      if (lastOffset < offset || baseOffset >= limit) continue;
      if (size > 0 && size + buffer.length > maxBytes) break;
      parts.push(buffer);
      size += buffer.length;
    }
    return Buffer.concat(parts);
  }

  /** The aborted transactions that a fetch from this offset has to know of. */
  abortedFrom(offset: number): { producerId: number; firstOffset: number }[] {
    return this.#aborted
      .filter(({ lastOffset }) => lastOffset >= offset)
      .map(({ producerId, firstOffset }) => ({ producerId, firstOffset }));
  }

  /** Flips a bit of the batch with this offset, `at` bytes from its start. */
  corrupt(offset: number, at: number): void {
    const batch = this.#batches.find((one) => one.lastOffset >= offset);
    if (batch) batch.buffer[at] = (batch.buffer[at] ?? 0) ^ 1;
  }

  /** Drops everything from the batch with this offset on. */
  truncate(offset: number): void {
    this.#batches = this.#batches.filter(({ lastOffset }) => lastOffset < offset);
  }

  /** The greatest epoch up to this one that has records, and where it ends. */
  epochEnd(leaderEpoch: number): { leaderEpoch: number; endOffset: number } {
    const known = this.#batches.filter((one) => one.partitionLeaderEpoch <= leaderEpoch).at(-1);
    if (!known) return { leaderEpoch: -1, endOffset: -1 };
    return { leaderEpoch: known.partitionLeaderEpoch, endOffset: known.lastOffset + 1 };
  }

  /** The offset of the first batch that has a record at or after a time; −1 if there is none. */
  offsetAt(timestamp: number): number {
    return this.#batches.find((one) => one.maxTimestamp >= timestamp)?.baseOffset ?? -1;
  }

  #add(bytes: Buffer): number {
    const batch = new RecordBatch(Buffer.from(bytes));
    batch.baseOffset = this.endOffset;
    batch.partitionLeaderEpoch = this.leaderEpoch;
    this.#batches.push(batch);
    return batch.baseOffset;
  }
}
