import { brokerErrorNumber } from "../../broker-error-code.ts";
import { JoinGroup } from "../../protocol/index.ts";
import { type JoinAnswer, type JoinEvent, refusedJoin } from "../groups/classic-protocol.ts";
import type { GroupCoordinator } from "../groups/group-coordinator.ts";
import { groupErrorOf } from "../groups/group-error.ts";
import { untilClosed } from "../groups/until-closed.ts";
import type { RequestContext } from "../server/request-context.ts";
import { handler } from "./handler.ts";

/** From this version on the name of the protocol may be null. */
const nullProtocolFrom = 7;

/** Versions 0 to 9. Members of consumer groups that speak the classic protocol are that kind's business (KIP-848). */
export const joinGroup = handler(JoinGroup, async (request, context, { groups }) => {
  if (!context.isAllowed("READ", "GROUP", request.groupId)) {
    return onWire(refusedJoin("GROUP_AUTHORIZATION_FAILED", ""), context.apiVersion);
  }
  const event: JoinEvent = {
    ...request,
    // The request's bytes lie in a frame that is used again.
    protocols: request.protocols.map(({ name, metadata }) => ({
      name,
      metadata: Buffer.from(metadata),
    })),
    // Version 0 has no timeout of its own for rebalances.
    rebalanceTimeoutMs:
      context.apiVersion === 0 ? request.sessionTimeoutMs : request.rebalanceTimeoutMs,
    apiVersion: context.apiVersion,
    clientId: context.clientId,
    clientHost: `/${context.clientHost}`,
  };
  const answer = await untilClosed(join(event, groups), context);
  return answer && onWire(answer, context.apiVersion);
});

function join(event: JoinEvent, groups: GroupCoordinator): JoinAnswer | Promise<JoinAnswer> {
  const { groupId, memberId } = event;
  try {
    const group = groups.group(groupId);
    if (group?.type === "consumer" && !group.isEmpty) {
      return groups.run(groupId, (now) => groups.kinds.consumer.join(event, now));
    }
    if (group?.type === "streams" && !group.isEmpty) {
      return refusedJoin("INCONSISTENT_GROUP_PROTOCOL", "");
    }
    // An empty group may become one of another kind; its offsets stay.
    if (group !== undefined && group.type !== "classic" && memberId === "") {
      groups.append(groupId, group.deletionRecords());
    }
    return groups.run(groupId, (now) => groups.kinds.classic.join(event, now));
  } catch (error) {
    return refusedJoin(groupErrorOf(error), "");
  }
}

function onWire(answer: JoinAnswer, version: RequestContext["apiVersion"]) {
  const { error, protocolName, members, ...rest } = answer;
  return {
    ...rest,
    errorCode: error === undefined ? 0 : brokerErrorNumber(error),
    protocolName: version < nullProtocolFrom ? (protocolName ?? "") : protocolName || null,
    members: [...members],
  };
}
