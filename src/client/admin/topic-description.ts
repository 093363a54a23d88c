import { brokerErrorNumber } from "../../broker-error-code.ts";
import { DecodeError } from "../../errors.ts";
import {
  DescribeTopicPartitions,
  Metadata,
  type ResponseOf,
  zeroUuid,
} from "../../protocol/index.ts";
import type { Cluster } from "../cluster.ts";
import type { PartitionMetadata, TopicMetadata } from "../metadata.ts";
import { refusal } from "../refusal.ts";
import { type AuthorizedOperation, authorizedOperations } from "./authorized-operations.ts";
import { dispatch } from "./dispatch.ts";
import { type AdminOptions, type AdminRequest, isUnsupported } from "./operation.ts";
import { failed, type Outcome, type Outcomes, outcomeOf } from "./outcome.ts";
import { toAny } from "./route.ts";
import { type TopicRef, topicLabel, topicRefKey } from "./topic-ref.ts";

/** One partition as the cluster describes it to an administrator. */
export interface PartitionDescription extends PartitionMetadata {
  /** Replicas that may lead although they are not in sync (KIP-966); undefined where the broker does not tell. */
  readonly eligibleLeaderReplicas: readonly number[] | undefined;
  /** Replicas that may have led last; undefined where the broker does not tell. */
  readonly lastKnownEligibleLeaderReplicas: readonly number[] | undefined;
}

/** One topic as the cluster describes it to an administrator. */
export interface TopicDescription extends TopicMetadata {
  readonly partitions: readonly PartitionDescription[];
  /** What the user may do with the topic; undefined unless it was asked for. */
  readonly authorizedOperations: readonly AuthorizedOperation[] | undefined;
}

/** How many partitions one page has at most; the broker may have a smaller limit of its own. */
const pagePartitions = 2_000;

/** Asks one broker about topics: by name in pages where it can, by id or else in one answer. */
export async function describeTopics(
  cluster: Cluster,
  refs: readonly TopicRef[],
  withOperations: boolean,
  request: AdminRequest,
): Promise<Outcomes<TopicDescription>> {
  const names = refs.filter((ref) => typeof ref === "string");
  const ids = refs.filter((ref) => typeof ref !== "string");
  const parts = await Promise.all([
    names.length === 0
      ? []
      : describeByPages(cluster, names, withOperations, request).catch((error) => {
          if (!isUnsupported(error)) throw error;
          return describeByMetadata(cluster, names, withOperations, request);
        }),
    ids.length === 0 ? [] : describeByMetadata(cluster, ids, withOperations, request),
  ]);
  return new Map(parts.flatMap((part) => [...part]));
}

/**
 * Waits until all brokers' metadata is likely to have the topics that were created: until the one
 * that is asked names a leader for every partition. A topic for which that does not come true in
 * time fails with `TIMED_OUT`, and is there nevertheless.
 */
export async function awaitTopics<Value>(
  cluster: Cluster,
  outcomes: Outcomes<Value>,
  options: AdminOptions,
): Promise<Outcomes<Value>> {
  const created = [...outcomes].filter(([, { state }]) => state === "done").map(([name]) => name);
  const awaited = await dispatch(
    cluster,
    created,
    {
      key: (name) => name,
      attempt: (name) => `waiting for the leaders of topic ${name}, which was created,`,
      route: toAny(),
      send: async (_target, names, request) => {
        const described = await describeByMetadata(cluster, names, false, request);
        return new Map([...described].map(([name, one]) => [name, withLeaders(name, one)]));
      },
    },
    options,
  );
  const merged = [...outcomes].map(([name, outcome]) => {
    const waited = awaited.get(name);
    return [name, waited?.state === "failed" ? waited : outcome] as const;
  });
  return new Map(merged);
}

/** Turns what is not usable yet into an error that is worth another try. */
function withLeaders(name: string, outcome: Outcome<TopicDescription>): Outcome<TopicDescription> {
  const isReady =
    outcome.state === "done" && outcome.value.partitions.every(({ leader }) => leader >= 0);
  if (isReady) return outcome;
  const attempt = `looking up the leaders of topic ${name}`;
  return failed(refusal(brokerErrorNumber("LEADER_NOT_AVAILABLE"), attempt));
}

