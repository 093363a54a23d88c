import { CreateTopics, DeleteTopics, Metadata, zeroUuid } from "../../protocol/index.ts";
import type { Cluster } from "../cluster.ts";
import { throwIfRefused } from "../refusal.ts";
import { dispatch } from "./dispatch.ts";
import {
  type AdminOptions,
  type AdminRequest,
  attempting,
  brokerTimeoutMs,
  sharedDeadline,
} from "./operation.ts";
import { type Outcomes, oneOrMany, outcomeOf } from "./outcome.ts";
import { toAny, toController } from "./route.ts";
import { awaitTopics, describeTopics, type TopicDescription } from "./topic-description.ts";
import { type TopicRef, topicLabel, topicRefKey } from "./topic-ref.ts";

/** A topic that is to be created. */
export interface NewTopic {
  readonly name: string;
  /** The broker's `num.partitions` by default. */
  readonly numPartitions?: number | undefined;
  /** The broker's `default.replication.factor` by default. */
  readonly replicationFactor?: number | undefined;
  /** For each partition the ids of its brokers, preferred leader first, in place of the two numbers. */
  readonly assignments?: readonly (readonly number[])[] | undefined;
  /** Configuration entries that differ from the broker's defaults, such as `cleanup.policy`. */
  readonly configs?: { readonly [name: string]: string } | undefined;
}

/** How topics are created. */
export interface CreateTopicsOptions extends AdminOptions {
  /** Checks whether the topics could be created, and creates none. */
  readonly validateOnly?: boolean | undefined;
  /** Whether to wait until the cluster knows the new topics and their leaders; true by default. */
  readonly waitForLeaders?: boolean | undefined;
}

/** A topic that was created. */
export interface CreatedTopic {
  readonly name: string;
  /** The topic's id (KIP-516); undefined where the broker is too old, or nothing was created. */
  readonly id: string | undefined;
  /** Undefined where the user may not see the topic's configuration. */
  readonly numPartitions: number | undefined;
  readonly replicationFactor: number | undefined;
}

/** A topic that was deleted, as far as the broker tells its name and id. */
export interface DeletedTopic {
  readonly name: string | undefined;
  readonly id: string | undefined;
}

/** A topic in a list. */
export interface TopicListing {
  readonly name: string;
  readonly id: string;
  readonly isInternal: boolean;
  readonly numPartitions: number;
}

/** How topics are described. */
export interface DescribeTopicsOptions extends AdminOptions {
  /** Whether to tell what the user may do with each topic (KIP-430). */
  readonly includeAuthorizedOperations?: boolean | undefined;
}

