import type { Cluster } from "../cluster.ts";
import type { Bound } from "../deadline.ts";
import type { GroupOffsets } from "../group/membership.ts";
import { partitionName, type TopicPartition } from "../topic-partition.ts";
import type { AssignedPartition } from "./assigned-partition.ts";
import { lookUpOffsets } from "./offset-lookup.ts";
import type { Isolation, LogPlace } from "./offset-reset.ts";

/** Where something is in a partition. */
export interface FoundPlace extends TopicPartition {
  /** −1 if there is nothing of the kind: no record is that young, or nothing was committed. */
  readonly offset: number;
  /** The timestamp of the record there, in milliseconds since 1970; −1 where none was asked for. */
  readonly timestamp: number;
  /** The leader epoch that goes with the offset, −1 if unknown. */
  readonly leaderEpoch: number;
}

/** What a group has committed for a partition. */
export interface CommittedPlace extends FoundPlace {
  /** The note of whoever committed it, empty if there is none. */
  readonly metadata: string;
}

/** Bounds for a question to the cluster. */
export interface QueryOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long it may take, tries included; 60,000 ms by default. */
  readonly timeoutMs?: number | undefined;
}

/** How far a partition's reader is behind. */
export interface PartitionLag extends TopicPartition {
  /** Where the next record to be handed out stands. */
  readonly position: number;
  /** The end that the reader sees: with "read-committed" the first open transaction's start. */
  readonly endOffset: number;
  /** Records between the two, as of the last answer. */
  readonly lag: number;
}

/** Kafka's `default.api.timeout.ms`. */
const queryTimeoutMs = 60_000;
const nowhere = { offset: -1, timestamp: -1, leaderEpoch: -1 };

/** Finds a place in each partition, in the order in which they are given. */
export async function findPlaces(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  { place, isolation, bound }: { place: LogPlace; isolation: Isolation; bound: Bound },
): Promise<FoundPlace[]> {
  const questions = partitions.map(({ topic, partition }) => ({ topic, partition, place }));
  const found = await lookUpOffsets(cluster, questions, isolation, bound);
  return partitions.map(({ topic, partition }) => ({
    topic,
    partition,
    ...(found.get(partitionName(topic, partition)) ?? nowhere),
  }));
}

/** Finds what is committed for each partition, in the order in which they are given. */
export async function findCommitted(
  offsets: GroupOffsets,
  partitions: readonly TopicPartition[],
  bound: Bound,
): Promise<CommittedPlace[]> {
  const found = await offsets.fetch(partitions, bound);
  return partitions.map(({ topic, partition }) => {
    const committed = found.get(partitionName(topic, partition));
    const { offset = -1, leaderEpoch = -1 } = committed ?? {};
    return {
      topic,
      partition,
      offset,
      leaderEpoch,
      timestamp: -1,
      metadata: committed?.metadata ?? "",
    };
  });
}

/** How far behind the reader of each partition is; those nothing is known of yet are left out. */
export function lagOf(
  partitions: Iterable<AssignedPartition>,
  isolation: Isolation,
): PartitionLag[] {
  return [...partitions].flatMap((one) => {
    const { topic, partition } = one;
    const position = one.position?.offset;
    const endOffset = one.endOffset(isolation);
    if (position === undefined || endOffset < 0) return [];
    return [{ topic, partition, position, endOffset, lag: Math.max(0, endOffset - position) }];
  });
}

/** The bound of a query: what is attempted, and how long it may take. */
export function queryBound(
  attempt: string,
  { signal, timeoutMs = queryTimeoutMs }: QueryOptions,
): Bound {
  return { attempt, timeoutMs, signal };
}
