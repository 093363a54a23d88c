import { brokerErrorNumber } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { OffsetForLeaderEpoch, type RequestOf } from "../../protocol/index.ts";
import { checkLeaderEpoch } from "../fetch-reader.ts";
import type { BrokerServices } from "../services.ts";
import { handler } from "./handler.ts";

type Question = RequestOf<typeof OffsetForLeaderEpoch>["topics"][number]["partitions"][number];

/** OffsetForLeaderEpoch 2 to 4 (KIP-320): where an epoch ends, or −1 and −1 where that is not known. */
export const offsetForLeaderEpoch = handler(OffsetForLeaderEpoch, (request, context, services) => {
  const mayAll = context.isAllowed("CLUSTER_ACTION", "CLUSTER", "kafka-cluster");
  const topics = request.topics.map(({ topic, partitions }) => {
    const isAllowed = mayAll || context.isAllowed("DESCRIBE", "TOPIC", topic);
    const errorCode = brokerErrorNumber("TOPIC_AUTHORIZATION_FAILED");
    return {
      topic,
      partitions: partitions.map((question) =>
        isAllowed
          ? answer(topic, question, services)
          : { partition: question.partition, errorCode },
      ),
    };
  });
  return { throttleTimeMs: 0, topics };
});

function answer(topic: string, question: Question, { partitions, logger }: BrokerServices) {
  const { partition: index } = question;
  try {
    const partition = partitions.getOrThrow(topic, index);
    checkLeaderEpoch(question.currentLeaderEpoch ?? -1, partition);
    const { epoch, endOffset } = partition.log.endOfEpoch(question.leaderEpoch);
    return { partition: index, errorCode: 0, leaderEpoch: epoch, endOffset };
  } catch (error) {
    if (error instanceof BrokerError) {
      return { partition: index, errorCode: brokerErrorNumber(error.code) };
    }
    logger.error({ topic, partition: index, error }, "the end of an epoch could not be looked up");
    return { partition: index, errorCode: brokerErrorNumber("UNKNOWN_SERVER_ERROR") };
  }
}
