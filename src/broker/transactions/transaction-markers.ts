import type { BrokerErrorCode } from "../../broker-error-code.ts";
import type { Clock } from "../../clock.ts";
import { BrokerError } from "../../errors.ts";
import { endTransactionMarker, type TransactionOutcome } from "../../protocol/index.ts";
import { offsetsTopicName } from "../groups/offsets-topic.ts";
import type { Partitions } from "../partitions.ts";
import type { TransactionPartition } from "./transaction.ts";

/** The end of a producer's transaction, as it is to be written in a partition. */
export interface Marker {
  readonly outcome: TransactionOutcome;
  readonly producerId: number;
  readonly producerEpoch: number;
  /** The leader epoch of the partition of `__transaction_state` that decided; those of later leaders prevail. */
  readonly coordinatorEpoch: number;
  /** 2 if the marker's epoch is above that of the transaction's records (KIP-890). */
  readonly transactionVersion: number;
}

/** Told of the marker in a partition of `__consumer_offsets`; a `BrokerError` that it throws has the marker tried again. */
export type OnOffsetsMarker = (
  partition: number,
  producerId: number,
  outcome: TransactionOutcome,
) => void;

/** Writes the control batches that end transactions. */
export class TransactionMarkers {
  readonly #clock: Clock;
  readonly #partitions: Partitions;
  readonly #onOffsetsMarker: OnOffsetsMarker;

  constructor(clock: Clock, partitions: Partitions, onOffsetsMarker: OnOffsetsMarker) {
    this.#clock = clock;
    this.#partitions = partitions;
    this.#onOffsetsMarker = onOffsetsMarker;
  }

  /**
   * Writes a marker; gives why it could not be: UNKNOWN_TOPIC_OR_PARTITION, KAFKA_STORAGE_ERROR,
   * INVALID_PRODUCER_EPOCH, TRANSACTION_COORDINATOR_FENCED; undefined if it was.
   */
  write(
    { topic, partition: index }: TransactionPartition,
    marker: Marker,
  ): BrokerErrorCode | undefined {
    const { outcome, producerId, producerEpoch, coordinatorEpoch, transactionVersion } = marker;
    const timestamp = this.#clock.now();
    const stamp = { producerId, producerEpoch };
    const batch = endTransactionMarker({ outcome, coordinatorEpoch, timestamp, ...stamp });
    try {
      this.#partitions.getOrThrow(topic, index).append(batch, "marker", transactionVersion);
      if (topic === offsetsTopicName) this.#onOffsetsMarker(index, producerId, outcome);
      return undefined;
    } catch (error) {
      if (error instanceof BrokerError) return error.code;
      throw error;
    }
  }
}
