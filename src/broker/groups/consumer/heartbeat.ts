import { BrokerError } from "../../../errors.ts";
import type { Decision } from "../group-kind.ts";
import { type PartitionList, partitionList } from "./assignment.ts";
import { currentRecord } from "./consumer-group-record.ts";
import { removeMembers } from "./departure.ts";
import { leaveEpoch, leaveStaticEpoch, type Member, topicNames } from "./member.ts";
import {
  hasOtherPartitions,
  updateAssignment,
  updateEpoch,
  updateMember,
} from "./member-update.ts";
import { absent, admit, checkInstance, checkRoom } from "./membership.ts";
import type { Operation } from "./operation.ts";
import { updateRegex } from "./regex-update.ts";
import { updateTarget } from "./target-assignment.ts";

/** A ConsumerGroupHeartbeat request, with what is known of its sender. */
export interface ConsumerHeartbeat {
  readonly groupId: string;
  /** "" where the broker is to give one: up to version 0. */
  readonly memberId: string;
  /** 0 to join, −1 to leave, −2 to leave for a while as a static member. */
  readonly memberEpoch: number;
  readonly instanceId: string | null;
  readonly rackId: string | null;
  /** −1 for no change; as the other fields' null. */
  readonly rebalanceTimeoutMs: number;
  readonly subscribedTopicNames: readonly string[] | null;
  readonly subscribedTopicRegex: string | null;
  readonly serverAssignor: string | null;
  readonly topicPartitions: PartitionList | null;
  readonly apiVersion: number;
  readonly clientId: string;
  /** As Kafka's records have it: "/127.0.0.1". */
  readonly clientHost: string;
  /** Whether the sender may know of a topic. */
  isVisible(topicName: string): boolean;
}

/** What a ConsumerGroupHeartbeat is answered with. */
export interface ConsumerHeartbeatAnswer {
  readonly memberId: string;
  readonly memberEpoch: number;
  readonly heartbeatIntervalMs: number;
  /** What the member may have; null where that has not changed. */
  readonly assignment: PartitionList | null;
}

/** Whether a heartbeat says farewell. */
export function isLeaving({ memberEpoch }: ConsumerHeartbeat): boolean {
  return memberEpoch === leaveEpoch || memberEpoch === leaveStaticEpoch;
}

/**
 * Takes in a member's heartbeat (`GroupMetadataManager.consumerGroupHeartbeat`): notes what is new of it,
 * bumps the group's epoch where that concerns the others, makes the target assignment anew where it is
 * behind, and takes the member a step towards its part of it.
 */
export function keepUp(operation: Operation, event: ConsumerHeartbeat): ConsumerHeartbeatAnswer {
  const { group, surroundings, now } = operation;
  checkRoom(operation, event.memberId);
  const memberId = event.memberId === "" ? surroundings.newMemberId() : event.memberId;
  const owned = event.topicPartitions ?? undefined;
  const arrival = { ...event, memberId, owned, isJoining: event.memberEpoch === 0 };
  const member = admit(operation, { ...arrival, isClassic: false });
  const subscribed = merged(member, event);
  const hasOtherNames = updateMember(operation, member, subscribed);
  const regexChange = updateRegex(operation, member, subscribed, event.isVisible);
  // Where an expression's topics are not known yet, the epoch is bumped once they are.
  const isBumping = hasOtherNames || regexChange === "resolved";
  const { epoch, isHomogeneous } = updateEpoch(operation, subscribed, isBumping);
  const target = updateTarget(operation, subscribed, epoch, isHomogeneous);
  const hasSubscriptionChanged = hasOtherNames || regexChange !== "none";
  const updated = updateAssignment(operation, subscribed, target, {
    owned,
    hasSubscriptionChanged,
  });
  const sessionEnd = now + surroundings.settings.sessionTimeoutMs(group.id);
  surroundings.timers.set(group.id, memberId, "session", sessionEnd);
  const isTold = event.memberEpoch === 0 || isFull(event) || hasOtherPartitions(member, updated);
  return {
    memberId,
    memberEpoch: updated.epoch,
    heartbeatIntervalMs: surroundings.settings.heartbeatIntervalMs(group.id),
    assignment: isTold ? partitionList(updated.assigned) : null,
  };
}

