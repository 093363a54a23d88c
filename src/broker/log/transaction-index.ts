import type { Disk } from "../../disk.ts";
import { readInt64, writeInt64 } from "../../protocol/index.ts";
import { IndexFile } from "./index-file.ts";

const entryBytes = 34;
const entryVersion = 0;
const layout = { producerId: 2, firstOffset: 10, lastOffset: 18, lastStableOffset: 26 } as const;

/** An aborted transaction as the index keeps it (`AbortedTxn`). */
export interface AbortedTransactionEntry {
  readonly producerId: number;
  readonly firstOffset: number;
  /** The offset of its abort marker. */
  readonly lastOffset: number;
  /** The last stable offset once the transaction was over: no entry further on concerns what lies below. */
  readonly lastStableOffset: number;
}

/** The aborted transactions whose markers lie in one segment, by the markers' offsets (`TransactionIndex`). */
export class TransactionIndex {
  readonly file: IndexFile;

  /** Opens the index at `path`, of which `size` bytes are there. */
  constructor(disk: Disk, path: string, size: number) {
    this.file = new IndexFile(disk, path, entryBytes, size);
  }

  append(transaction: AbortedTransactionEntry): void {
    this.file.append((target, at) => {
      target.writeInt16BE(entryVersion, at);
      writeInt64(target, transaction.producerId, at + layout.producerId);
      writeInt64(target, transaction.firstOffset, at + layout.firstOffset);
      writeInt64(target, transaction.lastOffset, at + layout.lastOffset);
      writeInt64(target, transaction.lastStableOffset, at + layout.lastStableOffset);
    });
  }

  /** All entries in order. */
  *entries(from = 0): Generator<AbortedTransactionEntry> {
    for (let n = from; n < this.file.count; n += 1) yield decode(this.file.entry(n));
  }

  /**
   * Adds to `found` the transactions that overlap `[start, end)`. Gives true where no later segment can
   * have more of them.
   */
  collect(start: number, end: number, found: AbortedTransactionEntry[]): boolean {
    const isBelow = (buffer: Buffer, at: number) =>
      readInt64(buffer, at + layout.lastOffset) < start;
    for (const transaction of this.entries(this.file.search(isBelow) + 1)) {
      if (transaction.firstOffset < end) found.push(transaction);
      if (transaction.lastStableOffset >= end) return true;
    }
    return false;
  }
}

function decode(entry: Buffer): AbortedTransactionEntry {
  return {
    producerId: readInt64(entry, layout.producerId),
    firstOffset: readInt64(entry, layout.firstOffset),
    lastOffset: readInt64(entry, layout.lastOffset),
    lastStableOffset: readInt64(entry, layout.lastStableOffset),
  };
}
