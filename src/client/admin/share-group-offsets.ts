import {
  AlterShareGroupOffsets,
  DeleteShareGroupOffsets,
  DescribeShareGroupOffsets,
} from "../../protocol/index.ts";
import type { Cluster } from "../cluster.ts";
import type { TopicPartition } from "../topic-partition.ts";
import { dispatch } from "./dispatch.ts";
import type { ResetOffsetsOptions } from "./group-offsets.ts";
import { type AdminOptions, sharedDeadline } from "./operation.ts";
import { type Outcome, type Outcomes, oneOrMany, outcomeOf } from "./outcome.ts";
import { byTopic, keyOf } from "./partition-list.ts";
import {
  afterWriting,
  type OffsetReset,
  planned,
  planReset,
  type ResetPartition,
} from "./reset-plan.ts";
import { toCoordinator } from "./route.ts";

/** Where a share group stands in a partition. */
export interface ShareGroupOffset extends TopicPartition {
  /** The first record that may still be handed out. */
  readonly startOffset: number;
  readonly leaderEpoch: number | undefined;
  /** How many records are still to be delivered; undefined where the broker does not tell (KIP-1226). */
  readonly lag: number | undefined;
}

/** The start offset that a share group is to have in a partition. */
export interface NewShareGroupOffset extends TopicPartition {
  readonly startOffset: number;
}

