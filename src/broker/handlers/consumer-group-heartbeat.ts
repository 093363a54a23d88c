import { type BrokerErrorCode, brokerErrorNumber } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { ConsumerGroupHeartbeat } from "../../protocol/index.ts";
import type { ConsumerHeartbeat } from "../groups/consumer/heartbeat.ts";
import type { GroupCoordinator } from "../groups/group-coordinator.ts";
import { groupErrorOf } from "../groups/group-error.ts";
import { handler } from "./handler.ts";

/** Versions 0 and 1: members of version 0 may have their id made by the broker. */
export const consumerGroupHeartbeat = handler(
  ConsumerGroupHeartbeat,
  (request, context, { groups }) => {
    const { groupId, subscribedTopicNames } = request;
    if (!context.isAllowed("READ", "GROUP", groupId)) return refused("GROUP_AUTHORIZATION_FAILED");
    const isVisible = (topicName: string) => context.isAllowed("DESCRIBE", "TOPIC", topicName);
    if (subscribedTopicNames?.every(isVisible) === false) {
      return refused("TOPIC_AUTHORIZATION_FAILED");
    }
    const event: ConsumerHeartbeat = {
      ...request,
      apiVersion: context.apiVersion,
      clientId: context.clientId,
      clientHost: `/${context.clientHost}`,
      isVisible,
    };
    try {
      return answerTo(event, groups);
    } catch (error) {
      const code = groupErrorOf(error);
      return refused(
        code,
        error instanceof BrokerError && error.code === code ? error.message : null,
      );
    }
  },
);

function answerTo(event: ConsumerHeartbeat, groups: GroupCoordinator) {
  const { consumer } = groups.kinds;
  consumer.checkHeartbeat(event);
  const existing = groups.group(event.groupId);
  const { assignment, ...answer } = groups.run(event.groupId, (now) =>
    consumer.memberHeartbeat(event, existing, now),
  );
  return {
    ...answer,
    throttleTimeMs: 0,
    errorCode: 0,
    assignment: assignment === null ? null : { topicPartitions: assignment },
  };
}

function refused(error: BrokerErrorCode, errorMessage: string | null = null) {
  return {
    throttleTimeMs: 0,
    errorCode: brokerErrorNumber(error),
    errorMessage,
    memberEpoch: 0,
    heartbeatIntervalMs: 0,
  };
}
