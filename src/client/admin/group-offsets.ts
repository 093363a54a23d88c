import { brokerErrorCode } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { OffsetCommit, OffsetDelete } from "../../protocol/index.ts";
import type { Cluster } from "../cluster.ts";
import type { TopicPartition, TopicPartitionOffset } from "../topic-partition.ts";
import { fetchGroupOffsets } from "./committed-offsets.ts";
import { dispatch } from "./dispatch.ts";
import { type AdminOptions, sharedDeadline } from "./operation.ts";
import { failed, type Outcome, type Outcomes, oneOrMany, outcomeOf } from "./outcome.ts";
import { byTopic, keyOf } from "./partition-list.ts";
import {
  afterWriting,
  type OffsetReset,
  planned,
  planReset,
  type ResetPartition,
} from "./reset-plan.ts";
import { toCoordinator } from "./route.ts";

/** Which of a group's offsets are listed. */
export interface ListGroupOffsetsOptions extends AdminOptions {
  /** Only these partitions; all with a committed offset by default. */
  readonly partitions?: readonly TopicPartition[] | undefined;
  /** Whether to wait for open transactions that commit offsets of the group (KIP-447); false by default. */
  readonly requireStable?: boolean | undefined;
}

/** How offsets are reset. */
export interface ResetOffsetsOptions extends AdminOptions {
  /** Tells what the offsets would be, and changes none. */
  readonly validateOnly?: boolean | undefined;
}

/** Later versions of OffsetCommit know topics by their ids alone. */
const newestWithNames = 9;

