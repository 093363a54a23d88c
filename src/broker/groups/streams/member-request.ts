import { BrokerError } from "../../../errors.ts";
import type { ConfiguredSubtopologies } from "./configured-topology.ts";
import { type Member, newMember } from "./member.ts";
import { sortedMap } from "./records.ts";
import type { StreamsGroup } from "./streams-group.ts";
import { type AnyTaskSet, type TaskIds, type Tasks, taskSetOf } from "./tasks.ts";
import type { HeartbeatRequest } from "./topology.ts";

/** Where a request comes from. */
export interface Client {
  readonly clientId: string;
  /** As Kafka shows addresses: "/127.0.0.1". */
  readonly clientHost: string;
}

/**
 * The member that a request is from, as the group has it; a new one where it joins. Throws
 * UNKNOWN_MEMBER_ID, and FENCED_MEMBER_EPOCH where its epoch is not that of the group's book. The
 * epoch before is accepted too, since the answer that told of the present one may have been lost.
 */
export function memberOf(group: StreamsGroup, request: HeartbeatRequest): Member {
  const { memberId, memberEpoch } = request;
  if (memberEpoch === 0) return group.members.get(memberId) ?? newMember(memberId);
  const member = group.member(memberId);
  if (memberEpoch > member.epoch) throw fenced("greater", memberEpoch, member.epoch);
  const { active, standby, warmup } = member.assigned;
  const isBehind =
    memberEpoch !== member.previousEpoch ||
    !isWithin(request.activeTasks, active) ||
    !isWithin(request.standbyTasks, standby) ||
    !isWithin(request.warmupTasks, warmup);
  if (memberEpoch < member.epoch && isBehind) throw fenced("smaller", memberEpoch, member.epoch);
  return member;
}

/** The member with all that it says of itself; what it leaves out stays as it was. */
export function toldMember(member: Member, request: HeartbeatRequest, client: Client): Member {
  const { rackId, rebalanceTimeoutMs, topology, processId, clientTags, userEndpoint } = request;
  return {
    ...member,
    ...client,
    rackId: rackId ?? member.rackId,
    rebalanceTimeoutMs: rebalanceTimeoutMs === -1 ? member.rebalanceTimeoutMs : rebalanceTimeoutMs,
    topologyEpoch: topology?.epoch ?? member.topologyEpoch,
    processId: processId ?? member.processId,
    clientTags: clientTags === null ? member.clientTags : sortedMap(clientTags),
    userEndpoint: userEndpoint ?? member.userEndpoint,
  };
}

/** The tasks that a member says that it has; undefined where it did not say. */
export function ownedTasks(request: HeartbeatRequest): Tasks | undefined {
  const { activeTasks, standbyTasks, warmupTasks } = request;
  if (activeTasks === null || standbyTasks === null || warmupTasks === null) return undefined;
  return {
    active: taskSetOf(activeTasks),
    standby: taskSetOf(standbyTasks),
    warmup: taskSetOf(warmupTasks),
  };
}

/** Throws INVALID_REQUEST where a member says that it has tasks that there are not. */
export function checkOwnedTasks(
  { activeTasks, standbyTasks, warmupTasks }: HeartbeatRequest,
  subtopologies: ConfiguredSubtopologies,
): void {
  const tasks = [...(activeTasks ?? []), ...(standbyTasks ?? []), ...(warmupTasks ?? [])];
  for (const { subtopologyId, partitions } of tasks) {
    const count = subtopologies.get(subtopologyId)?.taskCount;
    if (count === undefined) {
      throw invalid(`Subtopology ${subtopologyId} does not exist in the topology.`);
    }
    const wrong = partitions.find((partition) => partition < 0 || partition >= count);
    if (wrong === undefined) continue;
    throw invalid(
      `Task ${wrong} for subtopology ${subtopologyId} is invalid. Number of tasks for this subtopology: ${count}`,
    );
  }
}

/** A member that did not say what it has may have anything. */
function isWithin(owned: readonly TaskIds[] | null, assigned: AnyTaskSet): boolean {
  if (owned === null) return false;
  return owned.every(({ subtopologyId, partitions }) => {
    const held = assigned.get(subtopologyId);
    return held !== undefined && partitions.every((partition) => held.has(partition));
  });
}

function fenced(relation: "greater" | "smaller", received: number, known: number): BrokerError {
  const message = `The streams group member has a ${relation} member epoch (${received}) than the one known by the group coordinator (${known}). The member must abandon all its partitions and rejoin.`;
  return new BrokerError("FENCED_MEMBER_EPOCH", message);
}

function invalid(message: string): BrokerError {
  return new BrokerError("INVALID_REQUEST", message);
}
