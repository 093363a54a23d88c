import { type BrokerErrorCode, brokerErrorNumber } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { DescribeProducers } from "../../protocol/index.ts";
import { checkTopicName } from "../metadata/topic-name.ts";
import type { RequestContext } from "../server/request-context.ts";
import type { BrokerServices } from "../services.ts";
import { handler } from "./handler.ts";

/** DescribeProducers 0 (KIP-664). */
export const describeProducers = handler(DescribeProducers, (request, context, services) => {
  const topics = request.topics.map(({ name, partitionIndexes }) => {
    const refusal = refusalOf(name, context, services);
    return {
      name,
      partitions: partitionIndexes.map((partitionIndex) =>
        refusal ? refused(partitionIndex, refusal) : answer(name, partitionIndex, services),
      ),
    };
  });
  return { throttleTimeMs: 0, topics };
});

function refusalOf(
  topic: string,
  context: RequestContext,
  { controller }: BrokerServices,
): { readonly code: BrokerErrorCode; readonly message?: string } | undefined {
  try {
    checkTopicName(topic);
  } catch (error) {
    return error as BrokerError;
  }
  if (!context.isAllowed("READ", "TOPIC", topic)) return { code: "TOPIC_AUTHORIZATION_FAILED" };
  return controller.image.topics.has(topic) ? undefined : { code: "UNKNOWN_TOPIC_OR_PARTITION" };
}

function answer(topic: string, partitionIndex: number, { partitions }: BrokerServices) {
  try {
    const { log } = partitions.getOrThrow(topic, partitionIndex);
    const activeProducers = log.activeProducers().map((producer) => ({
      ...producer,
      currentTxnStartOffset: producer.currentTransactionStartOffset,
    }));
    return { partitionIndex, errorCode: 0, activeProducers };
  } catch (error) {
    if (error instanceof BrokerError) return refused(partitionIndex, { code: error.code });
    throw error;
  }
}

function refused(
  partitionIndex: number,
  { code, message = null }: { readonly code: BrokerErrorCode; readonly message?: string | null },
) {
  return {
    partitionIndex,
    errorCode: brokerErrorNumber(code),
    errorMessage: message,
    activeProducers: [],
  };
}
