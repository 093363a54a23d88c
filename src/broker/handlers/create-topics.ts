import { brokerErrorNumber } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { type Api, CreateTopics } from "../../protocol/index.ts";
import { metadataTopic } from "../metadata/topic-name.ts";
import type { CreatedTopic, TopicToCreate } from "../metadata/topic-to-create.ts";
import type { RequestContext } from "../server/request-context.ts";
import { handler } from "./handler.ts";
import { failure } from "./outcome.ts";

type Request = ReturnType<typeof CreateTopics.request.decode>;
type Response =
  typeof CreateTopics extends Api<infer _Q, infer _QI, infer _S, infer In> ? In : never;
type TopicAnswer = Response["topics"][number];

/** CreateTopics 2 to 7. One node holds one replica of each partition, so there can be no more. */
export const createTopics = handler(
  CreateTopics,
  (request, context, { controller }) => {
    const answers = new Map<string, TopicAnswer>();
    const wanted = sortOut(request, context, answers);
    const outcomes = controller.createTopics(wanted, request.validateOnly);
    for (const [name, outcome] of outcomes) answers.set(name, answerOf(name, outcome, context));
    return { throttleTimeMs: 0, topics: [...answers.values()] };
  },
  [2, 7],
  (errorCode, { topics }) => ({
    throttleTimeMs: 0,
    topics: topics.map(({ name }) => ({ name, errorCode, errorMessage: null })),
  }),
);

/** Gives the topics that may be created, and answers the rest. */
function sortOut(
  { topics }: Request,
  context: RequestContext,
  answers: Map<string, TopicAnswer>,
): TopicToCreate[] {
  const isAllowedAll = context.isAllowed("CREATE", "CLUSTER", "kafka-cluster");
  const wanted = new Map<string, TopicToCreate>();
  const seen = new Set<string>();
  const refuse = (name: string, error: BrokerError) =>
    answers.set(name, { name, ...failure(error) });
  for (const topic of topics) {
    const { name } = topic;
    if (seen.has(name)) {
      wanted.delete(name);
      refuse(name, new BrokerError("INVALID_REQUEST", "Duplicate topic name."));
    } else if (name === metadataTopic) {
      const message = `Creation of internal topic ${metadataTopic} is prohibited.`;
      refuse(name, new BrokerError("INVALID_REQUEST", message));
    } else if (!isAllowedAll && !context.isAllowed("CREATE", "TOPIC", name)) {
      refuse(name, new BrokerError("TOPIC_AUTHORIZATION_FAILED", "Authorization failed."));
    } else wanted.set(name, topicToCreate(topic));
    seen.add(name);
  }
  return [...wanted.values()];
}

function topicToCreate(topic: Request["topics"][number]): TopicToCreate {
  const { name, numPartitions, replicationFactor } = topic;
  const assignments = topic.assignments.map(({ partitionIndex: partition, brokerIds }) => ({
    partition,
    brokerIds,
  }));
  return {
    name,
    numPartitions,
    replicationFactor,
    configs: new Map(topic.configs.map((config) => [config.name, config.value])),
    ...(assignments.length > 0 && { assignments }),
  };
}

function answerOf(
  name: string,
  outcome: CreatedTopic | BrokerError,
  context: RequestContext,
): TopicAnswer {
  if (outcome instanceof BrokerError) return { name, ...failure(outcome) };
  const { id: topicId, numPartitions, configs } = outcome;
  const made = { name, topicId, errorCode: 0, errorMessage: null };
  if (!context.isAllowed("DESCRIBE_CONFIGS", "TOPIC", name)) {
    return { ...made, topicConfigErrorCode: brokerErrorNumber("TOPIC_AUTHORIZATION_FAILED") };
  }
  return {
    ...made,
    numPartitions,
    replicationFactor: 1,
    configs: configs.toSorted(byName).map((config) => ({
      name: config.name,
      value: config.value,
      readOnly: false,
      configSource: config.source,
      isSensitive: false,
    })),
  };
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}
