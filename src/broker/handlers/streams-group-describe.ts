import { type BrokerErrorCode, brokerErrorNumber } from "../../broker-error-code.ts";
import { StreamsGroupDescribe } from "../../protocol/index.ts";
import type { GroupCoordinator } from "../groups/group-coordinator.ts";
import { groupErrorOf } from "../groups/group-error.ts";
import {
  describedTopics,
  describeGroup,
  type GroupDescription,
} from "../groups/streams/description.ts";
import { areStreamsGroupsOn } from "../groups/streams/group-settings.ts";
import { authorizedOperations } from "../security/authorized-operations.ts";
import type { RequestContext } from "../server/request-context.ts";
import { handler } from "./handler.ts";

/** Version 0. Groups of other kinds count as not found. */
export const streamsGroupDescribe = handler(
  StreamsGroupDescribe,
  (request, context, { controller, groups }) => {
    const { groupIds, includeAuthorizedOperations } = request;
    if (!areStreamsGroupsOn(controller)) {
      const described = groupIds.map((groupId) => failed(groupId, "UNSUPPORTED_VERSION"));
      return { throttleTimeMs: 0, groups: described };
    }
    const isAllowed = (groupId: string) => context.isAllowed("DESCRIBE", "GROUP", groupId);
    const denied = groupIds.filter((groupId) => !isAllowed(groupId));
    const described = groupIds.filter(isAllowed).map((groupId) => {
      const group = describe(groupId, groups);
      if (!includeAuthorizedOperations || group.errorCode !== 0) return group;
      const operations = authorizedOperations(context, "GROUP", groupId);
      return { ...group, authorizedOperations: operations };
    });
    return {
      throttleTimeMs: 0,
      groups: [
        ...denied.map((groupId) => failed(groupId, "GROUP_AUTHORIZATION_FAILED")),
        ...described.map((group) => withoutHiddenTopics(group, context)),
      ],
    };
  },
);

function describe(groupId: string, groups: GroupCoordinator): GroupDescription {
  if (groupId.trim() === "") return failed("", "INVALID_GROUP_ID");
  try {
    return describeGroup(groups.kinds.streams.group(groupId, groups.group(groupId)));
  } catch (error) {
    const code = groupErrorOf(error);
    const message = code === "GROUP_ID_NOT_FOUND" ? (error as Error).message : null;
    return failed(groupId, code, message);
  }
}

/** A group that uses a topic which the client may not know of is not told of. */
function withoutHiddenTopics(group: GroupDescription, context: RequestContext): GroupDescription {
  const mayDescribe = (topic: string) => context.isAllowed("DESCRIBE", "TOPIC", topic);
  if (describedTopics(group).every(mayDescribe)) return group;
  const message = "The described group uses topics that the client is not authorized to describe.";
  return failed(group.groupId, "TOPIC_AUTHORIZATION_FAILED", message);
}

function failed(
  groupId: string,
  code: BrokerErrorCode,
  errorMessage: string | null = null,
): GroupDescription {
  return {
    errorCode: brokerErrorNumber(code),
    errorMessage,
    groupId,
    groupState: "",
    groupEpoch: 0,
    assignmentEpoch: 0,
    members: [],
  };
}