type PagedTopic = ResponseOf<typeof DescribeTopicPartitions>["topics"][number];

async function describeByPages(
  cluster: Cluster,
  names: readonly string[],
  withOperations: boolean,
  request: AdminRequest,
): Promise<Outcomes<TopicDescription>> {
  const topics = names.map((name) => ({ name }));
  const found = new Map<string, PagedTopic>();
  let cursor: Place | null = null;
  do {
    const from: Place | null = cursor;
    const answer: ResponseOf<typeof DescribeTopicPartitions> = await cluster.request(
      "any",
      DescribeTopicPartitions,
      { topics, responsePartitionLimit: pagePartitions, cursor: from },
      request,
    );
    for (const topic of answer.topics) {
      const name = topic.name ?? "";
      const before = found.get(name)?.partitions ?? [];
      found.set(name, { ...topic, partitions: [...before, ...topic.partitions] });
    }
    cursor = answer.nextCursor;
    if (from && cursor && isSamePlace(from, cursor)) {
      throw new DecodeError("INVALID_VALUE", "the broker's pages of topics do not advance", 0);
    }
  } while (cursor);
  return new Map(
    [...found].map(([name, topic]) => [name, described(name, name, topic, withOperations)]),
  );
}

async function describeByMetadata(
  cluster: Cluster,
  refs: readonly TopicRef[],
  withOperations: boolean,
  request: AdminRequest,
): Promise<Outcomes<TopicDescription>> {
  const body = {
    topics: refs.map((ref) =>
      typeof ref === "string"
        ? { name: ref, topicId: zeroUuid }
        : { name: null, topicId: ref.id.toLowerCase() },
    ),
    allowAutoTopicCreation: false,
    includeTopicAuthorizedOperations: withOperations,
  };
  const { topics } = await cluster.request("any", Metadata, body, request);
  const outcomes = refs.flatMap((ref) => {
    const isMine = ({ name, topicId }: (typeof topics)[number]) =>
      typeof ref === "string" ? name === ref : topicId === ref.id.toLowerCase();
    const topic = topics.find(isMine);
    if (!topic) return [];
    const outcome = described(ref, topic.name ?? "", topic, withOperations);
    return [[topicRefKey(ref), outcome] as const];
  });
  return new Map(outcomes);
}

type AnyTopic = PagedTopic | ResponseOf<typeof Metadata>["topics"][number];

function described(
  ref: TopicRef,
  name: string,
  topic: AnyTopic,
  withOperations: boolean,
): Outcome<TopicDescription> {
  return outcomeOf(topic.errorCode, `describing ${topicLabel(ref)}`, undefined, () => ({
    name,
    id: topic.topicId,
    isInternal: topic.isInternal,
    partitions: topic.partitions
      .map(partitionDescription)
      .sort((left, right) => left.partition - right.partition),
    authorizedOperations: withOperations
      ? authorizedOperations(topic.topicAuthorizedOperations)
      : undefined,
  }));
}

function partitionDescription(partition: AnyTopic["partitions"][number]): PartitionDescription {
  const eligible = "lastKnownElr" in partition ? partition : undefined;
  return {
    partition: partition.partitionIndex,
    leader: partition.leaderId,
    leaderEpoch: partition.leaderEpoch,
    replicas: partition.replicaNodes,
    inSyncReplicas: partition.isrNodes,
    offlineReplicas: partition.offlineReplicas,
    eligibleLeaderReplicas: eligible?.eligibleLeaderReplicas ?? undefined,
    lastKnownEligibleLeaderReplicas: eligible?.lastKnownElr ?? undefined,
  };
}

interface Place {
  readonly topicName: string;
  readonly partitionIndex: number;
}

function isSamePlace(left: Place, right: Place): boolean {
  return left.topicName === right.topicName && left.partitionIndex === right.partitionIndex;
}
