import { BrokerError } from "../../errors.ts";
import {
  controlRecordType,
  markerCoordinatorEpoch,
  type RecordBatch,
  RecordCursor,
  type TransactionOutcome,
} from "../../protocol/index.ts";
import type { AppendOrigin } from "./batch-validation.ts";
import { type DuplicateBatch, isNextSequence, ProducerEntry } from "./producer-entry.ts";
import { decodeProducers, encodeProducers } from "./producer-snapshot.ts";

export type { DuplicateBatch } from "./producer-entry.ts";

/** What DescribeProducers tells of one producer. */
export interface ProducerOverview {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly lastSequence: number;
  readonly lastTimestamp: number;
  readonly coordinatorEpoch: number;
  /** Where its open transaction began, or −1. */
  readonly currentTransactionStartOffset: number;
}

/** A transaction that a marker has just completed. */
export interface CompletedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
  /** The offset of the marker. */
  readonly lastOffset: number;
  readonly outcome: TransactionOutcome;
}

/**
 * The idempotent producers of one partition: sequences, the last five batches of each, open
 * transactions (Kafka's `ProducerStateManager`, `ProducerAppendInfo`). Pure: bytes of snapshots in and
 * out. As in Kafka nothing but time bounds how many there are: see {@link ProducerStates.expire}.
 */
export class ProducerStates {
  #producers = new Map<number, ProducerEntry>();
  /** The producers with an open transaction by its first offset; in the order of the offsets, for these only grow. */
  #openTransactions = new Map<number, number>();
  #endOffset = 0;

  /** The first offset of the oldest open transaction; undefined while there is none. */
  get firstUnstableOffset(): number | undefined {
    for (const offset of this.#openTransactions.keys()) return offset;
    return undefined;
  }

  /** Up to which offset (exclusive) the states know the log. */
  get endOffset(): number {
    return this.#endOffset;
  }

  /**
   * Looks at a batch before it is appended: gives the earlier append where it is a duplicate, throws a
   * `BrokerError` where it must not be appended: OUT_OF_ORDER_SEQUENCE_NUMBER, INVALID_PRODUCER_EPOCH,
   * INVALID_TXN_STATE, TRANSACTION_COORDINATOR_FENCED. Changes nothing. `transactionVersion` is 2 where
   * producer and coordinator bump the epoch with each transaction (KIP-890), else 0 or 1.
   */
  check(
    batch: RecordBatch,
    origin: AppendOrigin,
    transactionVersion = 0,
  ): DuplicateBatch | undefined {
    const { producerId } = batch;
    if (producerId < 0) return undefined;
    const entry = this.#producers.get(producerId) ?? unknownProducer;
    const isClient = origin === "client";
    const duplicate = isClient ? entry.duplicateOf(batch) : undefined;
    if (duplicate !== undefined) return duplicate;
    if (batch.isControl) {
      checkMarker(entry, batch, transactionVersion);
      return undefined;
    }
    if (batch.producerEpoch < entry.producerEpoch) throw staleEpoch(entry, batch);
    if (isClient) checkSequence(entry, batch, transactionVersion);
    if (entry.transactionStart >= 0 && !batch.isTransactional) {
      const message = `producer ${producerId} writes outside of the transaction that it has open`;
      throw new BrokerError("INVALID_TXN_STATE", message);
    }
    return undefined;
  }

  /** Takes in a batch with its final offsets; gives the transaction that it completed, if it is a marker. */
  add(batch: RecordBatch): CompletedTransaction | undefined {
    const { producerId, baseOffset, lastOffset } = batch;
    this.#endOffset = lastOffset + 1;
    if (producerId < 0) return undefined;
    if (batch.isControl) return this.#addMarker(batch);
    const entry = this.#entryOf(producerId);
    const { producerEpoch, lastSequence, lastOffsetDelta, maxTimestamp } = batch;
    entry.addBatch(producerEpoch, lastSequence, lastOffset, lastOffsetDelta, maxTimestamp);
    if (batch.isTransactional && entry.transactionStart < 0) {
      entry.transactionStart = baseOffset;
      this.#openTransactions.set(baseOffset, producerId);
    }
    return undefined;
  }

  /** The last stable offset that the transaction index notes with a transaction just completed. */
  lastStableOffset(completed: CompletedTransaction): number {
    return this.firstUnstableOffset ?? completed.lastOffset + 1;
  }

  /** Whether the producer has a transaction open here, in this epoch if one is given; false also for one nobody knows. */
  hasOpenTransaction(producerId: number, producerEpoch?: number): boolean {
    const entry = this.#producers.get(producerId);
    if (entry === undefined || entry.transactionStart < 0) return false;
    return producerEpoch === undefined || producerEpoch === entry.producerEpoch;
  }

  /**
   * Whether compaction must keep the batch, empty if need be, because it alone tells the producer's
   * last sequence number or, where it has none, its epoch.
   */
  isLastOfProducer(batch: RecordBatch): boolean {
    const entry = batch.producerId < 0 ? undefined : this.#producers.get(batch.producerId);
    if (entry === undefined) return false;
    if (entry.lastDataOffset >= 0) return batch.lastOffset === entry.lastDataOffset;
    return batch.isControl && batch.producerEpoch === entry.producerEpoch;
  }

  /** Forgets producers that have been silent for too long and have no open transaction. */
  expire(now: number, producerIdExpirationMs: number): void {
    for (const [producerId, entry] of this.#producers) {
      if (entry.transactionStart >= 0) continue;
      if (now - entry.lastTimestamp >= producerIdExpirationMs) this.#producers.delete(producerId);
    }
  }

  /**
   * Forgets all, and starts again from a snapshot's bytes (Kafka's .snapshot file); throws a
   * `DecodeError` on corrupt ones. {@link ProducerStates.expire} is due after that.
   */
  restore(snapshot: Buffer | undefined, endOffset: number): void {
    const producers: Map<number, ProducerEntry> =
      snapshot === undefined ? new Map() : decodeProducers(snapshot);
    this.#producers = producers;
    this.#endOffset = endOffset;
    const open: [offset: number, producerId: number][] = [];
    for (const [producerId, { transactionStart }] of producers) {
      if (transactionStart >= 0) open.push([transactionStart, producerId]);
    }
    this.#openTransactions = new Map(open.sort(([left], [right]) => left - right));
  }

  /** The bytes of a snapshot file at {@link endOffset}. */
  snapshot(): Buffer {
    return encodeProducers(this.#producers);
  }

  /** All producers, for DescribeProducers. */
  active(): ProducerOverview[] {
    return [...this.#producers].map(([producerId, entry]) => ({
      producerId,
      producerEpoch: entry.producerEpoch,
      lastSequence: entry.lastSequence,
      lastTimestamp: entry.lastTimestamp,
      coordinatorEpoch: entry.coordinatorEpoch,
      currentTransactionStartOffset: entry.transactionStart,
    }));
  }

