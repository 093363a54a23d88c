import { type BrokerErrorCode, brokerErrorNumber } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { DeleteGroups } from "../../protocol/index.ts";
import type { GroupCoordinator } from "../groups/group-coordinator.ts";
import { groupErrorOf } from "../groups/group-error.ts";
import { handler } from "./handler.ts";

/** Versions 0 to 2. A group named twice is answered once. */
export const deleteGroups = handler(DeleteGroups, (request, context, { groups }) => {
  const results = [...new Set(request.groupsNames)].map((groupId) => {
    const error = context.isAllowed("DELETE", "GROUP", groupId)
      ? deleteGroup(groupId, groups)
      : "GROUP_AUTHORIZATION_FAILED";
    return { groupId, errorCode: error === undefined ? 0 : brokerErrorNumber(error) };
  });
  return { throttleTimeMs: 0, results };
});

function deleteGroup(groupId: string, groups: GroupCoordinator): BrokerErrorCode | undefined {
  try {
    const group = groups.group(groupId);
    if (group === undefined) {
      throw new BrokerError("GROUP_ID_NOT_FOUND", `there is no group "${groupId}"`);
    }
    group.checkDelete();
    const records = [...groups.offsets.deletionRecords(groupId), ...group.deletionRecords()];
    groups.append(groupId, records);
    return undefined;
  } catch (error) {
    return groupErrorOf(error);
  }
}
