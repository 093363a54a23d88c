import { type BrokerErrorCode, brokerErrorNumber } from "../../broker-error-code.ts";
import { Heartbeat } from "../../protocol/index.ts";
import type { HeartbeatEvent } from "../groups/classic-protocol.ts";
import type { GroupCoordinator } from "../groups/group-coordinator.ts";
import { groupErrorOf } from "../groups/group-error.ts";
import { handler } from "./handler.ts";

/** Versions 0 to 4. */
export const heartbeat = handler(Heartbeat, (request, context, { groups }) => {
  const error = context.isAllowed("READ", "GROUP", request.groupId)
    ? beat(request, groups)
    : "GROUP_AUTHORIZATION_FAILED";
  return { errorCode: error === undefined ? 0 : brokerErrorNumber(error) };
});

function beat(event: HeartbeatEvent, groups: GroupCoordinator): BrokerErrorCode | undefined {
  const { kinds } = groups;
  try {
    const isConsumer = groups.group(event.groupId)?.type === "consumer";
    const kind = isConsumer ? kinds.consumer : kinds.classic;
    return groups.run(event.groupId, (now) => kind.heartbeat(event, now));
  } catch (error) {
    const code = groupErrorOf(error);
    // While groups are being loaded, members are told to stay as they are.
    return code === "COORDINATOR_LOAD_IN_PROGRESS" ? undefined : code;
  }
}
