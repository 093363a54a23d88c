import { brokerErrorNumber } from "../../broker-error-code.ts";
import { SyncGroup } from "../../protocol/index.ts";
import { refusedSync, type SyncAnswer, type SyncEvent } from "../groups/classic-protocol.ts";
import type { GroupCoordinator } from "../groups/group-coordinator.ts";
import { groupErrorOf } from "../groups/group-error.ts";
import { untilClosed } from "../groups/until-closed.ts";
import { handler } from "./handler.ts";

/** From this version on the protocol's type and name must be given (KIP-559). */
const protocolFrom = 5;

/** Versions 0 to 5. */
export const syncGroup = handler(SyncGroup, async (request, context, { groups }) => {
  const isNamed = request.protocolType !== null && request.protocolName !== null;
  if (context.apiVersion >= protocolFrom && !isNamed) {
    return onWire(refusedSync("INCONSISTENT_GROUP_PROTOCOL"));
  }
  if (!context.isAllowed("READ", "GROUP", request.groupId)) {
    return onWire(refusedSync("GROUP_AUTHORIZATION_FAILED"));
  }
  // The request's bytes lie in a frame that is used again.
  const assignments = request.assignments.map(
    ({ memberId, assignment }) => [memberId, Buffer.from(assignment)] as const,
  );
  const event: SyncEvent = { ...request, assignments: new Map(assignments) };
  const answer = await untilClosed(sync(event, groups), context);
  return answer && onWire(answer);
});

function sync(event: SyncEvent, groups: GroupCoordinator): SyncAnswer | Promise<SyncAnswer> {
  const { kinds } = groups;
  try {
    const group = groups.group(event.groupId);
    const isConsumer = group?.type === "consumer" && !group.isEmpty;
    const kind = isConsumer ? kinds.consumer : kinds.classic;
    return groups.run(event.groupId, (now) => kind.sync(event, now));
  } catch (error) {
    return refusedSync(groupErrorOf(error));
  }
}

function onWire({ error, ...rest }: SyncAnswer) {
  return { ...rest, errorCode: error === undefined ? 0 : brokerErrorNumber(error) };
}
