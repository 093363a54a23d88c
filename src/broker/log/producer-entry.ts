import { advanceSequence, type RecordBatch } from "../../protocol/index.ts";

/** A batch that is in the log already: what its first append gave. */
export interface DuplicateBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly timestamp: number;
}

/** How many batches of a producer are remembered: as many as it may have in flight (KIP-98). */
const batchesKept = 5;
/** Of each batch its last sequence, last offset, offset delta and timestamp: plain numbers, to be small. */
const numbersPerBatch = 4;

/**
 * What a partition knows of one idempotent producer: its epoch, its last batches, its open
 * transaction (Kafka's `ProducerStateEntry`). Takes about 300 bytes.
 */
export class ProducerEntry {
  producerEpoch = -1;
  /** The epoch of the transaction coordinator that wrote its last marker, or −1. */
  coordinatorEpoch = -1;
  lastTimestamp = -1;
  /** The first offset of its open transaction, or −1. */
  transactionStart = -1;
  readonly #batches: number[] = [];

  get hasBatches(): boolean {
    return this.#batches.length > 0;
  }

  /** The sequence number of the last record, or −1. */
  get lastSequence(): number {
    return this.#ofLast(0, -1);
  }

  /** The offset of the last record that is not a marker, or −1. */
  get lastDataOffset(): number {
    return this.#ofLast(1, -1);
  }

  /** How far the first and the last offset of the last batch are apart. */
  get lastOffsetDelta(): number {
    return this.#ofLast(2, 0);
  }

  /** The earlier append of the same batch, if it is among the last ones of its epoch. */
  duplicateOf(batch: RecordBatch): DuplicateBatch | undefined {
    if (batch.producerEpoch !== this.producerEpoch) return undefined;
    const { baseSequence, lastSequence } = batch;
    const batches = this.#batches;
    for (let at = 0; at < batches.length; at += numbersPerBatch) {
      const delta = batches[at + 2] as number;
      if (batches[at] !== lastSequence) continue;
      if (retreatSequence(lastSequence, delta) !== baseSequence) continue;
      const lastOffset = batches[at + 1] as number;
      return { baseOffset: lastOffset - delta, lastOffset, timestamp: batches[at + 3] as number };
    }
    return undefined;
  }

  /** Notes a batch of data; a new epoch forgets the batches of the one before. */
  addBatch(
    producerEpoch: number,
    lastSequence: number,
    lastOffset: number,
    offsetDelta: number,
    timestamp: number,
  ): void {
    this.#enterEpoch(producerEpoch);
    if (this.#batches.length === batchesKept * numbersPerBatch) {
      this.#batches.splice(0, numbersPerBatch);
    }
    this.#batches.push(lastSequence, lastOffset, offsetDelta, timestamp);
    this.lastTimestamp = timestamp;
  }

  /** Notes the marker that ends a transaction. */
  addMarker(producerEpoch: number, coordinatorEpoch: number, timestamp: number): void {
    this.#enterEpoch(producerEpoch);
    this.coordinatorEpoch = coordinatorEpoch;
    this.lastTimestamp = timestamp;
    this.transactionStart = -1;
  }

  #enterEpoch(producerEpoch: number): void {
    if (this.producerEpoch === producerEpoch) return;
    this.producerEpoch = producerEpoch;
    this.#batches.length = 0;
  }

  #ofLast(index: number, otherwise: number): number {
    return this.#batches[this.#batches.length - numbersPerBatch + index] ?? otherwise;
  }
}

/** Whether a sequence number is the one due after another: after 2³¹−1 comes 0. */
export function isNextSequence(lastSequence: number, sequence: number): boolean {
  return sequence === advanceSequence(lastSequence, 1);
}

const sequences = 2 ** 31;

function retreatSequence(sequence: number, count: number): number {
  // A batch without sequence numbers, as coordinators write it, has none at its front either.
  return sequence < 0 ? -1 : (sequence - count + sequences) % sequences;
}