/** Takes in that a member leaves (`consumerGroupLeave`). */
export function leave(
  operation: Operation,
  { groupId, memberId, instanceId, memberEpoch }: ConsumerHeartbeat,
): Decision<ConsumerHeartbeatAnswer> {
  const { group } = operation;
  const result = { memberId, memberEpoch, heartbeatIntervalMs: 0, assignment: null };
  if (instanceId === null) {
    return { ...removeMembers(operation, [group.member(memberId)]), result };
  }
  const member = checkInstance(group.staticMember(instanceId), memberId, instanceId);
  if (memberEpoch === leaveStaticEpoch) {
    return { records: [currentRecord(groupId, absent(member))], result };
  }
  return { ...removeMembers(operation, [member]), result };
}

function merged(member: Member, event: ConsumerHeartbeat): Member {
  const names = event.subscribedTopicNames;
  return {
    ...member,
    instanceId: event.instanceId ?? member.instanceId,
    rackId: event.rackId ?? member.rackId,
    rebalanceTimeoutMs:
      event.rebalanceTimeoutMs === -1 ? member.rebalanceTimeoutMs : event.rebalanceTimeoutMs,
    serverAssignor: event.serverAssignor ?? member.serverAssignor,
    subscribedTopicNames: names === null ? member.subscribedTopicNames : topicNames(names),
    subscribedTopicRegex: event.subscribedTopicRegex ?? member.subscribedTopicRegex,
    clientId: event.clientId,
    clientHost: event.clientHost,
    classic: undefined,
  };
}

/** Whether a heartbeat says everything, as one does that has lost track. */
function isFull(event: ConsumerHeartbeat): boolean {
  return (
    event.rebalanceTimeoutMs !== -1 &&
    (event.subscribedTopicNames !== null || event.subscribedTopicRegex !== null) &&
    event.topicPartitions !== null
  );
}

/**
 * Throws INVALID_REQUEST or UNSUPPORTED_ASSIGNOR where a heartbeat makes no sense by itself
 * (`throwIfConsumerGroupHeartbeatRequestIsInvalid`).
 */
export function checkHeartbeat(event: ConsumerHeartbeat, assignors: Iterable<string>): void {
  const { memberEpoch, apiVersion, serverAssignor } = event;
  const needsId = apiVersion >= 1 || memberEpoch > 0 || memberEpoch === leaveEpoch;
  if (needsId) refuseBlank(event.memberId, "MemberId");
  refuseBlank(event.groupId, "GroupId");
  refuseBlank(event.instanceId, "InstanceId");
  refuseBlank(event.rackId, "RackId");
  if (memberEpoch === 0) checkJoin(event);
  else if (memberEpoch === leaveStaticEpoch) {
    if (event.instanceId === null) throw invalid("InstanceId can't be null.");
  } else if (memberEpoch < leaveStaticEpoch) throw invalid("MemberEpoch is invalid.");
  const names = [...assignors];
  if (serverAssignor !== null && !names.includes(serverAssignor)) {
    const message = `ServerAssignor ${serverAssignor} is not supported. Supported assignors: ${names.join(", ")}.`;
    throw new BrokerError("UNSUPPORTED_ASSIGNOR", message);
  }
}

function checkJoin(event: ConsumerHeartbeat): void {
  if (event.rebalanceTimeoutMs === -1) {
    throw invalid("RebalanceTimeoutMs must be provided in first request.");
  }
  if (event.topicPartitions === null || event.topicPartitions.length > 0) {
    throw invalid("TopicPartitions must be empty when (re-)joining.");
  }
  if (event.subscribedTopicNames === null && event.subscribedTopicRegex === null) {
    throw invalid(
      "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.",
    );
  }
}

function refuseBlank(value: string | null, name: string): void {
  if (value !== null && value.trim() === "") throw invalid(`${name} can't be empty.`);
}

function invalid(message: string): BrokerError {
  return new BrokerError("INVALID_REQUEST", message);
}