/** Creates, deletes, lists and describes topics. */
export class Topics {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /**
   * Creates topics. A create that was cut off may have succeeded: its repetition then fails with
   * `TOPIC_ALREADY_EXISTS`.
   */
  create(topic: NewTopic, options?: CreateTopicsOptions): Promise<CreatedTopic>;
  create(
    topics: readonly NewTopic[],
    options?: CreateTopicsOptions,
  ): Promise<Outcomes<CreatedTopic>>;
  create(asked: NewTopic | readonly NewTopic[], options: CreateTopicsOptions = {}) {
    return oneOrMany(asked, (topics) => this.#create(topics, options));
  }

  /** Deletes topics, each by its name or its id (KIP-516), with all their records. */
  delete(topic: TopicRef, options?: AdminOptions): Promise<DeletedTopic>;
  delete(topics: readonly TopicRef[], options?: AdminOptions): Promise<Outcomes<DeletedTopic>>;
  delete(asked: TopicRef | readonly TopicRef[], options: AdminOptions = {}) {
    return oneOrMany(asked, (topics) => this.#delete(topics, options));
  }

  /** Lists all topics that the user may see, by name; Kafka's internal ones only if asked for. */
  list(
    options: AdminOptions & { readonly includeInternal?: boolean | undefined } = {},
  ): Promise<TopicListing[]> {
    const { includeInternal = false } = options;
    return attempting(this.#cluster, "listing the topics", options, async (request) => {
      const body = { topics: null, allowAutoTopicCreation: false };
      const answer = await this.#cluster.request("any", Metadata, body, request);
      throwIfRefused(answer.errorCode, "listing the topics");
      return answer.topics
        .filter((topic) => topic.errorCode === 0 && (includeInternal || !topic.isInternal))
        .map((topic) => ({
          name: topic.name ?? "",
          id: topic.topicId,
          isInternal: topic.isInternal,
          numPartitions: topic.partitions.length,
        }))
        .sort((left, right) => (left.name < right.name ? -1 : 1));
    });
  }

  /**
   * Describes topics, each by its name or its id: partitions, leaders, replicas, who is in sync.
   * Large ones are fetched in pages where the broker can (KIP-966).
   */
  describe(topic: TopicRef, options?: DescribeTopicsOptions): Promise<TopicDescription>;
  describe(
    topics: readonly TopicRef[],
    options?: DescribeTopicsOptions,
  ): Promise<Outcomes<TopicDescription>>;
  describe(asked: TopicRef | readonly TopicRef[], options: DescribeTopicsOptions = {}) {
    const { includeAuthorizedOperations = false } = options;
    return oneOrMany(asked, (topics) =>
      dispatch(
        this.#cluster,
        topics,
        {
          key: topicRefKey,
          attempt: (topic) => `describing ${topicLabel(topic)}`,
          route: toAny(),
          send: (_target, refs, request) =>
            describeTopics(this.#cluster, refs, includeAuthorizedOperations, request),
          final: ["UNKNOWN_TOPIC_OR_PARTITION", "UNKNOWN_TOPIC_ID"],
        },
        options,
      ),
    );
  }

  async #create(
    topics: readonly NewTopic[],
    options: CreateTopicsOptions,
  ): Promise<Outcomes<CreatedTopic>> {
    const { validateOnly = false, waitForLeaders = true } = options;
    const remaining = sharedDeadline(this.#cluster, options);
    const attempt = ({ name }: NewTopic) =>
      validateOnly ? `checking topic ${name}` : `creating topic ${name}`;
    const outcomes = await dispatch(
      this.#cluster,
      topics,
      {
        key: ({ name }) => name,
        attempt,
        route: toController(this.#cluster),
        send: (_target, items, request) => this.#askToCreate(items, validateOnly, attempt, request),
      },
      options,
    );
    if (validateOnly || !waitForLeaders) return outcomes;
    return awaitTopics(this.#cluster, outcomes, remaining());
  }

  async #askToCreate(
    topics: readonly NewTopic[],
    validateOnly: boolean,
    attempt: (topic: NewTopic) => string,
    request: AdminRequest,
  ): Promise<Outcomes<CreatedTopic>> {
    const body = {
      topics: topics.map(creation),
      timeoutMs: brokerTimeoutMs(request),
      validateOnly,
    };
    const answer = await this.#cluster.request("controller", CreateTopics, body, request);
    return new Map(
      answer.topics.map(({ name, errorCode, errorMessage, ...made }) => [
        name,
        outcomeOf(errorCode, attempt({ name }), errorMessage, () => ({
          name,
          id: made.topicId === zeroUuid ? undefined : made.topicId,
          numPartitions: known(made.numPartitions),
          replicationFactor: known(made.replicationFactor),
        })),
      ]),
    );
  }

  #delete(topics: readonly TopicRef[], options: AdminOptions): Promise<Outcomes<DeletedTopic>> {
    const attempt = (topic: TopicRef) => `deleting ${topicLabel(topic)}`;
    return dispatch(
      this.#cluster,
      topics,
      {
        key: topicRefKey,
        attempt,
        route: toController(this.#cluster),
        send: (_target, refs, request) => this.#askToDelete(refs, attempt, request),
        final: ["UNKNOWN_TOPIC_OR_PARTITION", "UNKNOWN_TOPIC_ID"],
      },
      options,
    );
  }

  async #askToDelete(
    refs: readonly TopicRef[],
    attempt: (topic: TopicRef) => string,
    request: AdminRequest,
  ): Promise<Outcomes<DeletedTopic>> {
    const timeoutMs = brokerTimeoutMs(request);
    const byRef = refs.map((ref) =>
      typeof ref === "string"
        ? { name: ref, topicId: zeroUuid }
        : { name: null, topicId: ref.id.toLowerCase() },
    );
    const isByName = refs.every((ref) => typeof ref === "string");
    const body = (version: number) =>
      version < 6 && isByName
        ? { topicNames: refs as readonly string[], timeoutMs }
        : { topics: byRef, timeoutMs };
    const { responses } = await this.#cluster.request("controller", DeleteTopics, body, request);
    return new Map(
      refs.flatMap((ref) => {
        const isMine = (one: (typeof responses)[number]) =>
          typeof ref === "string" ? one.name === ref : one.topicId === ref.id.toLowerCase();
        const found = responses.find(isMine);
        if (!found) return [];
        const value = () => {
          if (found.name !== null) this.#cluster.metadata.forget(found.name);
          const id = found.topicId === zeroUuid ? undefined : found.topicId;
          return { name: found.name ?? undefined, id };
        };
        const outcome = outcomeOf(found.errorCode, attempt(ref), found.errorMessage, value);
        return [[topicRefKey(ref), outcome] as const];
      }),
    );
  }
}

function creation({ name, configs = {}, assignments = [], ...counts }: NewTopic) {
  const isAssigned = assignments.length > 0;
  // With an assignment the two numbers follow from it, and Kafka wants them to be -1.
  const { numPartitions = -1, replicationFactor = -1 } = isAssigned ? {} : counts;
  return {
    name,
    numPartitions,
    replicationFactor,
    assignments: assignments.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
    configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
  };
}

function known(count: number): number | undefined {
  return count < 0 ? undefined : count;
}
