import { DecodeError } from "../errors.ts";
import { type ProducerStamp, RecordBatchBuilder } from "./record-batch-builder.ts";
import type { RecordCursor } from "./record-cursor.ts";

/** How a transaction ended. */
export type TransactionOutcome = "commit" | "abort";

const outcomeOnWire = {
  abort: 0,
  commit: 1,
} satisfies Record<TransactionOutcome, number>;

/** Version and type of a key, version and coordinator epoch of a value: more may follow in later versions. */
const keyBytes = 4;
const valueBytes = 6;
const batchBytes = 128;

/** Builds the control batch, of one record, that ends a transaction in a partition (KIP-98). */
export function endTransactionMarker({
  outcome,
  coordinatorEpoch,
  timestamp,
  producerId,
  producerEpoch,
}: {
  readonly outcome: TransactionOutcome;
  readonly coordinatorEpoch: number;
  readonly timestamp: number;
} & Pick<ProducerStamp, "producerId" | "producerEpoch">): Buffer {
  const key = Buffer.alloc(keyBytes);
  key.writeInt16BE(outcomeOnWire[outcome], 2);
  const value = Buffer.alloc(valueBytes);
  value.writeInt32BE(coordinatorEpoch, 2);
  const builder = new RecordBatchBuilder({
    capacity: batchBytes,
    isTransactional: true,
    isControl: true,
  });
  builder.append(timestamp, key, value);
  return builder.finish({ producerId, producerEpoch, baseSequence: -1 });
}

/** What the current record of a control batch says; "other" is what only brokers have to understand. */
export function controlRecordType(cursor: RecordCursor): TransactionOutcome | "other" {
  const { buffer, keyStart, keyEnd } = cursor;
  if (keyStart < 0 || keyEnd - keyStart < keyBytes || buffer.readInt16BE(keyStart) < 0) {
    const message = `the control record at offset ${cursor.offset} has no valid key`;
    throw new DecodeError("INVALID_VALUE", message, Math.max(0, keyStart));
  }
  const type = buffer.readInt16BE(keyStart + 2);
  return type === outcomeOnWire.commit
    ? "commit"
    : type === outcomeOnWire.abort
      ? "abort"
      : "other";
}

/** The epoch of the coordinator that wrote the current record, an end of a transaction. */
export function markerCoordinatorEpoch(cursor: RecordCursor): number {
  const { buffer, valueStart, valueEnd } = cursor;
  if (valueStart < 0 || valueEnd - valueStart < valueBytes || buffer.readInt16BE(valueStart) < 0) {
    const message = `the end of a transaction at offset ${cursor.offset} has no valid value`;
    throw new DecodeError("INVALID_VALUE", message, Math.max(0, valueStart));
  }
  return buffer.readInt32BE(valueStart + 2);
}
