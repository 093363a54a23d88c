import {
  controlRecordType,
  type RecordBatch,
  RecordBatches,
  RecordCursor,
  type TransactionOutcome,
} from "../../protocol/index.ts";
import type { Partition } from "../partition.ts";
import type { RecordOrigin } from "./offsets.ts";

/** How much of the log is read at a time. */
const readBytes = 1024 * 1024;
/** The most that a batch may unpack to. */
const batchLimitBytes = 256 * 1024 * 1024;

/** Who takes in what a partition's log says. */
export interface LogReplay {
  /** The buffers are valid during the call only. */
  record(key: Buffer, value: Buffer | null, origin: RecordOrigin): void;
  transactionEnd(producerId: number, outcome: TransactionOutcome): void;
}

/**
 * Reads the log of a partition from its start to its end, and replays it; after each megabyte it yields,
 * so that whoever drives it can give others their turn.
 */
export function* replayLog({ log }: Partition, replay: LogReplay): Generator<void, void> {
  const cursor = new RecordCursor();
  let offset = log.logStartOffset;
  while (offset < log.logEndOffset) {
    const options = { maxBytes: readBytes, minOneBatch: true, committed: false };
    const batches = new RecordBatches(log.read(offset, options).records);
    const before = offset;
    for (let batch = batches.next(); batch !== undefined; batch = batches.next()) {
      replayBatch(batch, cursor, replay);
      offset = batch.lastOffset + 1;
    }
    // Compaction may have removed the batches at the end.
    if (offset === before) return;
    yield;
  }
}

function replayBatch(batch: RecordBatch, cursor: RecordCursor, replay: LogReplay): void {
  const { producerId, isControl } = batch;
  cursor.open(batch, batchLimitBytes);
  while (cursor.next()) {
    if (isControl) {
      const type = controlRecordType(cursor);
      if (type !== "other") replay.transactionEnd(producerId, type);
      continue;
    }
    const key = cursor.key();
    if (key !== null) replay.record(key, cursor.value(), { position: cursor.offset, producerId });
  }
}