/** Shows and changes the places from which share groups go on (KIP-932). */
export class ShareGroupOffsets {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Lists where share groups stand, in the partitions in which they have begun to read. */
  list(groupId: string, options?: AdminOptions): Promise<ShareGroupOffset[]>;
  list(groupIds: readonly string[], options?: AdminOptions): Promise<Outcomes<ShareGroupOffset[]>>;
  list(asked: string | readonly string[], options: AdminOptions = {}) {
    return oneOrMany(asked, (groupIds) => this.#list(groupIds, options));
  }

  /** Sets start offsets of a share group that has no members. */
  alter(groupId: string, offset: NewShareGroupOffset, options?: AdminOptions): Promise<void>;
  alter(
    groupId: string,
    offsets: readonly NewShareGroupOffset[],
    options?: AdminOptions,
  ): Promise<Outcomes<void>>;
  alter(
    groupId: string,
    asked: NewShareGroupOffset | readonly NewShareGroupOffset[],
    options: AdminOptions = {},
  ) {
    return oneOrMany(asked, (offsets) => this.#alter(groupId, offsets, options));
  }

  /** Moves a share group without members to another place in its partitions. */
  async reset(
    groupId: string,
    reset: OffsetReset,
    options: ResetOffsetsOptions = {},
  ): Promise<Outcomes<ResetPartition>> {
    const remaining = sharedDeadline(this.#cluster, options);
    const held = await this.list(groupId, remaining());
    const offsets = held.map(({ startOffset, ...one }) => ({ ...one, offset: startOffset }));
    const plan = await planReset(this.#cluster, offsets, reset, remaining);
    if (options.validateOnly) return plan;
    const moves = planned(plan).map(({ offset: startOffset, ...one }) => ({ ...one, startOffset }));
    return afterWriting(plan, await this.#alter(groupId, moves, remaining()));
  }

  /** Deletes the offsets of a share group without members for whole topics; outcomes are by topic. */
  delete(groupId: string, topic: string, options?: AdminOptions): Promise<void>;
  delete(
    groupId: string,
    topics: readonly string[],
    options?: AdminOptions,
  ): Promise<Outcomes<void>>;
  delete(groupId: string, asked: string | readonly string[], options: AdminOptions = {}) {
    return oneOrMany(asked, (topics) => this.#delete(groupId, topics, options));
  }

  #list(groupIds: readonly string[], options: AdminOptions): Promise<Outcomes<ShareGroupOffset[]>> {
    const attempt = (id: string) => `listing the offsets of share group ${id}`;
    return dispatch(
      this.#cluster,
      groupIds,
      {
        key: (id) => id,
        attempt,
        route: toCoordinator(this.#cluster, "group", (id) => id),
        send: async (coordinator, ids, request) => {
          const body = { groups: ids.map((groupId) => ({ groupId, topics: null })) };
          const api = DescribeShareGroupOffsets;
          const { groups } = await this.#cluster.request(coordinator, api, body, request);
          const outcomes = groups.map((group) => {
            const { groupId, errorCode, errorMessage } = group;
            const value = () => startedOffsets(group);
            return [groupId, outcomeOf(errorCode, attempt(groupId), errorMessage, value)] as const;
          });
          return new Map(outcomes);
        },
      },
      options,
    );
  }

  #alter(
    groupId: string,
    offsets: readonly NewShareGroupOffset[],
    options: AdminOptions,
  ): Promise<Outcomes<void>> {
    const attempt = (one: TopicPartition) =>
      `setting the offset of share group ${groupId} in ${keyOf(one)}`;
    return dispatch(
      this.#cluster,
      offsets,
      {
        key: keyOf,
        attempt,
        route: toCoordinator(this.#cluster, "group", () => groupId),
        send: async (coordinator, items, request) => {
          const topics = byTopic(items, (topicName, partitions) => ({
            topicName,
            partitions: partitions.map(({ partition: partitionIndex, startOffset }) => ({
              partitionIndex,
              startOffset,
            })),
          }));
          const body = { groupId, topics };
          const answer = await this.#cluster.request(
            coordinator,
            AlterShareGroupOffsets,
            body,
            request,
          );
          const outcomes = new Map<string, Outcome<void>>();
          for (const { topicName: topic, partitions } of answer.responses) {
            for (const { partitionIndex: partition, errorCode, errorMessage } of partitions) {
              const one = { topic, partition };
              const outcome = outcomeOf(errorCode, attempt(one), errorMessage, () => {});
              outcomes.set(keyOf(one), outcome);
            }
          }
          if (answer.errorCode === 0) return outcomes;
          return refusedAll(items, keyOf, attempt, answer);
        },
        final: ["UNKNOWN_TOPIC_OR_PARTITION"],
      },
      options,
    );
  }

  #delete(
    groupId: string,
    topics: readonly string[],
    options: AdminOptions,
  ): Promise<Outcomes<void>> {
    const attempt = (topic: string) => `deleting the offsets of share group ${groupId} in ${topic}`;
    return dispatch(
      this.#cluster,
      topics,
      {
        key: (topic) => topic,
        attempt,
        route: toCoordinator(this.#cluster, "group", () => groupId),
        send: async (coordinator, names, request) => {
          const body = { groupId, topics: names.map((topicName) => ({ topicName })) };
          const answer = await this.#cluster.request(
            coordinator,
            DeleteShareGroupOffsets,
            body,
            request,
          );
          if (answer.errorCode !== 0) return refusedAll(names, (name) => name, attempt, answer);
          return new Map(
            answer.responses.map(({ topicName, errorCode, errorMessage }) => [
              topicName,
              outcomeOf(errorCode, attempt(topicName), errorMessage, () => {}),
            ]),
          );
        },
        final: ["UNKNOWN_TOPIC_OR_PARTITION"],
      },
      options,
    );
  }
}

interface Refused {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

function refusedAll<Item>(
  items: readonly Item[],
  key: (item: Item) => string,
  attempt: (item: Item) => string,
  { errorCode, errorMessage }: Refused,
): Outcomes<void> {
  return new Map(
    items.map((item) => [key(item), outcomeOf(errorCode, attempt(item), errorMessage, () => {})]),
  );
}

interface DescribedOffsets {
  readonly topics: readonly {
    readonly topicName: string;
    readonly partitions: readonly {
      readonly partitionIndex: number;
      readonly startOffset: number;
      readonly leaderEpoch: number;
      readonly lag: number;
      readonly errorCode: number;
    }[];
  }[];
}

/** A start offset of −1 says that the group has not begun to read the partition. */
function startedOffsets({ topics }: DescribedOffsets): ShareGroupOffset[] {
  return topics.flatMap(({ topicName: topic, partitions }) =>
    partitions
      .filter(({ errorCode, startOffset }) => errorCode === 0 && startOffset >= 0)
      .map(({ partitionIndex: partition, startOffset, leaderEpoch, lag }) => ({
        topic,
        partition,
        startOffset,
        leaderEpoch: leaderEpoch < 0 ? undefined : leaderEpoch,
        lag: lag < 0 ? undefined : lag,
      })),
  );
}
