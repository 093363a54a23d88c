import { brokerErrorNumber } from "../../broker-error-code.ts";
import {
  CreatePartitions,
  ElectLeaders,
  ListPartitionReassignments,
} from "../../protocol/index.ts";
import type { Cluster } from "../cluster.ts";
import { throwIfRefused } from "../refusal.ts";
import { partitionName, type TopicPartition } from "../topic-partition.ts";
import { dispatch } from "./dispatch.ts";
import { type AdminOptions, attempting, brokerTimeoutMs } from "./operation.ts";
import { type Outcome, type Outcomes, oneOrMany, outcomeOf } from "./outcome.ts";
import { byTopic, keyOf } from "./partition-list.ts";
import { toController } from "./route.ts";

/** A topic that is to have more partitions. */
export interface NewPartitions {
  readonly topic: string;
  /** How many partitions the topic is to have in all. */
  readonly numPartitions: number;
  /** For each partition that is added the ids of its brokers, preferred leader first. */
  readonly assignments?: readonly (readonly number[])[] | undefined;
}

/** How a leader is chosen: the first replica if it is in sync, or any replica, which may lose records (KIP-460). */
export type Election = "preferred" | "unclean";

const electionOnWire = { preferred: 0, unclean: 1 } satisfies Record<Election, number>;

/** What an election came to. */
export interface ElectedLeader extends TopicPartition {
  /** False where the partition has the leader already that it would have elected. */
  readonly wasElected: boolean;
}

/** A partition that is being moved to other brokers (KIP-455). */
export interface Reassignment extends TopicPartition {
  readonly replicas: readonly number[];
  readonly addingReplicas: readonly number[];
  readonly removingReplicas: readonly number[];
}

/** Adds partitions, elects leaders, and shows which partitions are on the move. */
export class Partitions {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Raises topics' numbers of partitions (KIP-195). Keys may then go to other partitions than before. */
  create(topic: NewPartitions, options?: CreatePartitionsOptions): Promise<void>;
  create(
    topics: readonly NewPartitions[],
    options?: CreatePartitionsOptions,
  ): Promise<Outcomes<void>>;
  create(asked: NewPartitions | readonly NewPartitions[], options: CreatePartitionsOptions = {}) {
    return oneOrMany(asked, (topics) => this.#create(topics, options));
  }

  /** Has partitions elect a leader (KIP-183). */
  electLeaders(
    partition: TopicPartition,
    election: Election,
    options?: AdminOptions,
  ): Promise<ElectedLeader>;
  electLeaders(
    partitions: readonly TopicPartition[],
    election: Election,
    options?: AdminOptions,
  ): Promise<Outcomes<ElectedLeader>>;
  electLeaders(
    asked: TopicPartition | readonly TopicPartition[],
    election: Election,
    options: AdminOptions = {},
  ) {
    return oneOrMany(asked, (partitions) => this.#elect(partitions, election, options));
  }

  /** Lists the partitions that are being moved to other brokers. */
  reassignments(options: AdminOptions = {}): Promise<Reassignment[]> {
    const attempt = "listing the reassignments of partitions";
    return attempting(this.#cluster, attempt, options, async (request) => {
      const body = { timeoutMs: brokerTimeoutMs(request), topics: null };
      const answer = await this.#cluster.request(
        "controller",
        ListPartitionReassignments,
        body,
        request,
      );
      throwIfRefused(answer.errorCode, attempt, answer.errorMessage);
      return answer.topics.flatMap(({ name: topic, partitions }) =>
        partitions.map(({ partitionIndex: partition, ...moved }) => ({
          topic,
          partition,
          ...moved,
        })),
      );
    });
  }

  #create(
    topics: readonly NewPartitions[],
    options: CreatePartitionsOptions,
  ): Promise<Outcomes<void>> {
    const { validateOnly = false } = options;
    const attemptOf = (name: string) => `adding partitions to topic ${name}`;
    return dispatch(
      this.#cluster,
      topics,
      {
        key: ({ topic }) => topic,
        attempt: ({ topic }) => attemptOf(topic),
        route: toController(this.#cluster),
        send: async (_target, items, request) => {
          const body = {
            topics: items.map(({ topic: name, numPartitions: count, assignments }) => ({
              name,
              count,
              assignments: assignments?.map((brokerIds) => ({ brokerIds })) ?? null,
            })),
            timeoutMs: brokerTimeoutMs(request),
            validateOnly,
          };
          const answer = await this.#cluster.request("controller", CreatePartitions, body, request);
          return new Map(
            answer.results.map(({ name, errorCode, errorMessage }) => [
              name,
              outcomeOf(errorCode, attemptOf(name), errorMessage, () => {}),
            ]),
          );
        },
        final: ["UNKNOWN_TOPIC_OR_PARTITION"],
      },
      options,
    );
  }

  #elect(
    partitions: readonly TopicPartition[],
    election: Election,
    options: AdminOptions,
  ): Promise<Outcomes<ElectedLeader>> {
    const attempt = ({ topic, partition }: TopicPartition) =>
      `electing the ${election} leader of ${partitionName(topic, partition)}`;
    return dispatch(
      this.#cluster,
      partitions,
      {
        key: keyOf,
        attempt,
        route: toController(this.#cluster),
        send: async (_target, items, request) => {
          const body = {
            electionType: electionOnWire[election],
            topicPartitions: byTopic(items, (topic, all) => ({
              topic,
              partitions: all.map(({ partition }) => partition),
            })),
            timeoutMs: brokerTimeoutMs(request),
          };
          const answer = await this.#cluster.request("controller", ElectLeaders, body, request);
          throwIfRefused(answer.errorCode, "electing leaders");
          const outcomes = answer.replicaElectionResults.flatMap(({ topic, partitionResult }) =>
            partitionResult.map(({ partitionId: partition, errorCode, errorMessage }) => {
              const elected = { topic, partition };
              return [
                keyOf(elected),
                electionOutcome(elected, attempt(elected), errorCode, errorMessage),
              ] as const;
            }),
          );
          return new Map(outcomes);
        },
        final: [
          "UNKNOWN_TOPIC_OR_PARTITION",
          "PREFERRED_LEADER_NOT_AVAILABLE",
          "ELIGIBLE_LEADERS_NOT_AVAILABLE",
        ],
      },
      options,
    );
  }
}

/** How partitions are added. */
export interface CreatePartitionsOptions extends AdminOptions {
  /** Checks whether the partitions could be added, and adds none. */
  readonly validateOnly?: boolean | undefined;
}

function electionOutcome(
  { topic, partition }: TopicPartition,
  attempt: string,
  errorCode: number,
  errorMessage: string | null,
): Outcome<ElectedLeader> {
  const wasElected = errorCode !== brokerErrorNumber("ELECTION_NOT_NEEDED");
  const value = () => ({ topic, partition, wasElected });
  return outcomeOf(wasElected ? errorCode : 0, attempt, errorMessage, value);
}
