import {
  advanceSequence,
  type Field,
  noProducer,
  type ProducerStamp,
  RecordBatch,
  type RecordBatchBuilder,
  RecordCursor,
  type RecordHeaderIn,
  restamp,
} from "../../protocol/index.ts";
import type { ProducerIdentity } from "./identity.ts";
import type { Recipient } from "./recipient.ts";

/**
 * Records for one partition that travel together, and who is to be told what became of each. It is
 * open first, then closed, then numbered and sent, perhaps several times, and done in the end.
 */
export class Batch {
  readonly topic: string;
  readonly partition: number;
  readonly builder: RecordBatchBuilder;
  /** When the first record came, by the clock's `elapsed`. */
  readonly createdAt: number;
  /** Its number among what is outstanding: see `Outstanding`. */
  ordinal = 0;
  /** By the record's place in the batch; undefined as long as nobody wants to hear of any. */
  recipients: (Recipient | undefined)[] | undefined;
  /** The records' timestamps, where there are recipients. */
  timestamps: number[] | undefined;
  /** The batch's place among those of its partition that were sent; −1 before. */
  order = -1;
  /** How often it was sent. */
  sends = 0;
  /** Whether its records have had their delivery, though an answer may still be on its way. */
  isDone = false;
  /** How far the next batch's `order` is away: less than 1 once the batch is a part of another. */
  #orderStep = 1;
  #bytes: Buffer | undefined;
  #stamp: ProducerStamp = noProducer;

  constructor(
    { topic, partition }: { readonly topic: string; readonly partition: number },
    builder: RecordBatchBuilder,
    createdAt: number,
  ) {
    this.topic = topic;
    this.partition = partition;
    this.builder = builder;
    this.createdAt = createdAt;
  }

  get count(): number {
    return this.builder.count;
  }

  /** The size before compression, with the header. */
  get sizeInBytes(): number {
    return this.builder.sizeInBytes;
  }

  /** The size of what travels; 0 before {@link Batch.encode}. */
  get encodedBytes(): number {
    return this.#bytes?.length ?? 0;
  }

  /** The sequence number of the first record; −1 without idempotence. */
  get baseSequence(): number {
    return this.#stamp.baseSequence;
  }

  append(
    timestamp: number,
    key: Field,
    value: Field,
    headers: readonly RecordHeaderIn[] | undefined,
    recipient: Recipient | undefined,
  ): void {
    this.builder.append(timestamp, key, value, headers);
    if (recipient === undefined && this.recipients === undefined) return;
    this.recipients ??= new Array<undefined>(this.builder.count - 1).fill(undefined);
    this.timestamps ??= new Array<number>(this.builder.count - 1).fill(-1);
    this.recipients.push(recipient);
    this.timestamps.push(timestamp);
  }

  /** Says under which identity and from which sequence number on the records travel. */
  number(identity: ProducerIdentity, baseSequence: number): void {
    this.#stamp = { ...identity, baseSequence };
    if (this.#bytes) restamp(this.#bytes, this.#stamp);
  }

  /** The batch as it travels; compressed when this is called first. */
  encode(): Buffer {
    this.#bytes ??= this.builder.finish(this.#stamp);
    return this.#bytes;
  }

  /**
   * Shares the records out among two batches of about the same size, which take over the recipients
   * and the numbering: the broker found this one too large. There must be two records at least.
   */
  split(newBuilder: () => RecordBatchBuilder): [Batch, Batch] {
    const first = this.#part(newBuilder(), this.order);
    const second = this.#part(newBuilder(), this.order + this.#orderStep / 2);
    const cursor = new RecordCursor();
    cursor.open(new RecordBatch(this.encode()), this.sizeInBytes);
    for (let index = 0; cursor.next(); index += 1) {
      const isLast = cursor.remaining === 0;
      const hasHalf = first.sizeInBytes * 2 >= this.sizeInBytes || isLast;
      const target = first.count === 0 || !hasHalf ? first : second;
      target.append(
        cursor.timestamp,
        cursor.key(),
        cursor.value(),
        cursor.headerCount > 0 ? cursor.headers() : undefined,
        this.recipients?.[index],
      );
    }
    const { producerId } = this.#stamp;
    if (producerId >= 0) {
      first.number(this.#stamp, this.baseSequence);
      second.number(this.#stamp, advanceSequence(this.baseSequence, first.count));
    }
    return [first, second];
  }

  #part(builder: RecordBatchBuilder, order: number): Batch {
    const part = new Batch(this, builder, this.createdAt);
    part.ordinal = this.ordinal;
    part.order = order;
    part.#orderStep = this.#orderStep / 2;
    return part;
  }
}
