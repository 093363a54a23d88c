import { RecordBatch, RecordBatchBuilder, RecordCursor } from "millrace/protocol";
import type { RawRecords } from "../../src/streams/runtime/record-queue.ts";
import { input } from "../client/input.ts";

const recordsPerBatch = 1_000;
/** The first record's timestamp; one record follows the other by a millisecond. */
const baseTimestamp = 1_764_000_000_000;
const { valueAt } = input(100);

/** What a topic of the bench holds. */
export interface Contents {
  readonly records: number;
  /** Out of so many, in a random order that is the same each time. */
  readonly keys: number;
  /** Whether each key comes once, and before all other topics' records. */
  readonly isTable?: boolean | undefined;
  /** How many records there were before these, which time has moved on by; 0 by default. */
  readonly start?: number | undefined;
}

/** Record batches as they are fetched, with values of 100 bytes. */
export function encode({ records, keys, isTable = false, start = 0 }: Contents): RecordBatch[] {
  const builder = new RecordBatchBuilder({ capacity: 256 * 1024 });
  const batches: RecordBatch[] = [];
  let state = start + 1;
  const end = start + records;
  for (let first = start; first < end; first += recordsPerBatch) {
    builder.reset();
    for (let index = first; index < Math.min(first + recordsPerBatch, end); index += 1) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      const key = isTable ? index : Math.floor((state / 2 ** 32) * keys);
      const timestamp = isTable ? baseTimestamp : baseTimestamp + index;
      builder.append(timestamp, `key-${key}`, valueAt(index));
    }
    batches.push(new RecordBatch(Buffer.from(builder.finish()), 0));
  }
  return batches;
}

/** Reads a batch as the consumer's cursor does. */
export class BatchRecords implements RawRecords {
  readonly record = new RecordCursor();

  constructor(batch: RecordBatch) {
    this.record.open(batch, Number.POSITIVE_INFINITY);
  }

  next(): boolean {
    return this.record.next();
  }
}
