import { MillraceError } from "../../errors.ts";
import { DescribeTransactions, ListTransactions, WriteTxnMarkers } from "../../protocol/index.ts";
import type { Cluster } from "../cluster.ts";
import { throwIfRefused } from "../refusal.ts";
import type { TopicPartition } from "../topic-partition.ts";
import { dispatch } from "./dispatch.ts";
import { type AdminOptions, askingEveryBroker, sharedDeadline } from "./operation.ts";
import { type Outcome, type Outcomes, oneOrMany, outcomeOf, valueOrThrow } from "./outcome.ts";
import { keyOf } from "./partition-list.ts";
import { Producers } from "./producers.ts";
import { toCoordinator, toLeader } from "./route.ts";
import {
  type TransactionState,
  transactionState,
  wordForTransactionState,
} from "./transaction-state.ts";

/** Which transactions are listed. */
export interface ListTransactionsOptions extends AdminOptions {
  /** Only transactions in these states; all by default. */
  readonly states?: readonly TransactionState[] | undefined;
  /** Only transactions of these producers; all by default. */
  readonly producerIds?: readonly number[] | undefined;
  /** Only transactions that are under way and have been for longer, in milliseconds (KIP-994); any by default. */
  readonly longerThanMs?: number | undefined;
  /** A regular expression (RE2) that transactional ids must match as a whole (KIP-1152); any by default. */
  readonly transactionalIdPattern?: string | undefined;
}

/** A transaction in a list: the last one under its transactional id. */
export interface TransactionListing {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly state: TransactionState;
  /** The id of the broker that coordinates it. */
  readonly coordinator: number;
}

/** One transaction: the last one under its transactional id. */
export interface TransactionDescription extends TransactionListing {
  readonly producerEpoch: number;
  readonly timeoutMs: number;
  /** In milliseconds since 1970; undefined if none has begun. */
  readonly startTimeMs: number | undefined;
  /** The partitions that take part. */
  readonly partitions: readonly TopicPartition[];
}

/** A transaction that hangs in a partition: by where it begins there, or by its producer. */
export type HangingTransaction = TopicPartition &
  (
    | { readonly startOffset: number }
    | {
        readonly producerId: number;
        readonly producerEpoch: number;
        readonly coordinatorEpoch: number;
      }
  );

const underWay: readonly TransactionState[] = ["ongoing", "prepare-commit", "prepare-abort"];

