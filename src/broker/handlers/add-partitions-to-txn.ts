import { type BrokerErrorCode, brokerErrorNumber } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { AddPartitionsToTxn } from "../../protocol/index.ts";
import { isInternalTopic } from "../metadata/topic-name.ts";
import type { RequestContext } from "../server/request-context.ts";
import type { BrokerServices } from "../services.ts";
import type { TransactionPartition } from "../transactions/transaction-coordinator.ts";
import { answeringFenced } from "./fenced-producer.ts";
import { handler } from "./handler.ts";

interface Topic {
  readonly name: string;
  readonly partitions: readonly number[];
}

/** One transaction of a request, whatever its version. */
interface Addition {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly verifyOnly: boolean;
  readonly topics: readonly Topic[];
}

interface TopicResult {
  readonly name: string;
  readonly resultsByPartition: {
    readonly partitionIndex: number;
    readonly partitionErrorCode: number;
  }[];
}

/** From this version on producers know PRODUCER_FENCED. */
const fencedFrom = 2;
/** From this version on the request is one of brokers, with many transactions. */
const brokersFrom = 4;

/** Versions 0 to 5: up to 3 of producers, from 4 on of brokers, which this one has no need to ask itself. */
export const addPartitionsToTxn = handler(
  AddPartitionsToTxn,
  (request, context, services) => {
    if (context.apiVersion < brokersFrom) {
      const transactionalId = request.v3AndBelowTransactionalId;
      const addition: Addition = {
        transactionalId,
        producerId: request.v3AndBelowProducerId,
        producerEpoch: request.v3AndBelowProducerEpoch,
        verifyOnly: false,
        topics: request.v3AndBelowTopics,
      };
      const results = context.isAllowed("WRITE", "TRANSACTIONAL_ID", transactionalId)
        ? add(addition, context, services)
        : all(addition.topics, "TRANSACTIONAL_ID_AUTHORIZATION_FAILED");
      return { throttleTimeMs: 0, resultsByTopicV3AndBelow: results };
    }
    if (!context.isAllowed("CLUSTER_ACTION", "CLUSTER", "kafka-cluster")) {
      throw new BrokerError("CLUSTER_AUTHORIZATION_FAILED", "only brokers may ask for this");
    }
    const resultsByTransaction = request.transactions.map((addition) => ({
      transactionalId: addition.transactionalId,
      topicResults: add(addition, context, services),
    }));
    return { throttleTimeMs: 0, errorCode: 0, resultsByTransaction };
  },
  undefined,
  (errorCode) => ({ throttleTimeMs: 0, errorCode }),
);

function add(addition: Addition, context: RequestContext, services: BrokerServices): TopicResult[] {
  const refusals = refusalsOf(addition.topics, context, services);
  if (refusals.size > 0) {
    // One partition that cannot be added keeps all of them out.
    return results(addition.topics, (topic, partition) => {
      return refusals.get(`${topic}-${partition}`) ?? "OPERATION_NOT_ATTEMPTED";
    });
  }
  try {
    return answeringFenced(context.apiVersion < fencedFrom, () =>
      carryOut(addition, context, services),
    );
  } catch (error) {
    if (error instanceof BrokerError) return all(addition.topics, error.code);
    throw error;
  }
}

function carryOut(
  { transactionalId, verifyOnly, topics, ...producer }: Addition,
  { apiVersion }: RequestContext,
  { transactions }: BrokerServices,
): TopicResult[] {
  if (verifyOnly) {
    return results(topics, (topic, partition) => {
      const isIn = transactions.verify(transactionalId, producer, { topic, partition });
      return isIn ? undefined : "TRANSACTION_ABORTABLE";
    });
  }
  const partitions: TransactionPartition[] = topics.flatMap((topic) =>
    topic.partitions.map((partition) => ({ topic: topic.name, partition })),
  );
  transactions.addPartitions(
    transactionalId,
    producer,
    partitions,
    apiVersion < brokersFrom ? 0 : 2,
  );
  return all(topics, undefined);
}

/** The partitions that cannot be in a transaction. */
function refusalsOf(
  topics: readonly Topic[],
  context: RequestContext,
  { controller }: BrokerServices,
): Map<string, BrokerErrorCode> {
  const refusals = new Map<string, BrokerErrorCode>();
  for (const { name, partitions } of topics) {
    const isAllowed =
      context.apiVersion >= brokersFrom ||
      (!isInternalTopic(name) && context.isAllowed("WRITE", "TOPIC", name));
    const image = controller.image.topics.get(name);
    for (const partition of partitions) {
      const place = `${name}-${partition}`;
      if (!isAllowed) refusals.set(place, "TOPIC_AUTHORIZATION_FAILED");
      else if (image?.partitions[partition] === undefined) {
        refusals.set(place, "UNKNOWN_TOPIC_OR_PARTITION");
      }
    }
  }
  return refusals;
}

function all(topics: readonly Topic[], code: BrokerErrorCode | undefined): TopicResult[] {
  return results(topics, () => code);
}

function results(
  topics: readonly Topic[],
  codeOf: (topic: string, partition: number) => BrokerErrorCode | undefined,
): TopicResult[] {
  return topics.map(({ name, partitions }) => ({
    name,
    resultsByPartition: partitions.map((partitionIndex) => {
      const code = codeOf(name, partitionIndex);
      const partitionErrorCode = code === undefined ? 0 : brokerErrorNumber(code);
      return { partitionIndex, partitionErrorCode };
    }),
  }));
}