/** Shows and changes the offsets that classic, consumer and streams groups have committed. */
export class GroupOffsets {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Lists the offsets that groups have committed; a group that is not there has none. */
  list(groupId: string, options?: ListGroupOffsetsOptions): Promise<TopicPartitionOffset[]>;
  list(
    groupIds: readonly string[],
    options?: ListGroupOffsetsOptions,
  ): Promise<Outcomes<TopicPartitionOffset[]>>;
  list(asked: string | readonly string[], options: ListGroupOffsetsOptions = {}) {
    const { partitions, requireStable = false } = options;
    return oneOrMany(asked, (groupIds) =>
      dispatch(
        this.#cluster,
        groupIds,
        {
          key: (id) => id,
          attempt: (id) => `listing the offsets of group ${id}`,
          route: toCoordinator(this.#cluster, "group", (id) => id),
          send: (coordinator, ids, request) => {
            const query = { partitions, requireStable };
            return fetchGroupOffsets(this.#cluster, coordinator, ids, query, request);
          },
        },
        options,
      ),
    );
  }

  /** Sets committed offsets. The group must have no members; one that is not there is made. */
  alter(groupId: string, offset: TopicPartitionOffset, options?: AdminOptions): Promise<void>;
  alter(
    groupId: string,
    offsets: readonly TopicPartitionOffset[],
    options?: AdminOptions,
  ): Promise<Outcomes<void>>;
  alter(
    groupId: string,
    asked: TopicPartitionOffset | readonly TopicPartitionOffset[],
    options: AdminOptions = {},
  ) {
    return oneOrMany(asked, (offsets) => this.#alter(groupId, offsets, options));
  }

  /**
   * Moves a group without members to another place in its partitions. Outcomes are found under the
   * partitions' names; rejects where the partitions themselves cannot be found out.
   *
   * ```ts
   * await admin.groupOffsets.reset("billing", { to: "earliest", topics: ["orders"] });
   * ```
   */
  async reset(
    groupId: string,
    reset: OffsetReset,
    options: ResetOffsetsOptions = {},
  ): Promise<Outcomes<ResetPartition>> {
    const remaining = sharedDeadline(this.#cluster, options);
    const committed = await this.list(groupId, remaining());
    const plan = await planReset(this.#cluster, committed, reset, remaining);
    if (options.validateOnly) return plan;
    return afterWriting(plan, await this.#alter(groupId, planned(plan), remaining()));
  }

  /** Deletes committed offsets (KIP-496), in topics to which no member of the group subscribes. */
  delete(groupId: string, partition: TopicPartition, options?: AdminOptions): Promise<void>;
  delete(
    groupId: string,
    partitions: readonly TopicPartition[],
    options?: AdminOptions,
  ): Promise<Outcomes<void>>;
  delete(
    groupId: string,
    asked: TopicPartition | readonly TopicPartition[],
    options: AdminOptions = {},
  ) {
    return oneOrMany(asked, (partitions) => this.#delete(groupId, partitions, options));
  }

  #alter(
    groupId: string,
    offsets: readonly TopicPartitionOffset[],
    options: AdminOptions,
  ): Promise<Outcomes<void>> {
    const attempt = (one: TopicPartition) =>
      `setting the offset of group ${groupId} in ${keyOf(one)}`;
    return dispatch(
      this.#cluster,
      offsets,
      {
        key: keyOf,
        attempt,
        route: toCoordinator(this.#cluster, "group", () => groupId),
        send: async (coordinator, items, request) => {
          const topics = byTopic(items, (name, partitions) => ({
            name,
            partitions: partitions.map(
              ({ partition, offset, leaderEpoch = -1, metadata = "" }) => ({
                partitionIndex: partition,
                committedOffset: offset,
                committedLeaderEpoch: leaderEpoch,
                committedMetadata: metadata,
              }),
            ),
          }));
          const body = { groupId, memberId: "", topics };
          const limited = { ...request, newest: newestWithNames };
          const answer = await this.#cluster.request(coordinator, OffsetCommit, body, limited);
          return byPartition(answer.topics, (one, errorCode) =>
            commitOutcome(attempt(one), errorCode),
          );
        },
        final: ["UNKNOWN_TOPIC_OR_PARTITION"],
      },
      options,
    );
  }

  #delete(
    groupId: string,
    partitions: readonly TopicPartition[],
    options: AdminOptions,
  ): Promise<Outcomes<void>> {
    const attempt = (one: TopicPartition) =>
      `deleting the offset of group ${groupId} in ${keyOf(one)}`;
    return dispatch(
      this.#cluster,
      partitions,
      {
        key: keyOf,
        attempt,
        route: toCoordinator(this.#cluster, "group", () => groupId),
        send: async (coordinator, items, request) => {
          const topics = byTopic(items, (name, some) => ({
            name,
            partitions: some.map(({ partition: partitionIndex }) => ({ partitionIndex })),
          }));
          const body = { groupId, topics };
          const answer = await this.#cluster.request(coordinator, OffsetDelete, body, request);
          if (answer.errorCode !== 0) return sameForAll(items, attempt, answer.errorCode);
          return byPartition(answer.topics, (one, errorCode) =>
            outcomeOf(errorCode, attempt(one), undefined, () => {}),
          );
        },
        final: ["UNKNOWN_TOPIC_OR_PARTITION"],
      },
      options,
    );
  }
}

/** A group with members refuses what does not come from one of them, in words meant for these. */
function commitOutcome(attempt: string, errorCode: number): Outcome<void> {
  const code = errorCode === 0 ? undefined : brokerErrorCode(errorCode);
  if (code !== "UNKNOWN_MEMBER_ID" && code !== "ILLEGAL_GENERATION") {
    return outcomeOf(errorCode, attempt, undefined, () => {});
  }
  const text = `${attempt} failed with ${code}: the group has members, and only they may commit; stop them first`;
  return failed(new BrokerError(code, text));
}

function byPartition(
  topics: readonly {
    readonly name: string;
    readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: number }[];
  }[],
  outcome: (partition: TopicPartition, errorCode: number) => Outcome<void>,
): Outcomes<void> {
  const outcomes = topics.flatMap(({ name: topic, partitions }) =>
    partitions.map(({ partitionIndex: partition, errorCode }) => {
      const one = { topic, partition };
      return [keyOf(one), outcome(one, errorCode)] as const;
    }),
  );
  return new Map(outcomes);
}

function sameForAll(
  items: readonly TopicPartition[],
  attempt: (one: TopicPartition) => string,
  errorCode: number,
): Outcomes<void> {
  return new Map(
    items.map((one) => [keyOf(one), outcomeOf(errorCode, attempt(one), undefined, () => {})]),
  );
}