/** Lists and describes transactions, and ends those that hang. */
export class Transactions {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Lists the transactional ids of the cluster; asks every broker for those it coordinates (KIP-664). */
  async list(options: ListTransactionsOptions = {}): Promise<TransactionListing[]> {
    const { producerIds = [], longerThanMs, transactionalIdPattern } = options;
    // Kafka counts a transaction that never began, or is over, as one that has been open for long.
    const { states = longerThanMs === undefined ? [] : underWay } = options;
    const attempt = "listing the transactions";
    const body = {
      stateFilters: states.map(wordForTransactionState),
      producerIdFilters: producerIds,
      durationFilter: longerThanMs ?? -1,
      transactionalIdPattern: transactionalIdPattern ?? null,
    };
    const found = await askingEveryBroker(this.#cluster, attempt, options, async (id, request) => {
      const answer = await this.#cluster.request(id, ListTransactions, body, request);
      throwIfRefused(answer.errorCode, `${attempt} of broker ${id}`);
      return answer.transactionStates.map((one) => ({
        transactionalId: one.transactionalId,
        producerId: one.producerId,
        state: transactionState(one.transactionState),
        coordinator: id,
      }));
    });
    return found.sort((left, right) => (left.transactionalId < right.transactionalId ? -1 : 1));
  }

  /** Describes the last transactions under transactional ids (KIP-664). */
  describe(transactionalId: string, options?: AdminOptions): Promise<TransactionDescription>;
  describe(
    transactionalIds: readonly string[],
    options?: AdminOptions,
  ): Promise<Outcomes<TransactionDescription>>;
  describe(asked: string | readonly string[], options: AdminOptions = {}) {
    return oneOrMany(asked, (ids) => this.#describe(ids, options));
  }

  /**
   * Aborts a transaction that hangs in a partition, with no coordinator that would end it: has the
   * partition's leader mark its end (KIP-664). Given its start offset, the producer is looked up
   * first; throws `INVALID_ARGUMENT` if no open transaction begins there. A transaction whose
   * coordinator knows it is ended by {@link Producers.fence}.
   */
  async abort(transaction: HangingTransaction, options: AdminOptions = {}): Promise<void> {
    const remaining = sharedDeadline(this.#cluster, options);
    const marked =
      "startOffset" in transaction
        ? { ...transaction, ...(await this.#producerOf(transaction, remaining())) }
        : transaction;
    const { topic, partition, producerId, producerEpoch, coordinatorEpoch } = marked;
    const marker = { producerId, producerEpoch, coordinatorEpoch, transactionResult: false };
    const attempt = `aborting the transaction of producer ${producerId} in ${keyOf(marked)}`;
    const outcomes = await dispatch<TopicPartition, void>(
      this.#cluster,
      [{ topic, partition }],
      {
        key: keyOf,
        attempt: () => attempt,
        route: toLeader(this.#cluster),
        send: async (leader, items, request) => {
          const topics = [{ name: topic, partitionIndexes: [partition] }];
          const body = { markers: [{ ...marker, topics }] };
          const answer = await this.#cluster.request(leader, WriteTxnMarkers, body, request);
          const written = answer.markers[0]?.topics[0]?.partitions[0];
          const outcome = outcomeOf(written?.errorCode ?? -1, attempt, undefined, () => {});
          return new Map(items.map((one) => [keyOf(one), outcome]));
        },
      },
      remaining(),
    );
    valueOrThrow(outcomes.get(keyOf(marked)) as Outcome<void>);
  }

  async #producerOf(
    { topic, partition, startOffset }: TopicPartition & { readonly startOffset: number },
    options: AdminOptions,
  ) {
    const producers = await new Producers(this.#cluster).describe({ topic, partition }, options);
    const found = producers.find((one) => one.currentTransactionStartOffset === startOffset);
    if (!found) {
      const text = `no open transaction begins at offset ${startOffset} of ${keyOf({ topic, partition })}: producers.describe tells where they begin`;
      throw new MillraceError("INVALID_ARGUMENT", text);
    }
    const { producerId, producerEpoch, coordinatorEpoch = 0 } = found;
    return { producerId, producerEpoch, coordinatorEpoch };
  }

  #describe(
    transactionalIds: readonly string[],
    options: AdminOptions,
  ): Promise<Outcomes<TransactionDescription>> {
    const attempt = (id: string) => `describing the transaction of ${id}`;
    return dispatch(
      this.#cluster,
      transactionalIds,
      {
        key: (id) => id,
        attempt,
        route: toCoordinator(this.#cluster, "transaction", (id) => id),
        send: async (target, ids, request) => {
          const body = { transactionalIds: ids };
          const answer = await this.#cluster.request(target, DescribeTransactions, body, request);
          const outcomes = answer.transactionStates.map(({ errorCode, ...one }) => {
            const value = (): TransactionDescription => ({
              transactionalId: one.transactionalId,
              producerId: one.producerId,
              producerEpoch: one.producerEpoch,
              state: transactionState(one.transactionState),
              coordinator: target as number,
              timeoutMs: one.transactionTimeoutMs,
              startTimeMs: one.transactionStartTimeMs < 0 ? undefined : one.transactionStartTimeMs,
              partitions: one.topics.flatMap(({ topic, partitions }) =>
                partitions.map((partition) => ({ topic, partition })),
              ),
            });
            const outcome = outcomeOf(errorCode, attempt(one.transactionalId), undefined, value);
            return [one.transactionalId, outcome] as const;
          });
          return new Map(outcomes);
        },
      },
      options,
    );
  }
}
