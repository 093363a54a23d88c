import { type Field, partitionForKey } from "../../protocol/index.ts";
import type { Headers } from "../message.ts";
import type { ProductionFailure } from "../runtime/error-handlers.ts";
import type { Output } from "../runtime/output.ts";
import type { RawTestRecord } from "./test-record.ts";

/** Keeps what a topology writes, in the order of the writes. */
export class CapturedOutput implements Output {
  readonly #partitions: number;
  #records: RawTestRecord[] = [];

  constructor(partitions: number) {
    this.#partitions = partitions;
  }

  send(
    topic: string,
    partition: number | undefined,
    key: Field,
    value: Field,
    timestamp: number,
    headers: Headers,
  ): void {
    const keyBytes = bytesOf(key);
    this.#records.push({
      topic,
      partition: partition ?? (keyBytes ? partitionForKey(keyBytes, this.#partitions) : 0),
      key: keyBytes,
      value: bytesOf(value),
      timestamp,
      headers,
    });
  }

  partitions(): number {
    return this.#partitions;
  }

  later(_topic: string, write: () => void): void {
    write();
  }

  failed({ error }: ProductionFailure): void {
    throw error;
  }

  /** Gives what was written since the last time. */
  take(): RawTestRecord[] {
    const records = this.#records;
    this.#records = [];
    return records;
  }
}

/** Bytes of one's own, which stay as they are. */
export function bytesOf(field: Field): Buffer | null {
  return field === null ? null : Buffer.from(field as string);
}
