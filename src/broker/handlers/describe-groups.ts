import { type BrokerErrorCode, brokerErrorNumber } from "../../broker-error-code.ts";
import { DescribeGroups } from "../../protocol/index.ts";
import { ClassicGroup } from "../groups/classic-group.ts";
import { metadataOf } from "../groups/classic-member.ts";
import type { GroupCoordinator } from "../groups/group-coordinator.ts";
import { groupErrorOf } from "../groups/group-error.ts";
import { authorizedOperations } from "../security/authorized-operations.ts";
import { handler } from "./handler.ts";

/** From this version on a group that does not exist is an error (KIP-1043). */
const notFoundErrorFrom = 6;
const noMetadata = Buffer.alloc(0);

/** Versions 0 to 6. Tells of classic groups alone; groups of other kinds count as not found. */
export const describeGroups = handler(DescribeGroups, (request, context, { groups }) => {
  const described = [];
  for (const groupId of request.groups) {
    if (context.isAllowed("DESCRIBE", "GROUP", groupId)) {
      const group = describe(groupId, context.apiVersion, groups);
      const withOperations = request.includeAuthorizedOperations && group.errorCode === 0;
      described.push({
        ...group,
        ...(withOperations && {
          authorizedOperations: authorizedOperations(context, "GROUP", groupId),
        }),
      });
    } else described.unshift(failed(groupId, "GROUP_AUTHORIZATION_FAILED"));
  }
  return { groups: described };
});

function describe(groupId: string, version: number, groups: GroupCoordinator) {
  try {
    const group = groups.group(groupId);
    if (group instanceof ClassicGroup) return contentOf(group);
  } catch (error) {
    return failed(groupId, groupErrorOf(error));
  }
  const dead = { ...failed(groupId, undefined), groupState: "Dead" };
  if (version < notFoundErrorFrom) return dead;
  return {
    ...dead,
    errorCode: brokerErrorNumber("GROUP_ID_NOT_FOUND"),
    errorMessage: `Group ${groupId} not found.`,
  };
}

function contentOf(group: ClassicGroup) {
  const isStable = group.state === "Stable";
  return {
    errorCode: 0,
    errorMessage: null,
    groupId: group.id,
    groupState: group.state,
    protocolType: group.protocolType,
    protocolData: isStable ? (group.protocolName ?? "") : "",
    members: [...group.members.values()].map((member) => ({
      memberId: member.id,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      memberMetadata: isStable ? metadataOf(member, group.protocolName) : noMetadata,
      memberAssignment: member.assignment,
    })),
  };
}

function failed(groupId: string, error: BrokerErrorCode | undefined) {
  return {
    errorCode: error === undefined ? 0 : brokerErrorNumber(error),
    errorMessage: null as string | null,
    groupId,
    groupState: "",
    protocolType: "",
    protocolData: "",
    members: [],
  };
}
