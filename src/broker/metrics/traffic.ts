import { batchLayout } from "../../protocol/index.ts";

/** A batch's length field counts what comes after itself. */
const lengthEnd = batchLayout.length + 4;

/** What has gone into a partition and out of it to clients since it was opened. Bytes are those of batches, as they travel and lie on disk. */
export class Traffic {
  recordsIn = 0;
  bytesIn = 0;
  recordsOut = 0;
  bytesOut = 0;

  /** Notes what was appended. */
  came(records: number, bytes: number): void {
    this.recordsIn += records;
    this.bytesIn += bytes;
  }

  /** Notes whole batches that a client is given; looks at their headers only. */
  went(batches: Buffer): void {
    this.bytesOut += batches.length;
    for (let at = 0; at + batchLayout.records <= batches.length; ) {
      const size = lengthEnd + batches.readInt32BE(at + batchLayout.length);
      // Damaged on disk: the client will find out.
      if (size < batchLayout.records) return;
      this.recordsOut += batches.readInt32BE(at + batchLayout.count);
      at += size;
    }
  }
}
