import { type BrokerErrorCode, brokerErrorNumber } from "../../broker-error-code.ts";
import { ConsumerGroupDescribe } from "../../protocol/index.ts";
import { ConsumerGroup } from "../groups/consumer/consumer-group.ts";
import { describedGroup } from "../groups/consumer/described-group.ts";
import { groupErrorOf } from "../groups/group-error.ts";
import { authorizedOperations } from "../security/authorized-operations.ts";
import type { RequestContext } from "../server/request-context.ts";
import type { BrokerServices } from "../services.ts";
import { handler } from "./handler.ts";

/** Versions 0 and 1: from version 1 on members tell which protocol they speak (KIP-1099). */
export const consumerGroupDescribe = handler(
  ConsumerGroupDescribe,
  (request, context, services) => {
    const isAllowed = (groupId: string) => context.isAllowed("DESCRIBE", "GROUP", groupId);
    const refused = request.groupIds.filter((groupId) => !isAllowed(groupId));
    const described = request.groupIds.filter(isAllowed).map((groupId) => {
      const group = describe(groupId, context, services);
      if (!request.includeAuthorizedOperations || group.errorCode !== 0) return group;
      return { ...group, authorizedOperations: authorizedOperations(context, "GROUP", groupId) };
    });
    const failures = refused.map((groupId) => failed(groupId, "GROUP_AUTHORIZATION_FAILED"));
    return { throttleTimeMs: 0, groups: [...failures, ...described] };
  },
);

function describe(groupId: string, context: RequestContext, services: BrokerServices) {
  if (groupId === "") return failed(groupId, "INVALID_GROUP_ID");
  const { groups, controller } = services;
  try {
    const group = groups.group(groupId);
    if (!(group instanceof ConsumerGroup)) {
      const reason = group === undefined ? "not found" : "is not a consumer group";
      return failed(groupId, "GROUP_ID_NOT_FOUND", `Group ${groupId} ${reason}.`);
    }
    const { defaultAssignor } = groups.kinds.consumer;
    const { topicNames, ...described } = describedGroup(group, defaultAssignor, controller.image);
    // Nobody is shown topics that are not his to see.
    for (const name of topicNames) {
      if (context.isAllowed("DESCRIBE", "TOPIC", name)) continue;
      const message =
        "The group has described topic(s) that the client is not authorized to describe.";
      return failed(groupId, "TOPIC_AUTHORIZATION_FAILED", message);
    }
    return { ...described, errorCode: 0, errorMessage: null as string | null };
  } catch (error) {
    return failed(groupId, groupErrorOf(error));
  }
}

function failed(groupId: string, error: BrokerErrorCode, errorMessage: string | null = null) {
  return {
    errorCode: brokerErrorNumber(error),
    errorMessage,
    groupId,
    groupState: "",
    groupEpoch: 0,
    assignmentEpoch: 0,
    assignorName: "",
    members: [],
  };
}
