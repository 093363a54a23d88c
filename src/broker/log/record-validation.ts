import type { BrokerErrorCode } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { batchLayout, type RecordBatch, RecordCursor } from "../../protocol/index.ts";
import type { LogConfig } from "./log-config.ts";

/** One record of a batch that was refused, for the answer to the producer (KIP-467). */
export interface RecordError {
  readonly batchIndex: number;
  readonly message: string;
}

/**
 * Records of a batch are not allowed, and so the whole batch is not: INVALID_TIMESTAMP if the
 * timestamp of one is out of bounds, else INVALID_RECORD. Tells of each record why (KIP-467).
 */
export class RefusedRecords extends BrokerError {
  readonly recordErrors: readonly RecordError[];

  constructor(code: BrokerErrorCode, message: string, recordErrors: readonly RecordError[]) {
    super(code, message);
    this.recordErrors = recordErrors;
  }
}

/** What the records of a batch turned out to be. */
export interface RecordsFound {
  /** The records as they travel, uncompressed. */
  readonly records: Buffer;
  /** The greatest timestamp, or −1. */
  readonly maxTimestamp: number;
  /** Whether each record's offset is one more than that of the record before, from the base offset on. */
  readonly isConsecutive: boolean;
}

/**
 * The most bytes that the records of a batch may take once decompressed. Kafka, which decompresses
 * as it reads, has no such bound; this is the default size of its largest request.
 */
export const decompressedLimitBytes = 104_857_600;

/**
 * Looks at every record of a batch as Kafka's `LogValidator` does: its structure, its key where the
 * topic compacts, its timestamp. Throws {@link RefusedRecords}, or a `DecodeError` where the bytes make no sense.
 */
export function validateRecords(batch: RecordBatch, config: LogConfig, now: number): RecordsFound {
  const cursor = new RecordCursor();
  cursor.open(batch, decompressedLimitBytes);
  const { compacts } = config;
  const { baseOffset } = batch;
  const isBounded = config.messageTimestampType === "create";
  const isStamped = batch.timestampType === "append";
  const earliest = now - config.messageTimestampBeforeMaxMs;
  const latest = now + config.messageTimestampAfterMaxMs;
  const refusal = new Refusal();
  let maxTimestamp = -1;
  let isConsecutive = true;
  // What follows is what an append costs per record, hence no objects and no calls but the cursor's.
  for (let index = 0; cursor.next(); index += 1) {
    const { timestamp } = cursor;
    if (compacts && cursor.keyStart < 0) refusal.addKeyless(index);
    else if (isBounded && timestamp !== -1) {
      if (timestamp < earliest || timestamp > latest) {
        refusal.addUntimely(
          index,
          `the timestamp ${timestamp} is not from ${earliest} to ${latest}`,
        );
      }
    } else if (isStamped) {
      refusal.addUntimely(index, "only the broker may say that a timestamp is the log append time");
    }
    if (timestamp > maxTimestamp) maxTimestamp = timestamp;
    if (cursor.offset !== baseOffset + index) isConsecutive = false;
  }
  refusal.throwIfAny();
  const isInPlace = cursor.buffer === batch.buffer;
  return {
    records: isInPlace
      ? batch.buffer.subarray(batch.start + batchLayout.records, batch.end)
      : cursor.buffer,
    maxTimestamp,
    isConsecutive,
  };
}

/** Why the records of a batch are refused, record by record. */
class Refusal {
  readonly #errors: RecordError[] = [];
  #isUntimely = false;

  addKeyless(batchIndex: number): void {
    this.#errors.push({ batchIndex, message: "a compacted topic takes no record without a key" });
  }

  addUntimely(batchIndex: number, message: string): void {
    this.#errors.push({ batchIndex, message });
    this.#isUntimely = true;
  }

  throwIfAny(): void {
    const count = this.#errors.length;
    if (count === 0) return;
    const code = this.#isUntimely ? "INVALID_TIMESTAMP" : "INVALID_RECORD";
    const first = this.#errors[0]?.message;
    const message = `${count} records of the batch are refused, the first of them because ${first}`;
    throw new RefusedRecords(code, message, this.#errors);
  }
}
