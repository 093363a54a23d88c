import { brokerErrorNumber } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { DeleteRecords } from "../../protocol/index.ts";
import { isInternalTopic } from "../metadata/topic-name.ts";
import type { BrokerServices } from "../services.ts";
import { handler } from "./handler.ts";

/** Stands for the high watermark. */
const upToHighWatermark = -1;

/** DeleteRecords 0 to 2 (KIP-107). There are no other replicas to wait for, so the answer is there at once. */
export const deleteRecords = handler(DeleteRecords, (request, context, services) => {
  const topics = request.topics.map(({ name, partitions }) => {
    const isAllowed = context.isAllowed("DELETE", "TOPIC", name);
    const answers = partitions.map(({ partitionIndex, offset }) => {
      try {
        if (!isAllowed) {
          throw new BrokerError("TOPIC_AUTHORIZATION_FAILED", `${name} may not be deleted from`);
        }
        const lowWatermark = remove(name, partitionIndex, offset, services);
        return { partitionIndex, lowWatermark, errorCode: 0 };
      } catch (error) {
        const isExpected = error instanceof BrokerError;
        if (!isExpected) services.logger.error({ topic: name, error }, "records were not deleted");
        const errorCode = brokerErrorNumber(isExpected ? error.code : "UNKNOWN_SERVER_ERROR");
        return { partitionIndex, lowWatermark: -1, errorCode };
      }
    });
    return { name, partitions: answers };
  });
  return { throttleTimeMs: 0, topics };
});

/** Gives the new start of the log. */
function remove(topic: string, index: number, offset: number, services: BrokerServices): number {
  const isKnown = services.controller.image.topics.get(topic)?.partitions[index] !== undefined;
  if (isKnown && isInternalTopic(topic)) {
    const message = `records of the internal topic ${topic} cannot be deleted`;
    throw new BrokerError("INVALID_TOPIC_EXCEPTION", message);
  }
  const partition = services.partitions.getOrThrow(topic, index);
  const { log } = partition;
  if (log.config.compacts && !log.config.deletes) {
    const message = `${topic} is compacted only: its records are deleted by key, not by offset`;
    throw new BrokerError("POLICY_VIOLATION", message);
  }
  if (offset < upToHighWatermark) {
    throw new BrokerError("OFFSET_OUT_OF_RANGE", `${offset} is no offset of ${topic}-${index}`);
  }
  const lowWatermark = log.deleteRecords(offset);
  partition.changed();
  return lowWatermark;
}
