import { BrokerError, ConnectionError, type MillraceError } from "../../errors.ts";
import {
  AddOffsetsToTxn,
  AddPartitionsToTxn,
  EndTxn,
  InitProducerId,
  TxnOffsetCommit,
} from "../../protocol/index.ts";
import type { Cluster } from "../cluster.ts";
import type { Bound } from "../deadline.ts";
import type { GroupMetadata } from "../group-metadata.ts";
import { throwIfRefused } from "../refusal.ts";
import { type RetryPace, retrying } from "../retry.ts";
import {
  partitionName,
  type TopicPartition,
  type TopicPartitionOffset,
} from "../topic-partition.ts";
import type { ProducerIdentity } from "./identity.ts";

/** Whose transactions these are, and how they are spoken of to the brokers. */
export interface TransactionSettings {
  readonly transactionalId: string;
  readonly transactionTimeoutMs: number;
  readonly lane: string;
  readonly pace: RetryPace;
  /** How long a coordinator may take for one request, in milliseconds. */
  readonly requestTimeoutMs: number;
}

/** What a coordinator tells with a producer's identity. */
export interface Initialized {
  readonly identity: ProducerIdentity;
  /** Whether the cluster has `transaction.version` 2 or later (KIP-890). */
  readonly isV2: boolean;
}

/** The last versions for clients that add partitions and offsets to the transaction themselves. */
const newestInV1 = { addPartitions: 3, txnOffsetCommit: 4, endTxn: 4 } as const;
/** The previous transaction's markers are being written; that takes moments, not the usual back-off. */
const firstBackoffMs = 20;

/**
 * The requests of a transactional producer to the coordinators of its transactions and of the groups
 * whose offsets it commits. Each is repeated until it succeeds, fails for good or its bound is reached.
 */
export class TransactionRequests {
  readonly #cluster: Cluster;
  readonly #settings: TransactionSettings;
  readonly #pace: RetryPace;

  constructor(cluster: Cluster, settings: TransactionSettings) {
    this.#cluster = cluster;
    this.#settings = settings;
    const { retryBackoffMs, retryBackoffMaxMs } = settings.pace;
    this.#pace = { retryBackoffMs: Math.min(retryBackoffMs, firstBackoffMs), retryBackoffMaxMs };
  }

