import { BrokerError } from "../../../errors.ts";
import { leaveStaticEpoch } from "./member.ts";
import type { HeartbeatRequest, RequestTopology } from "./topology.ts";

/**
 * Throws INVALID_REQUEST or STREAMS_INVALID_TOPOLOGY where a heartbeat cannot be right whatever the
 * group, in the order in which Kafka's GroupCoordinatorService looks.
 */
export function checkRequest(request: HeartbeatRequest): void {
  checkFeatures(request);
  refuseIf(isBlank(request.memberId), "MemberId can't be empty.");
  refuseIf(isBlank(request.groupId), "GroupId can't be empty.");
  refuseIf(isBlank(request.rackId), "RackId can't be empty.");
  const { memberEpoch, activeTasks, standbyTasks, warmupTasks, topology } = request;
  if (memberEpoch === 0) checkJoin(request);
  else if (memberEpoch === leaveStaticEpoch) {
    // Only static members leave for a while, and one with an instance id was refused above.
    throw new BrokerError("INVALID_REQUEST", "InstanceId can't be null.");
  } else if (memberEpoch < leaveStaticEpoch) {
    const message = `MemberEpoch is ${memberEpoch}, but must be greater than or equal to -2.`;
    throw new BrokerError("INVALID_REQUEST", message);
  }
  const isGiven = [activeTasks, standbyTasks, warmupTasks].map((tasks) => tasks !== null);
  refuseIf(
    isGiven.includes(true) && isGiven.includes(false),
    "If one task-type is non-null, all must be non-null.",
  );
  refuseIf(
    memberEpoch !== 0 && topology !== null,
    "Topology can only be provided when (re-)joining.",
  );
}

/** What the protocol has room for and Kafka 4.3 does not do yet. */
function checkFeatures(request: HeartbeatRequest): void {
  refuseIf(request.instanceId !== null, "Static membership is not yet supported.");
  refuseIf(request.taskOffsets !== null, "TaskOffsets are not supported yet.");
  refuseIf(request.taskEndOffsets !== null, "TaskEndOffsets are not supported yet.");
  refuseIf((request.warmupTasks ?? []).length > 0, "WarmupTasks are not supported yet.");
  for (const { sourceTopicRegex } of request.topology?.subtopologies ?? []) {
    refuseIf(
      sourceTopicRegex.length > 0,
      "Regular expressions for source topics are not supported yet.",
    );
  }
}

function checkJoin(request: HeartbeatRequest): void {
  const { rebalanceTimeoutMs, activeTasks, standbyTasks, warmupTasks, topology } = request;
  refuseIf(rebalanceTimeoutMs === -1, "RebalanceTimeoutMs must be provided in first request.");
  refuseIf(activeTasks?.length !== 0, "ActiveTasks must be empty when (re-)joining.");
  refuseIf(standbyTasks?.length !== 0, "StandbyTasks must be empty when (re-)joining.");
  refuseIf(warmupTasks?.length !== 0, "WarmupTasks must be empty when (re-)joining.");
  refuseIf(topology === null, "Topology must be non-null when (re-)joining.");
  if (topology !== null) checkTopology(topology);
}

function checkTopology({ subtopologies }: RequestTopology): void {
  for (const { name, partitions } of subtopologies.flatMap((one) => one.stateChangelogTopics)) {
    if (partitions === 0) continue;
    const message = `Changelog topic ${name} must have an undefined partition count, but it is set to ${partitions}.`;
    throw new BrokerError("STREAMS_INVALID_TOPOLOGY", message);
  }
}

function isBlank(text: string | null): boolean {
  return text !== null && text.trim() === "";
}

function refuseIf(isWrong: boolean, message: string): void {
  if (isWrong) throw new BrokerError("INVALID_REQUEST", message);
}
