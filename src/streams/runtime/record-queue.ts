import { MillraceError, reasonOf } from "../../errors.ts";
import type { RecordHeader } from "../../protocol/index.ts";
import {
  type Headers,
  type Message,
  noHeaders,
  type RecordMetadata,
  type Step,
} from "../message.ts";
import { failOnInvalidTimestamp, type TimestampExtractor } from "../timestamp-extractor.ts";
import type { SourceNode } from "../topology-node.ts";

/** A record as it lies in a fetched batch: see the protocol's `RecordCursor`. */
export interface RawRecord {
  readonly buffer: Buffer;
  readonly offset: number;
  readonly timestamp: number;
  /** The key is `buffer[keyStart, keyEnd)`; both are −1 if it is null. */
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  readonly headerCount: number;
  headers(): RecordHeader[];
}

/** Records of one partition, one after the other, without an object for any: a batch's cursor. */
export interface RawRecords {
  /** Goes to the next record, which is then in {@link record}; false if there is none. */
  next(): boolean;
  readonly record: RawRecord;
  /** How many records there are at most; 1 where it does not say. */
  readonly count?: number | undefined;
  /** Called once all records have been taken, so that their memory can be used again. */
  release?(): void;
}

/** What became of a record that could not be read. */
export type ReadFailure = (failure: {
  readonly metadata: RecordMetadata;
  readonly error: unknown;
  readonly why: "deserialization" | "negative-timestamp";
}) => "drop" | "fail";

/** What a queue is made with. */
export interface RecordQueueOptions {
  readonly topic: string;
  readonly partition: number;
  readonly source: SourceNode;
  /** Taken where the source names none. */
  readonly timestampExtractor: TimestampExtractor;
  /** Decides on records that cannot be deserialized, and hears of those that are dropped. */
  readonly onFailure: ReadFailure;
}

/**
 * The records of one partition that wait for their task, as they were fetched; only the first one is
 * decoded, since its timestamp says when its turn comes (`RecordQueue`).
 */
export class RecordQueue {
  readonly topic: string;
  readonly partition: number;
  readonly source: SourceNode;
  /** What is done with its records, once its task's nodes are open. */
  step: Step<unknown, unknown> = notOpen;
  /** The first record, decoded; undefined while there is none. */
  head: Message<unknown, unknown> | undefined;
  headOffset = -1;
  /** The offset of the last record that was taken, or −1 before. */
  lastOffset = -1;
  /** The greatest timestamp that has been taken from here, or −1. */
  partitionTime = -1;
  /** The offset behind the last record that was taken or dropped, or −1 before. */
  nextOffset = -1;

  readonly #extract: TimestampExtractor;
  /** Whether the extractor takes a record's own timestamp where it has one, so that it need not be asked. */
  readonly #isOwnTime: boolean;
  readonly #onFailure: ReadFailure;
  readonly #waiting: RawRecords[] = [];
  #current: RawRecords | undefined;
  #backlog = 0;

  constructor({ topic, partition, source, timestampExtractor, onFailure }: RecordQueueOptions) {
    this.topic = topic;
    this.partition = partition;
    this.source = source;
    this.#extract = source.timestampExtractor ?? timestampExtractor;
    this.#isOwnTime = this.#extract === failOnInvalidTimestamp;
    this.#onFailure = onFailure;
  }

  /**
   * How many records wait behind the batch that is worked on and the next one, at most: with that one at hand there
   * is something to work on while the one behind it is fetched.
   */
  get backlog(): number {
    const [next] = this.#waiting;
    return next ? this.#backlog - (next.count ?? 1) : 0;
  }

  /** Puts records behind those that wait. */
  add(records: RawRecords): void {
    this.#waiting.push(records);
    this.#backlog += records.count ?? 1;
    if (!this.head) this.#advance();
  }

  /** Takes the head, which must be there; the next record becomes the head. */
  poll(): Message<unknown, unknown> {
    const message = this.head as Message<unknown, unknown>;
    this.lastOffset = this.headOffset;
    this.nextOffset = this.headOffset + 1;
    if (message.timestamp > this.partitionTime) this.partitionTime = message.timestamp;
    this.head = undefined;
    this.#advance();
    return message;
  }

  /** Drops all that waits. */
  clear(): void {
    this.head = undefined;
    this.#current?.release?.();
    this.#current = undefined;
    for (const records of this.#waiting) records.release?.();
    this.#waiting.length = 0;
    this.#backlog = 0;
  }

  #advance(): void {
    for (;;) {
      const records = this.#current ?? this.#take();
      if (!records) return;
      while (records.next()) {
        const message = this.#read(records.record);
        if (message) {
          this.head = message;
          this.headOffset = records.record.offset;
          return;
        }
        this.nextOffset = records.record.offset + 1;
      }
      this.#current = undefined;
      records.release?.();
    }
  }

  #take(): RawRecords | undefined {
    const records = this.#waiting.shift();
    this.#current = records;
    this.#backlog -= records?.count ?? 1;
    if (!records) this.#backlog = 0;
    return records;
  }

  #read(raw: RawRecord): Message<unknown, unknown> | undefined {
    const { buffer, keyStart, keyEnd, valueStart, valueEnd, offset } = raw;
    let key: unknown;
    let value: unknown;
    try {
      key = keyStart < 0 ? null : this.source.key.deserialize(buffer, keyStart, keyEnd);
      value = valueStart < 0 ? null : this.source.value.deserialize(buffer, valueStart, valueEnd);
    } catch (error) {
      return this.#fail(offset, error, "deserialization");
    }
    const headers = headersOf(raw);
    let { timestamp } = raw;
    if (this.#isOwnTime && timestamp >= 0) return { key, value, timestamp, headers };
    const { topic, partition } = this;
    const record = { key, value, timestamp, headers, topic, partition, offset };
    // Computed times may have a fraction, or be no number at all.
    timestamp = Math.trunc(this.#extract(record, this.partitionTime));
    if (!(timestamp >= 0)) return this.#fail(offset, undefined, "negative-timestamp");
    return { key, value, timestamp, headers };
  }

  #fail(offset: number, error: unknown, why: "deserialization" | "negative-timestamp"): undefined {
    const { topic, partition } = this;
    const decision = this.#onFailure({ metadata: { topic, partition, offset }, error, why });
    if (decision === "drop") return undefined;
    const message = `the record of ${topic}-${partition} at offset ${offset} cannot be read: ${reasonOf(error)}; a deserialization handler could drop it`;
    throw new MillraceError("DESERIALIZATION_FAILED", message, { cause: error });
  }
}

/** A record's headers, copied: stores keep them longer than the memory of a batch lasts. */
export function headersOf(raw: RawRecord): Headers {
  if (raw.headerCount === 0) return noHeaders;
  return raw.headers().map(({ key, value }) => ({ key, value: value && Buffer.from(value) }));
}

function notOpen(): void {
  throw new MillraceError(
    "INVALID_STATE",
    "a record is processed before its task's nodes are open",
  );
}
