import { Histogram, type HistogramSnapshot } from "../metrics.ts";

/** What a producer has done since it was made, and what it has in hand. */
export interface ProducerMetricsSnapshot {
  /** Records that were written, and their bytes as they travelled. */
  readonly recordsSent: number;
  readonly bytesSent: number;
  readonly batchesSent: number;
  readonly requestsSent: number;
  /** Batches that were sent again. */
  readonly retries: number;
  /** Batches that were split because they were too large for the broker. */
  readonly splits: number;
  /** Records whose delivery failed. */
  readonly recordErrors: number;
  /** Records in hand: accepted, and neither written nor failed. */
  readonly bufferedRecords: number;
  readonly bufferedBytes: number;
  /** Of those that were accepted, how many wait for room or for metadata. */
  readonly waitingRecords: number;
  /** Bytes of a batch as it travels. */
  readonly batchBytes: HistogramSnapshot;
  /** Milliseconds from a request to its answer. */
  readonly requestLatencyMs: HistogramSnapshot;
}

/** Counts what a producer does. */
export class ProducerMetrics {
  recordsSent = 0;
  bytesSent = 0;
  batchesSent = 0;
  requestsSent = 0;
  retries = 0;
  splits = 0;
  recordErrors = 0;
  readonly batchBytes = new Histogram();
  readonly requestLatencyMs = new Histogram();

  /** Takes in a batch that was written. */
  written(records: number, encodedBytes: number): void {
    this.recordsSent += records;
    this.bytesSent += encodedBytes;
    this.batchesSent += 1;
    this.batchBytes.record(encodedBytes);
  }

  /** The figures as they are now. */
  snapshot(inHand: {
    readonly bufferedRecords: number;
    readonly bufferedBytes: number;
    readonly waitingRecords: number;
  }): ProducerMetricsSnapshot {
    return {
      recordsSent: this.recordsSent,
      bytesSent: this.bytesSent,
      batchesSent: this.batchesSent,
      requestsSent: this.requestsSent,
      retries: this.retries,
      splits: this.splits,
      recordErrors: this.recordErrors,
      ...inHand,
      batchBytes: this.batchBytes.snapshot(),
      requestLatencyMs: this.requestLatencyMs.snapshot(),
    };
  }
}