  /** Gets the producer's identity and fences its predecessors; with the present one, gets it a new epoch (KIP-360). */
  init(present: ProducerIdentity | undefined, bound: Bound): Promise<Initialized> {
    const { transactionalId, transactionTimeoutMs } = this.#settings;
    const body = { transactionalId, transactionTimeoutMs, ...present };
    return this.#ask("transaction", transactionalId, bound, async (coordinator, options) => {
      const answer = await this.#cluster.request(coordinator, InitProducerId, body, options);
      throwIfRefused(answer.errorCode, bound.attempt);
      const { producerId, producerEpoch } = answer;
      return { identity: { producerId, producerEpoch }, isV2: await this.#isV2(coordinator) };
    });
  }

  /** Adds partitions to the transaction, as is needed before `transaction.version` 2. */
  addPartitions(
    identity: ProducerIdentity,
    partitions: readonly TopicPartition[],
    bound: Bound,
  ): Promise<void> {
    const { transactionalId } = this.#settings;
    const body = {
      v3AndBelowTransactionalId: transactionalId,
      v3AndBelowProducerId: identity.producerId,
      v3AndBelowProducerEpoch: identity.producerEpoch,
      v3AndBelowTopics: byTopic(partitions, ({ partition }) => partition),
    };
    return this.#ask("transaction", transactionalId, bound, async (coordinator, options) => {
      const answer = await this.#cluster.request(coordinator, AddPartitionsToTxn, body, {
        ...options,
        newest: newestInV1.addPartitions,
      });
      const results = answer.resultsByTopicV3AndBelow.flatMap(({ name, resultsByPartition }) =>
        resultsByPartition.map((one) => ({ name, ...one })),
      );
      throwFirst(
        results.map(({ name, partitionIndex, partitionErrorCode }) => ({
          errorCode: partitionErrorCode,
          attempt: `adding ${partitionName(name, partitionIndex)} to transaction ${transactionalId}`,
        })),
      );
    });
  }

  /** Adds a group's offsets to the transaction, as is needed before `transaction.version` 2. */
  addOffsets(identity: ProducerIdentity, groupId: string, bound: Bound): Promise<void> {
    const { transactionalId } = this.#settings;
    const body = { transactionalId, groupId, ...identity };
    return this.#ask("transaction", transactionalId, bound, async (coordinator, options) => {
      const answer = await this.#cluster.request(coordinator, AddOffsetsToTxn, body, options);
      throwIfRefused(answer.errorCode, bound.attempt);
    });
  }

  /** Commits a group's offsets as a part of the transaction (KIP-447). */
  commitOffsets(
    identity: ProducerIdentity,
    offsets: readonly TopicPartitionOffset[],
    group: GroupMetadata,
    isV2: boolean,
    bound: Bound,
  ): Promise<void> {
    const { transactionalId } = this.#settings;
    const topics = byTopic(offsets, ({ partition, offset, leaderEpoch = -1, metadata = "" }) => ({
      partitionIndex: partition,
      committedOffset: offset,
      committedLeaderEpoch: leaderEpoch,
      committedMetadata: metadata,
    }));
    const body = { transactionalId, ...group, ...identity, topics };
    const { groupId } = group;
    return this.#ask("group", groupId, bound, async (coordinator, options) => {
      const answer = await this.#cluster.request(coordinator, TxnOffsetCommit, body, {
        ...options,
        newest: isV2 ? undefined : newestInV1.txnOffsetCommit,
      });
      const results = answer.topics.flatMap(({ name, partitions }) =>
        partitions.map((one) => ({ name, ...one })),
      );
      throwFirst(
        results.map(({ name, partitionIndex, errorCode }) => ({
          errorCode,
          attempt: `committing the offset of ${partitionName(name, partitionIndex)} for group ${groupId} in transaction ${transactionalId}`,
        })),
      );
    });
  }

  /** Commits or aborts the transaction, and gives the identity to go on with; undefined: the same as before. */
  end(
    identity: ProducerIdentity,
    committed: boolean,
    isV2: boolean,
    bound: Bound,
  ): Promise<{ readonly identity: ProducerIdentity | undefined; readonly isV2: boolean }> {
    const { transactionalId } = this.#settings;
    const body = { transactionalId, committed, ...identity };
    return this.#ask("transaction", transactionalId, bound, async (coordinator, options) => {
      const answer = await this.#cluster.request(coordinator, EndTxn, body, {
        ...options,
        newest: isV2 ? undefined : newestInV1.endTxn,
      });
      throwIfRefused(answer.errorCode, bound.attempt);
      const { producerId, producerEpoch } = answer;
      const next = producerId < 0 ? undefined : { producerId, producerEpoch };
      return { identity: next, isV2: await this.#isV2(coordinator) };
    });
  }

  async #isV2(coordinator: number): Promise<boolean> {
    const { features } = await this.#cluster.connection(coordinator, this.#settings.lane);
    return (features.get("transaction.version") ?? 0) >= 2;
  }

  #ask<T>(
    type: "transaction" | "group",
    key: string,
    bound: Bound,
    attempt: (coordinator: number, options: AskOptions) => Promise<T>,
  ): Promise<T> {
    const { lane, requestTimeoutMs: timeoutMs } = this.#settings;
    const options = { lane, timeoutMs, signal: bound.signal };
    return retrying(this.#cluster.host, this.#pace, bound, async () => {
      try {
        return await attempt(await this.#cluster.coordinator(type, key, options), options);
      } catch (error) {
        if (hasMoved(error as MillraceError)) this.#cluster.forgetCoordinator(type, key);
        throw error;
      }
    });
  }
}

interface AskOptions {
  readonly lane: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Whether another broker may be the coordinator by now. */
function hasMoved(error: Error): boolean {
  if (error instanceof ConnectionError) return true;
  if (!(error instanceof BrokerError)) return false;
  return error.code === "NOT_COORDINATOR" || error.code === "COORDINATOR_NOT_AVAILABLE";
}

function byTopic<T extends TopicPartition, Item>(
  places: readonly T[],
  itemOf: (place: T) => Item,
): { name: string; partitions: Item[] }[] {
  const topics = Map.groupBy(places, ({ topic }) => topic);
  return [...topics].map(([name, items]) => ({ name, partitions: items.map(itemOf) }));
}

/** Throws the error that says most: one that stands for "others have failed" only if there is no other. */
function throwFirst(results: readonly { readonly errorCode: number; readonly attempt: string }[]) {
  const failed = results.filter(({ errorCode }) => errorCode !== 0);
  const first = failed.find(({ errorCode }) => errorCode !== operationNotAttempted) ?? failed[0];
  if (first) throwIfRefused(first.errorCode, first.attempt);
}

const operationNotAttempted = 55;
