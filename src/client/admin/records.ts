import { brokerErrorNumber } from "../../broker-error-code.ts";
import { MillraceError } from "../../errors.ts";
import { DeleteRecords, ListOffsets } from "../../protocol/index.ts";
import type { Cluster } from "../cluster.ts";
import { partitionName, type TopicPartition } from "../topic-partition.ts";
import { dispatch } from "./dispatch.ts";
import { type AdminOptions, brokerTimeoutMs } from "./operation.ts";
import { type Outcomes, oneOrMany, outcomeOf } from "./outcome.ts";
import { byTopic, keyOf } from "./partition-list.ts";
import { toLeader } from "./route.ts";

/** Records of a partition that are to be deleted: those before an offset, or all that are committed. */
export interface RecordsToDelete extends TopicPartition {
  readonly beforeOffset: number | "high-watermark";
}

/** What a deletion came to. */
export interface DeletedRecords extends TopicPartition {
  /** The offset at which the partition begins now. */
  readonly lowWatermark: number;
}

/**
 * A place in a partition: its start, its end, the record with the greatest timestamp (KIP-734), the
 * first record at or after a time, or the borders of what lies in tiered storage (KIP-405).
 */
export type OffsetSpec =
  | keyof typeof places
  /** The first record whose timestamp is at least this, in milliseconds since 1970. */
  | { readonly timestamp: number };

/** The timestamp that stands for a place on the wire, and the first version that knows it. */
const places = {
  latest: { timestamp: -1, since: 1 },
  earliest: { timestamp: -2, since: 1 },
  "max-timestamp": { timestamp: -3, since: 7 },
  "earliest-local": { timestamp: -4, since: 8 },
  "latest-tiered": { timestamp: -5, since: 9 },
  "earliest-pending-upload": { timestamp: -6, since: 11 },
};

/** A partition, and the place in it that is looked for. */
export interface OffsetQuery extends TopicPartition {
  readonly at: OffsetSpec;
}

/** A place that was found. */
export interface ListedOffset extends TopicPartition {
  /** Undefined where there is none: no record is as young, or nothing is tiered. */
  readonly offset: number | undefined;
  /** That of the record, where it was looked for by its timestamp. */
  readonly timestamp: number | undefined;
  readonly leaderEpoch: number | undefined;
}

/** How offsets are listed. */
export interface ListOffsetsOptions extends AdminOptions {
  /** Whether "latest" is the high watermark (default) or the last stable offset. */
  readonly isolationLevel?: "read-uncommitted" | "read-committed" | undefined;
}

/** Deletes records, and finds offsets. */
export class Records {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Deletes the records of partitions before an offset (KIP-107), for good. */
  delete(records: RecordsToDelete, options?: AdminOptions): Promise<DeletedRecords>;
  delete(
    records: readonly RecordsToDelete[],
    options?: AdminOptions,
  ): Promise<Outcomes<DeletedRecords>>;
  delete(asked: RecordsToDelete | readonly RecordsToDelete[], options: AdminOptions = {}) {
    return oneOrMany(asked, (records) => this.#delete(records, options));
  }

  /** Finds offsets by a place or a time; one place for each partition in a call. */
  listOffsets(query: OffsetQuery, options?: ListOffsetsOptions): Promise<ListedOffset>;
  listOffsets(
    queries: readonly OffsetQuery[],
    options?: ListOffsetsOptions,
  ): Promise<Outcomes<ListedOffset>>;
  listOffsets(asked: OffsetQuery | readonly OffsetQuery[], options: ListOffsetsOptions = {}) {
    return oneOrMany(asked, (queries) => this.#listOffsets(queries, options));
  }

  #delete(
    records: readonly RecordsToDelete[],
    options: AdminOptions,
  ): Promise<Outcomes<DeletedRecords>> {
    const attempt = ({ topic, partition }: TopicPartition) =>
      `deleting records of ${partitionName(topic, partition)}`;
    return dispatch(
      this.#cluster,
      records,
      {
        key: keyOf,
        attempt,
        route: toLeader(this.#cluster),
        send: async (leader, items, request) => {
          const topics = byTopic(items, (name, partitions) => ({
            name,
            partitions: partitions.map(({ partition: partitionIndex, beforeOffset }) => ({
              partitionIndex,
              offset: beforeOffset === "high-watermark" ? -1 : beforeOffset,
            })),
          }));
          const body = { topics, timeoutMs: brokerTimeoutMs(request) };
          const answer = await this.#cluster.request(leader, DeleteRecords, body, request);
          const outcomes = answer.topics.flatMap(({ name: topic, partitions }) =>
            partitions.map(({ partitionIndex: partition, errorCode, lowWatermark }) => {
              const value = { topic, partition, lowWatermark };
              const outcome = outcomeOf(errorCode, attempt(value), hint(errorCode), () => value);
              return [keyOf(value), outcome] as const;
            }),
          );
          return new Map(outcomes);
        },
      },
      options,
    );
  }

  #listOffsets(
    queries: readonly OffsetQuery[],
    options: ListOffsetsOptions,
  ): Promise<Outcomes<ListedOffset>> {
    const { isolationLevel = "read-uncommitted" } = options;
    const attempt = ({ topic, partition }: TopicPartition) =>
      `listing an offset of ${partitionName(topic, partition)}`;
    return dispatch(
      this.#cluster,
      queries,
      {
        key: keyOf,
        attempt,
        route: toLeader(this.#cluster),
        send: async (leader, items, request) => {
          const body = (version: number) => ({
            replicaId: -1,
            isolationLevel: isolationLevel === "read-committed" ? 1 : 0,
            topics: byTopic(items, (name, partitions) => ({
              name,
              partitions: partitions.map(({ partition: partitionIndex, at }) => ({
                partitionIndex,
                timestamp: timestampOnWire(at, version),
              })),
            })),
            timeoutMs: brokerTimeoutMs(request),
          });
          const answer = await this.#cluster.request(leader, ListOffsets, body, request);
          const outcomes = answer.topics.flatMap(({ name: topic, partitions }) =>
            partitions.map((one) => {
              const value = listedOffset(topic, one);
              const outcome = outcomeOf(one.errorCode, attempt(value), undefined, () => value);
              return [keyOf(value), outcome] as const;
            }),
          );
          return new Map(outcomes);
        },
      },
      options,
    );
  }
}

function hint(errorCode: number): string | undefined {
  if (errorCode !== brokerErrorNumber("OFFSET_OUT_OF_RANGE")) return undefined;
  return "the partition ends before that offset: listOffsets tells where";
}

function timestampOnWire(at: OffsetSpec, version: number): number {
  if (typeof at === "string") {
    const { timestamp, since } = places[at];
    if (version >= since) return timestamp;
    // An older broker would take the number for a time.
    const text = `the broker is too old to find the offset "${at}"`;
    throw new MillraceError("UNSUPPORTED_VERSION", text);
  }
  if (at.timestamp >= 0) return at.timestamp;
  const text = `an offset cannot be looked up by the timestamp ${at.timestamp}: give milliseconds since 1970`;
  throw new MillraceError("INVALID_ARGUMENT", text);
}

function listedOffset(
  topic: string,
  found: {
    readonly partitionIndex: number;
    readonly offset: number;
    readonly timestamp: number;
    readonly leaderEpoch: number;
  },
): ListedOffset {
  const known = (value: number) => (value < 0 ? undefined : value);
  return {
    topic,
    partition: found.partitionIndex,
    offset: known(found.offset),
    timestamp: known(found.timestamp),
    leaderEpoch: known(found.leaderEpoch),
  };
}
