import { type BrokerErrorCode, brokerErrorNumber } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { type Api, DescribeTopicPartitions, zeroUuid } from "../../protocol/index.ts";
import { checkTopicName, isInternalTopic } from "../metadata/topic-name.ts";
import type { PartitionState, TopicState } from "../metadata/topics-image.ts";
import { authorizedOperations } from "../security/authorized-operations.ts";
import type { RequestContext } from "../server/request-context.ts";
import type { BrokerServices } from "../services.ts";
import { handler } from "./handler.ts";

type Request = ReturnType<typeof DescribeTopicPartitions.request.decode>;
type Response =
  typeof DescribeTopicPartitions extends Api<infer _Q, infer _QI, infer _S, infer In> ? In : never;
type TopicAnswer = Response["topics"][number];

/** DescribeTopicPartitions 0 (KIP-966). */
export const describeTopicPartitions = handler(
  DescribeTopicPartitions,
  (request, context, services) => {
    const { cursor } = request;
    const names = wantedNames(request, services);
    const isAllowed = (name: string) => context.isAllowed("DESCRIBE", "TOPIC", name);
    const limit = Number(services.controller.brokerConfig("max.request.partition.size.limit"));
    const pages = new Pages(Math.max(1, Math.min(limit, request.responsePartitionLimit)));
    for (const name of names.filter(isAllowed)) {
      const topic = services.controller.image.topics.get(name);
      const start = name === cursor?.topicName ? cursor.partitionIndex : 0;
      // Topics that went since all were asked for are left out.
      if (!pages.add(name, topic, start, request.topics.length === 0)) break;
    }
    const topics = pages.topics.map((topic) => withOperations(topic, context));
    const refused = request.topics.length === 0 ? [] : names.filter((name) => !isAllowed(name));
    const hidden = refused.map((name) => withoutPartitions("TOPIC_AUTHORIZATION_FAILED", name));
    return { throttleTimeMs: 0, topics: [...topics, ...hidden], nextCursor: pages.nextCursor };
  },
  [0, 0],
  (errorCode, { topics }) => ({
    throttleTimeMs: 0,
    topics: topics.map(({ name }) => ({ errorCode, name, topicId: zeroUuid, partitions: [] })),
  }),
);

/** The topics asked for, from the cursor on, in order. */
function wantedNames({ topics, cursor }: Request, { controller }: BrokerServices): string[] {
  const isAll = topics.length === 0;
  const asked = isAll ? [...controller.image.topics.keys()] : topics.map(({ name }) => name);
  const first = cursor?.topicName ?? "";
  const names = [...new Set(asked)].filter((name) => name >= first).sort();
  if (cursor !== null && !isAll && !names.includes(first)) {
    const message = `DescribeTopicPartitionsRequest topic list should contain the cursor topic: ${first}`;
    throw new BrokerError("INVALID_REQUEST", message);
  }
  if (cursor !== null && cursor.partitionIndex < 0) {
    const message = `DescribeTopicPartitionsRequest cursor partition must be valid: ${cursor.partitionIndex}`;
    throw new BrokerError("INVALID_REQUEST", message);
  }
  return names;
}

/** Fills an answer with at most so many partitions, and knows where the next one has to go on. */
class Pages {
  readonly topics: TopicAnswer[] = [];
  nextCursor: Response["nextCursor"] = null;
  #room: number;

  constructor(room: number) {
    this.#room = room;
  }

  /** Adds a topic, or as much of it as there is room for; false once the answer is full. */
  add(name: string, topic: TopicState | undefined, start: number, isLenient: boolean): boolean {
    if (this.#room === 0) {
      this.nextCursor = { topicName: name, partitionIndex: 0 };
      return false;
    }
    if (topic === undefined) {
      if (!isLenient) this.topics.push(withoutPartitions(faultOf(name), name));
      return true;
    }
    const end = Math.min(topic.partitions.length, start + this.#room);
    const partitions = topic.partitions.slice(start, end);
    this.#room -= partitions.length;
    this.topics.push({
      errorCode: 0,
      name,
      topicId: topic.id,
      isInternal: isInternalTopic(name),
      partitions: partitions.map((state, index) => describe(state, start + index)),
    });
    if (end >= topic.partitions.length) return true;
    this.nextCursor = { topicName: name, partitionIndex: end };
    return false;
  }
}

function describe(
  state: PartitionState,
  partitionIndex: number,
): TopicAnswer["partitions"][number] {
  return {
    errorCode: state.leader === -1 ? brokerErrorNumber("LEADER_NOT_AVAILABLE") : 0,
    partitionIndex,
    leaderId: state.leader,
    leaderEpoch: state.leaderEpoch,
    replicaNodes: state.replicas,
    isrNodes: state.isr,
    eligibleLeaderReplicas: state.eligibleLeaderReplicas ?? [],
    lastKnownElr: state.lastKnownElr ?? [],
    offlineReplicas: [],
  };
}

function faultOf(name: string): BrokerErrorCode {
  try {
    checkTopicName(name);
    return "UNKNOWN_TOPIC_OR_PARTITION";
  } catch {
    return "INVALID_TOPIC_EXCEPTION";
  }
}

function withoutPartitions(error: BrokerErrorCode, name: string): TopicAnswer {
  const errorCode = brokerErrorNumber(error);
  return { errorCode, name, topicId: zeroUuid, isInternal: isInternalTopic(name), partitions: [] };
}

function withOperations(topic: TopicAnswer, context: RequestContext): TopicAnswer {
  const operations = authorizedOperations(context, "TOPIC", topic.name ?? "");
  return { ...topic, topicAuthorizedOperations: operations };
}