  #addMarker(batch: RecordBatch): CompletedTransaction | undefined {
    const marker = markerOf(batch);
    if (marker === undefined) return undefined;
    const { producerId, producerEpoch, baseOffset } = batch;
    const entry = this.#entryOf(producerId);
    const firstOffset = entry.transactionStart;
    entry.addMarker(producerEpoch, marker.coordinatorEpoch, marker.timestamp);
    if (firstOffset < 0) return undefined;
    this.#openTransactions.delete(firstOffset);
    return { producerId, firstOffset, lastOffset: baseOffset, outcome: marker.outcome };
  }

  #entryOf(producerId: number): ProducerEntry {
    let entry = this.#producers.get(producerId);
    if (entry === undefined) {
      entry = new ProducerEntry();
      this.#producers.set(producerId, entry);
    }
    return entry;
  }
}

/** Stands for a producer that the partition has no batch of; never changed. */
const unknownProducer = new ProducerEntry();

function checkSequence(entry: ProducerEntry, batch: RecordBatch, transactionVersion: number): void {
  const { baseSequence, isTransactional } = batch;
  if (transactionVersion >= 2 && isTransactional && baseSequence !== 0 && !entry.hasBatches) {
    throw outOfOrder(entry, batch);
  }
  // Without a trace of the producer, all its records may have been deleted: any number is right then.
  if (entry.producerEpoch === -1) return;
  const isInOrder =
    batch.producerEpoch === entry.producerEpoch
      ? isNextSequence(entry.lastSequence, baseSequence)
      : baseSequence === 0;
  if (!isInOrder) throw outOfOrder(entry, batch);
}

function outOfOrder(
  { producerEpoch, lastSequence }: ProducerEntry,
  batch: RecordBatch,
): BrokerError {
  const { producerId, baseSequence } = batch;
  const message = `producer ${producerId} continues with sequence number ${baseSequence} in epoch ${batch.producerEpoch} after ${lastSequence} in epoch ${producerEpoch}`;
  return new BrokerError("OUT_OF_ORDER_SEQUENCE_NUMBER", message);
}

function staleEpoch({ producerEpoch }: ProducerEntry, batch: RecordBatch): BrokerError {
  const message = `producer ${batch.producerId} has the epoch ${batch.producerEpoch} where ${producerEpoch} was seen last`;
  return new BrokerError("INVALID_PRODUCER_EPOCH", message);
}

/** The greatest epoch there is: a marker cannot go beyond it. */
const greatestEpoch = 0x7fff;

function checkMarker(entry: ProducerEntry, batch: RecordBatch, transactionVersion: number): void {
  const marker = markerOf(batch);
  if (marker === undefined) return;
  const { producerEpoch } = batch;
  const last = entry.producerEpoch;
  if (producerEpoch < last) throw staleEpoch(entry, batch);
  // With KIP-890 a marker's epoch is above that of the records; the same one again is a marker
  // written twice, which does no harm once the transaction is over (KAFKA-19999).
  if (transactionVersion >= 2 && producerEpoch === last) {
    const isRepeated = entry.transactionStart < 0 || producerEpoch === greatestEpoch;
    if (!isRepeated) throw staleEpoch(entry, batch);
  }
  if (entry.coordinatorEpoch > marker.coordinatorEpoch) {
    const message = `a coordinator of epoch ${marker.coordinatorEpoch} ends a transaction of producer ${batch.producerId} where one of epoch ${entry.coordinatorEpoch} did before`;
    throw new BrokerError("TRANSACTION_COORDINATOR_FENCED", message);
  }
}

interface Marker {
  readonly outcome: TransactionOutcome;
  readonly coordinatorEpoch: number;
  readonly timestamp: number;
}

/** Markers are tiny; whatever claims to be larger is none. */
const markerLimitBytes = 1024;

/** What the marker says; undefined if compaction has emptied its batch, or it ends no transaction. */
function markerOf(batch: RecordBatch): Marker | undefined {
  const cursor = new RecordCursor();
  cursor.open(batch, markerLimitBytes);
  if (!cursor.next()) return undefined;
  const outcome = controlRecordType(cursor);
  if (outcome === "other") return undefined;
  return { outcome, coordinatorEpoch: markerCoordinatorEpoch(cursor), timestamp: cursor.timestamp };
}
