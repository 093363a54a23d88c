import { type BrokerErrorCode, brokerErrorNumber } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { type Api, Metadata, zeroUuid } from "../../protocol/index.ts";
import { internalTopic } from "../metadata/internal-topics.ts";
import { checkTopicName, isInternalTopic } from "../metadata/topic-name.ts";
import type { TopicToCreate } from "../metadata/topic-to-create.ts";
import type { TopicState } from "../metadata/topics-image.ts";
import { authorizedOperations } from "../security/authorized-operations.ts";
import type { RequestContext } from "../server/request-context.ts";
import type { BrokerServices } from "../services.ts";
import { handler } from "./handler.ts";

type Request = ReturnType<typeof Metadata.request.decode>;
type Response = typeof Metadata extends Api<infer _Q, infer _QI, infer _S, infer In> ? In : never;
type TopicAnswer = Response["topics"][number];

/** Stands for "not asked for" (KIP-430). */
const operationsNotAsked = -(2 ** 31);
const unknownTopic = brokerErrorNumber("UNKNOWN_TOPIC_OR_PARTITION");

/**
 * Metadata 0 to 13. As in Kafka, a topic that is created because it was asked for is UNKNOWN in this
 * answer and there in the next one.
 */
export const metadata = handler(
  Metadata,
  (request, context, services) => {
    checkRequest(request, context.apiVersion);
    const isAll = asksForAll(request, context.apiVersion);
    const topics = isAll ? allTopics(context, services) : someTopics(request, context, services);
    const { nodeId } = services.settings;
    const rack = services.controller.configs.broker("broker.rack") ?? null;
    return {
      brokers: [{ nodeId, ...services.endpoint(context.listenerName), rack }],
      clusterId: services.clusterId,
      controllerId: nodeId,
      topics: request.includeTopicAuthorizedOperations
        ? topics.map((topic) => withOperations(topic, context))
        : topics,
      clusterAuthorizedOperations: clusterOperations(request, context),
    };
  },
  [0, 13],
  (errorCode, request) => ({
    brokers: [],
    topics: (request.topics ?? []).map(({ name, topicId }) => ({
      errorCode,
      name: name ?? "",
      topicId,
      partitions: [],
    })),
    errorCode,
  }),
);

function asksForAll({ topics }: Request, version: number): boolean {
  return topics === null || (version === 0 && topics.length === 0);
}

/** Versions 10 and 11 have the fields for ids already, but brokers could not look topics up by them yet. */
function checkRequest({ topics }: Request, version: number): void {
  if (version >= 12) return;
  for (const { name, topicId } of topics ?? []) {
    if (name !== null && topicId === zeroUuid) continue;
    const what = name === null ? "Topic name can not be null" : "Topic IDs are not supported";
    throw new BrokerError("INVALID_REQUEST", `${what} in requests for version ${version}`);
  }
}

function allTopics(context: RequestContext, { controller, settings }: BrokerServices) {
  const topics = [...controller.image.topics.values()];
  return topics
    .filter(({ name }) => context.isAllowed("DESCRIBE", "TOPIC", name))
    .map((topic) => describe(topic, settings.nodeId));
}

function someTopics(
  { topics, allowAutoTopicCreation }: Request,
  context: RequestContext,
  services: BrokerServices,
): TopicAnswer[] {
  const ids = new Set((topics ?? []).map(({ topicId }) => topicId));
  ids.delete(zeroUuid);
  if (ids.size > 0) return [...ids].map((id) => byId(id, context, services));
  const names = new Set((topics ?? []).flatMap(({ name }) => name ?? []));
  const answers: TopicAnswer[] = [];
  const missing: string[] = [];
  for (const name of names) {
    const topic = services.controller.image.topics.get(name);
    if (!context.isAllowed("DESCRIBE", "TOPIC", name)) {
      answers.push(refused("TOPIC_AUTHORIZATION_FAILED", name, { isInternal: false }));
    } else if (topic === undefined) missing.push(name);
    else answers.push(describe(topic, services.settings.nodeId));
  }
  const mayCreate =
    allowAutoTopicCreation &&
    services.controller.brokerConfig("auto.create.topics.enable") === "true";
  const wanted: TopicToCreate[] = [];
  for (const name of missing) {
    const answer = whereMissing(name, mayCreate, context);
    if (mayCreate && answer.errorCode === unknownTopic) wanted.push(toCreate(name, services));
    answers.push(answer);
  }
  create(wanted, services);
  return answers;
}

