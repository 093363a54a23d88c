import { DecodeError } from "../../errors.ts";
import type { RecordCursor, RecordHeader } from "../../protocol/index.ts";
import type { Deserializer } from "../serde.ts";
import type { TopicPartition } from "../topic-partition.ts";
import type { AssignedPartition } from "./assigned-partition.ts";
import { BatchCursor, type BatchOrigin, type ReadingTerms } from "./batch-cursor.ts";
import { ConsumerRecord } from "./consumer-record.ts";
import type { FetchedRecords } from "./fetched-records.ts";
import type { Position } from "./position.ts";

/** What batches need of their consumer. */
export interface BatchOwner<K, V> {
  readonly terms: ReadingTerms;
  /** Whether the network's buffers are used again, so that nothing of theirs may be handed out. */
  readonly reusesBuffers: boolean;
  readonly key: Deserializer<K>;
  readonly value: Deserializer<V>;
  /** Commits the position behind a batch. */
  commitBehind(batch: ConsumerBatch<K, V>, options: CommitOptions): Promise<void>;
  /** Notes that everything in a batch is done with. */
  markBehind(batch: ConsumerBatch<K, V>): void;
}

/** Bounds for a commit. */
export interface CommitOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long it may take, tries included; 60,000 ms by default. */
  readonly timeoutMs?: number | undefined;
}

const noHeaders: readonly RecordHeader[] = Object.freeze([]);

/**
 * The records that one fetch brought for one partition. They are decoded as they are iterated, which
 * can be done more than once, until the loop asks for the next batch: then the memory may be used
 * again, see `reuseBuffers`. Compaction and aborted transactions may have left no records.
 */
export class ConsumerBatch<K = Buffer, V = Buffer>
  implements Iterable<ConsumerRecord<K, V>>, TopicPartition
{
  readonly topic: string;
  readonly partition: number;
  /** One behind the partition's last record that is replicated, as of this batch's fetch. */
  readonly highWatermark: number;
  /** The first offset of an open transaction, or the high watermark, as of this batch's fetch. */
  readonly lastStableOffset: number;
  /** What was fetched, how far the partition had jumped by then, and who it belongs to. */
  readonly #records: FetchedRecords;
  readonly #seeks: number;
  readonly #source: AssignedPartition;
  readonly #owner: BatchOwner<K, V>;

  /** Made by the consumer. */
  constructor(source: AssignedPartition, records: FetchedRecords, owner: BatchOwner<K, V>) {
    this.topic = source.topic;
    this.partition = source.partition;
    this.highWatermark = records.highWatermark;
    this.lastStableOffset = records.lastStableOffset;
    this.#records = records;
    this.#seeks = source.seeks;
    this.#source = source;
    this.#owner = owner;
  }

  /** The offset the fetch started at: no record of the batch is before it. */
  get firstOffset(): number {
    return this.#records.startOffset;
  }

  /** The offset of the next record behind the batch: what its commit stores. */
  get nextOffset(): number {
    return this.#records.end.offset;
  }

  /** The position behind the batch, with the leader epoch of its last record. */
  get end(): Position {
    return this.#records.end;
  }

  /** How many records there are at most, by the headers: compaction may have taken some away. */
  get recordCount(): number {
    return this.#records.recordCount;
  }

  /** How many bytes the batch takes, as it came. */
  get sizeInBytes(): number {
    return this.#records.sizeInBytes;
  }

  /** Whether its partition is still this consumer's, and has not been sought away from since. */
  get isCurrent(): boolean {
    return this.#source.tenure !== "gone" && this.#source.seeks === this.#seeks;
  }

  /** The records one after the other, each decoded when it is asked for. */
  [Symbol.iterator](): IterableIterator<ConsumerRecord<K, V>> {
    return new RecordIterator(this.cursor(), this.topic, this.partition, this.#owner);
  }

  /** All records at once. */
  records(): ConsumerRecord<K, V>[] {
    return [...this];
  }

  /** The raw way to the records: a cursor that makes no object for any of them. What it shows lasts no longer than the batch. */
  cursor(): BatchCursor {
    const { terms } = this.#owner;
    const origin: BatchOrigin = {
      topic: this.topic,
      partition: this.partition,
      checkCrcs: terms.checkCrcs,
      maxDecompressedBatchBytes: terms.maxDecompressedBatchBytes,
      onCorrupt: (at) => this.#source.rewind(at, this.#seeks),
    };
    return new BatchCursor(this.#records, origin);
  }

  /** Commits the position behind this batch, so that the group never gets it again. */
  commit(options: CommitOptions = {}): Promise<void> {
    return this.#owner.commitBehind(this, options);
  }

  /** Notes that this batch is done with: its position is committed at the next occasion. */
  mark(): void {
    this.#owner.markBehind(this);
  }

  /** Gives the batch's bytes back to the consumer; it can no longer be read where buffers are used again. */
  release(): void {
    this.#records.release();
  }

  /** Gives the batch's bytes back to the consumer's budget, but leaves them readable. */
  leave(): void {
    this.#records.leave();
  }
}

/** Turns what a cursor comes by into records. */
class RecordIterator<K, V> implements IterableIterator<ConsumerRecord<K, V>> {
  readonly #cursor: BatchCursor;
  readonly #topic: string;
  readonly #partition: number;
  readonly #key: Deserializer<K>;
  readonly #value: Deserializer<V>;
  readonly #copiesHeaders: boolean;

  constructor(
    cursor: BatchCursor,
    topic: string,
    partition: number,
    { key, value, reusesBuffers }: Pick<BatchOwner<K, V>, "key" | "value" | "reusesBuffers">,
  ) {
    this.#cursor = cursor;
    this.#topic = topic;
    this.#partition = partition;
    this.#key = key;
    this.#value = value;
    this.#copiesHeaders = reusesBuffers;
  }

  next(): IteratorResult<ConsumerRecord<K, V>, undefined> {
    const cursor = this.#cursor;
    if (!cursor.next()) return { done: true, value: undefined };
    const { record } = cursor;
    const { keyStart, valueStart } = record;
    let part = "key";
    try {
      const key =
        keyStart < 0 ? null : this.#key.deserialize(record.buffer, keyStart, record.keyEnd);
      part = "value";
      const value =
        valueStart < 0 ? null : this.#value.deserialize(record.buffer, valueStart, record.valueEnd);
      const made = new ConsumerRecord<K, V>(
        this.#topic,
        this.#partition,
        record.offset,
        record.timestamp,
        cursor.timestampType,
        cursor.leaderEpoch,
        key,
        value,
        record.headerCount === 0 ? noHeaders : this.#headers(record),
      );
      return { done: false, value: made };
    } catch (cause) {
      cursor.refuse();
      throw this.#undecodable(part, record.offset, cause);
    }
  }

  [Symbol.iterator](): this {
    return this;
  }

  #headers(record: RecordCursor): readonly RecordHeader[] {
    const headers = record.headers();
    if (!this.#copiesHeaders) return headers;
    return headers.map(({ key, value }) => ({ key, value: value && Buffer.from(value) }));
  }

  #undecodable(part: string, offset: number, cause: unknown): DecodeError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `the ${part} of ${this.#topic}-${this.#partition} at offset ${offset} could not be deserialized: ${reason}; seek past it to go on`;
    return new DecodeError("INVALID_VALUE", message, 0, { cause });
  }
}
