import type { RecordHeader } from "../../protocol/index.ts";
import type { RawRecord, RawRecords } from "../runtime/record-queue.ts";
import type { RawTestRecord } from "./test-record.ts";

/** One record in the form in which tasks take fetched ones. */
export class SingleRecord implements RawRecords, RawRecord {
  readonly record = this;
  readonly buffer: Buffer;
  readonly offset: number;
  readonly timestamp: number;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  readonly headerCount: number;
  readonly #headers: RecordHeader[];
  #isTaken = false;

  constructor({ key, value, timestamp, headers }: RawTestRecord, offset: number) {
    this.buffer = Buffer.concat([key ?? nothing, value ?? nothing]);
    this.offset = offset;
    this.timestamp = timestamp;
    this.keyStart = key ? 0 : -1;
    this.keyEnd = key ? key.length : -1;
    this.valueStart = value ? this.buffer.length - value.length : -1;
    this.valueEnd = value ? this.buffer.length : -1;
    this.headerCount = headers.length;
    this.#headers = [...headers];
  }

  next(): boolean {
    if (this.#isTaken) return false;
    this.#isTaken = true;
    return true;
  }

  headers(): RecordHeader[] {
    return this.#headers;
  }
}

const nothing = Buffer.alloc(0);