function byId(id: string, context: RequestContext, { controller, settings }: BrokerServices) {
  const topic = controller.image.topicsById.get(id);
  if (topic === undefined) return refused("UNKNOWN_TOPIC_ID", null, { topicId: id });
  if (context.isAllowed("DESCRIBE", "TOPIC", topic.name)) return describe(topic, settings.nodeId);
  return refused("TOPIC_AUTHORIZATION_FAILED", null, { topicId: id });
}

/** Answers for a topic that is not there: UNKNOWN_TOPIC_OR_PARTITION where there could be one of the name. */
function whereMissing(name: string, mayCreate: boolean, context: RequestContext): TopicAnswer {
  const isInternal = isInternalTopic(name);
  const isAllowed =
    !mayCreate ||
    context.isAllowed("CREATE", "CLUSTER", "kafka-cluster") ||
    context.isAllowed("CREATE", "TOPIC", name);
  if (!isAllowed) return refused("TOPIC_AUTHORIZATION_FAILED", name, { isInternal });
  try {
    checkTopicName(name);
  } catch {
    return refused("INVALID_TOPIC_EXCEPTION", name, { isInternal });
  }
  return refused("UNKNOWN_TOPIC_OR_PARTITION", name, { isInternal });
}

function toCreate(name: string, { controller }: BrokerServices): TopicToCreate {
  const usual = { name, numPartitions: -1, replicationFactor: -1, configs: new Map() };
  return internalTopic(name, (setting) => controller.brokerConfig(setting)) ?? usual;
}

/** Whoever asks sees that a topic is still missing, as with Kafka; why is for the operator. */
function create(topics: readonly TopicToCreate[], { controller, logger }: BrokerServices): void {
  if (topics.length === 0) return;
  try {
    for (const [topic, outcome] of controller.createTopics(topics, false)) {
      if (!(outcome instanceof BrokerError)) continue;
      logger.warn({ topic, error: outcome }, "a topic that was asked for could not be created");
    }
  } catch (error) {
    logger.warn({ error }, "topics that were asked for could not be created");
  }
}

function describe({ name, id, partitions }: TopicState, nodeId: number): TopicAnswer {
  return {
    errorCode: 0,
    name,
    topicId: id,
    isInternal: isInternalTopic(name),
    partitions: partitions.map(({ leader, leaderEpoch, replicas, isr }, partitionIndex) => ({
      errorCode: leader === -1 ? brokerErrorNumber("LEADER_NOT_AVAILABLE") : 0,
      partitionIndex,
      leaderId: leader,
      leaderEpoch,
      replicaNodes: replicas,
      isrNodes: isr,
      offlineReplicas: replicas.filter((replica) => replica !== nodeId),
    })),
  };
}

function refused(
  error: BrokerErrorCode,
  name: string | null,
  rest: { readonly topicId?: string; readonly isInternal?: boolean },
): TopicAnswer {
  return { errorCode: brokerErrorNumber(error), name, partitions: [], ...rest };
}

function withOperations(topic: TopicAnswer, context: RequestContext): TopicAnswer {
  const operations = authorizedOperations(context, "TOPIC", topic.name ?? "");
  return { ...topic, topicAuthorizedOperations: operations };
}

function clusterOperations(request: Request, context: RequestContext): number {
  if (!request.includeClusterAuthorizedOperations) return operationsNotAsked;
  if (!context.isAllowed("DESCRIBE", "CLUSTER", "kafka-cluster")) return 0;
  return authorizedOperations(context, "CLUSTER", "kafka-cluster");
}
