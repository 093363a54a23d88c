import { DescribeProducers, InitProducerId, type ResponseOf } from "../../protocol/index.ts";
import type { Cluster } from "../cluster.ts";
import type { TopicPartition } from "../topic-partition.ts";
import { dispatch, eachAlone } from "./dispatch.ts";
import { type AdminOptions, brokerTimeoutMs } from "./operation.ts";
import { type Outcomes, oneOrMany, outcomeOf } from "./outcome.ts";
import { byTopic, keyOf } from "./partition-list.ts";
import { toBroker, toCoordinator, toLeader } from "./route.ts";

/** An idempotent producer that a partition remembers. */
export interface ActiveProducer {
  readonly producerId: number;
  readonly producerEpoch: number;
  /** That of its last batch; undefined after a transaction's end alone. */
  readonly lastSequence: number | undefined;
  /** That of its last batch, in milliseconds since 1970. */
  readonly lastTimestamp: number | undefined;
  /** The epoch of the coordinator that last ended a transaction of it; undefined if none has. */
  readonly coordinatorEpoch: number | undefined;
  /** Where its open transaction begins; undefined if it has none. */
  readonly currentTransactionStartOffset: number | undefined;
}

/** How producers are described. */
export interface DescribeProducersOptions extends AdminOptions {
  /** The broker to ask instead of each partition's leader, to see what a follower remembers. */
  readonly broker?: number | undefined;
}

/** The id and the epoch under which a fenced transactional id goes on. */
export interface FencedProducer {
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** Shows the producers that write to partitions, and shuts out those that should no longer. */
export class Producers {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Describes the idempotent producers that have written to partitions of late (KIP-664). */
  describe(
    partition: TopicPartition,
    options?: DescribeProducersOptions,
  ): Promise<ActiveProducer[]>;
  describe(
    partitions: readonly TopicPartition[],
    options?: DescribeProducersOptions,
  ): Promise<Outcomes<ActiveProducer[]>>;
  describe(
    asked: TopicPartition | readonly TopicPartition[],
    options: DescribeProducersOptions = {},
  ) {
    return oneOrMany(asked, (partitions) => this.#describe(partitions, options));
  }

  /**
   * Fences the producers that use a transactional id: their open transaction is aborted, and they
   * fail with `PRODUCER_FENCED` from then on.
   */
  fence(transactionalId: string, options?: AdminOptions): Promise<FencedProducer>;
  fence(
    transactionalIds: readonly string[],
    options?: AdminOptions,
  ): Promise<Outcomes<FencedProducer>>;
  fence(asked: string | readonly string[], options: AdminOptions = {}) {
    const attempt = (id: string) => `fencing the producers of transactional id ${id}`;
    return oneOrMany(asked, (transactionalIds) =>
      dispatch(
        this.#cluster,
        transactionalIds,
        {
          key: (id) => id,
          attempt,
          route: toCoordinator(this.#cluster, "transaction", (id) => id),
          send: (coordinator, ids, request) =>
            eachAlone(
              ids,
              (id) => id,
              async (transactionalId) => {
                const body = { transactionalId, transactionTimeoutMs: brokerTimeoutMs(request) };
                const answer = await this.#cluster.request(
                  coordinator,
                  InitProducerId,
                  body,
                  request,
                );
                const { errorCode, producerId, producerEpoch } = answer;
                const value = () => ({ producerId, producerEpoch });
                return outcomeOf(errorCode, attempt(transactionalId), undefined, value);
              },
            ),
        },
        options,
      ),
    );
  }

  #describe(
    partitions: readonly TopicPartition[],
    options: DescribeProducersOptions,
  ): Promise<Outcomes<ActiveProducer[]>> {
    const { broker } = options;
    const attempt = (one: TopicPartition) => `describing the producers of ${keyOf(one)}`;
    return dispatch(
      this.#cluster,
      partitions,
      {
        key: keyOf,
        attempt,
        route:
          broker === undefined
            ? toLeader(this.#cluster)
            : toBroker(this.#cluster, () => broker, attempt),
        send: async (target, items, request) => {
          const topics = byTopic(items, (name, some) => ({
            name,
            partitionIndexes: some.map(({ partition }) => partition),
          }));
          const answer = await this.#cluster.request(
            target,
            DescribeProducers,
            { topics },
            request,
          );
          const outcomes = answer.topics.flatMap(({ name: topic, partitions: some }) =>
            some.map(({ partitionIndex: partition, errorCode, errorMessage, activeProducers }) => {
              const one = { topic, partition };
              const value = () => activeProducers.map(activeProducer);
              return [keyOf(one), outcomeOf(errorCode, attempt(one), errorMessage, value)] as const;
            }),
          );
          return new Map(outcomes);
        },
      },
      options,
    );
  }
}

type AnsweredProducer = ResponseOf<
  typeof DescribeProducers
>["topics"][number]["partitions"][number]["activeProducers"][number];

function activeProducer(producer: AnsweredProducer): ActiveProducer {
  const known = (value: number) => (value < 0 ? undefined : value);
  return {
    producerId: producer.producerId,
    producerEpoch: producer.producerEpoch,
    lastSequence: known(producer.lastSequence),
    lastTimestamp: known(producer.lastTimestamp),
    coordinatorEpoch: known(producer.coordinatorEpoch),
    currentTransactionStartOffset: known(producer.currentTxnStartOffset),
  };
}
