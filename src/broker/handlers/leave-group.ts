import { type BrokerErrorCode, brokerErrorNumber } from "../../broker-error-code.ts";
import { LeaveGroup } from "../../protocol/index.ts";
import type { LeaveAnswer, LeaveEvent } from "../groups/classic-protocol.ts";
import type { GroupCoordinator } from "../groups/group-coordinator.ts";
import { groupErrorOf } from "../groups/group-error.ts";
import { handler } from "./handler.ts";

/** From this version on several members can leave at once (KIP-345). */
const batchFrom = 3;

/** Versions 0 to 5. */
export const leaveGroup = handler(LeaveGroup, (request, context, { groups }) => {
  const { groupId, memberId } = request;
  if (!context.isAllowed("READ", "GROUP", groupId)) {
    return { errorCode: brokerErrorNumber("GROUP_AUTHORIZATION_FAILED") };
  }
  const isBatch = context.apiVersion >= batchFrom;
  const members = isBatch ? request.members : [{ memberId, groupInstanceId: null, reason: null }];
  const left = leave({ groupId, members }, groups);
  if (typeof left === "string") return { errorCode: brokerErrorNumber(left) };
  const answers = left.map(({ error, ...member }) => ({
    ...member,
    errorCode: error === undefined ? 0 : brokerErrorNumber(error),
  }));
  return isBatch ? { errorCode: 0, members: answers } : { errorCode: answers[0]?.errorCode ?? 0 };
});

function leave(event: LeaveEvent, groups: GroupCoordinator): LeaveAnswer | BrokerErrorCode {
  const { kinds } = groups;
  try {
    const isConsumer = groups.group(event.groupId)?.type === "consumer";
    const kind = isConsumer ? kinds.consumer : kinds.classic;
    return groups.run(event.groupId, (now) => kind.leave(event, now));
  } catch (error) {
    const code = groupErrorOf(error);
    // No such group, so none of them is a member.
    if (code === "UNKNOWN_MEMBER_ID") return event.members.map((one) => ({ ...one, error: code }));
    return code;
  }
}
