import type { BrokerErrorCode } from "../../../broker-error-code.ts";
import { BrokerError } from "../../../errors.ts";
import {
  type HeartbeatEvent,
  type JoinAnswer,
  type JoinEvent,
  type LeaveAnswer,
  type LeaveEvent,
  refusedJoin,
  type SyncAnswer,
  type SyncEvent,
} from "../classic-protocol.ts";
import { consumerProtocolType } from "../consumer-subscription.ts";
import type { Decision } from "../group-kind.ts";
import type { ConsumerGroup } from "./consumer-group.ts";
import { removeMembers } from "./departure.ts";
import { canDowngrade, downgrade } from "./downgrade.ts";
import {
  byTopicId,
  decodeSubscription,
  type EmbeddedSubscription,
  encodeAssignment,
} from "./embedded-protocol.ts";
import { type Member, topicNames } from "./member.ts";
import { updateAssignment, updateEpoch, updateMember } from "./member-update.ts";
import { admit, checkInstance, checkRoom, targetOf } from "./membership.ts";
import type { Operation } from "./operation.ts";
import { updateRegex } from "./regex-update.ts";
import { updateTarget } from "./target-assignment.ts";

/** From this version of JoinGroup on, who has no id is given one and must come back with it (KIP-394). */
const memberIdRequiredFrom = 4;

/**
 * Takes in that a consumer of the classic protocol joins a consumer group
 * (`classicGroupJoinToConsumerGroup`): it gets at once what it may have, and is told the assignment when
 * it asks for it. Where it takes the place of the last member of the consumer protocol, the group
 * becomes a classic one.
 */
export function join(operation: Operation, event: JoinEvent): Decision<JoinAnswer> {
  const { group, surroundings, now } = operation;
  const isUnknown = event.memberId === "";
  const memberId = isUnknown ? surroundings.newMemberId() : event.memberId;
  checkJoin(operation, event, memberId);
  const { groupInstanceId: instanceId } = event;
  if (isUnknown && instanceId === null && event.apiVersion >= memberIdRequiredFrom) {
    return { records: [], result: refusedJoin("MEMBER_ID_REQUIRED", memberId) };
  }
  const isJoining = instanceId === null || isUnknown;
  const arrival = { memberId, instanceId, memberEpoch: -1, owned: [], isJoining, isClassic: true };
  const member = admit(operation, arrival);
  const subscription = decodeSubscription(event.protocols[0]?.metadata ?? Buffer.alloc(0));
  if (subscription === undefined) {
    const message = "Malformed embedded consumer protocol in subscription deserialization.";
    throw new BrokerError("UNKNOWN_SERVER_ERROR", message);
  }
  const subscribed = merged(member, event, subscription);
  const hasOtherNames = updateMember(operation, member, subscribed);
  const regexChange = updateRegex(operation, member, subscribed, undefined);
  const hasSubscriptionChanged = hasOtherNames || regexChange !== "none";
  const { epoch, isHomogeneous } = updateEpoch(operation, subscribed, hasSubscriptionChanged);
  const owned = byTopicId(subscription.ownedPartitions, surroundings.image());
  const claim = { owned, hasSubscriptionChanged };
  const existing = group.staticMember(instanceId);
  const remaining = group.membersWith(subscribed);
  const { timers } = surroundings;
  if (
    existing !== undefined &&
    existing.classic === undefined &&
    canDowngrade(operation, remaining)
  ) {
    const rebalance = group.assignmentEpoch < epoch;
    const last = { epoch: group.assignmentEpoch, partitions: targetOf(group, subscribed) };
    const updated = rebalance ? subscribed : updateAssignment(operation, subscribed, last, claim);
    const takenOver = { id: existing.id, by: memberId };
    const rest = downgrade(operation, group.membersWith(updated), { rebalance, takenOver });
    return { ...rest, result: answerTo(updated) };
  }
  const target = updateTarget(operation, subscribed, epoch, isHomogeneous);
  const updated = updateAssignment(operation, subscribed, target, claim);
  timers.cancel(group.id, memberId, "join");
  timers.set(group.id, memberId, "session", now + event.sessionTimeoutMs);
  timers.set(group.id, memberId, "sync", now + event.rebalanceTimeoutMs);
  return { records: operation.records, result: answerTo(updated) };
}

/** Tells a member of the classic protocol its assignment (`classicGroupSyncToConsumerGroup`). */
export function sync(operation: Operation, event: SyncEvent): Decision<SyncAnswer> {
  const { group, surroundings, now } = operation;
  const { member, classic } = classicMember(group, event);
  const { protocolType, protocolName } = event;
  const [first] = classic.supportedProtocols;
  const isOfOtherType = protocolType !== null && protocolType !== consumerProtocolType;
  if (isOfOtherType || (protocolName !== null && protocolName !== first?.name)) {
    const message = `member ${member.id} joined with "${first?.name}" of type "${consumerProtocolType}", not with "${protocolName}" of type "${protocolType}"`;
    throw new BrokerError("INCONSISTENT_GROUP_PROTOCOL", message);
  }
  // Who has to give up partitions has joined again already, and must get there first.
  if (group.assignmentEpoch > member.epoch && member.state !== "unrevoked-partitions") {
    expectJoin(operation, member);
    const message = `A new rebalance is triggered in group ${group.id} and member ${member.id} should rejoin to catch up.`;
    throw new BrokerError("REBALANCE_IN_PROGRESS", message);
  }
  surroundings.timers.cancel(group.id, member.id, "sync");
  surroundings.timers.set(group.id, member.id, "session", now + classic.sessionTimeoutMs);
  const assigned = new Map([...member.assigned].map(([id, of]) => [id, new Set(of.keys())]));
  const metadata = first?.metadata ?? Buffer.alloc(0);
  const assignment = encodeAssignment(assigned, metadata, surroundings.image());
  return { records: [], result: { error: undefined, protocolType, protocolName, assignment } };
}

/** Takes in a heartbeat of the classic protocol (`classicGroupHeartbeatToConsumerGroup`). */
export function beat(
  operation: Operation,
  event: HeartbeatEvent,
): Decision<BrokerErrorCode | undefined> {
  const { group, surroundings, now } = operation;
  const { member, classic } = classicMember(group, event);
  surroundings.timers.set(group.id, member.id, "session", now + classic.sessionTimeoutMs);
  const mustJoin =
    member.epoch < group.assignmentEpoch ||
    member.state === "unrevoked-partitions" ||
    (member.state === "unreleased-partitions" && !isWaiting(group, member));
  if (!mustJoin) return { records: [], result: undefined };
  expectJoin(operation, member);
  return { records: [], result: "REBALANCE_IN_PROGRESS" };
}

/** Takes in that members leave by the classic protocol (`classicGroupLeaveToConsumerGroup`). */
export function depart(operation: Operation, event: LeaveEvent): Decision<LeaveAnswer> {
  const { group } = operation;
  const leaving = new Map<string, Member>();
  const result = event.members.map(({ memberId, groupInstanceId }) => {
    try {
      const member = leavingMember(group, memberId, groupInstanceId);
      leaving.set(member.id, member);
      return { memberId, groupInstanceId, error: undefined };
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      return { memberId, groupInstanceId, error: error.code };
    }
  });
  return { ...removeMembers(operation, [...leaving.values()]), result };
}

/** An instance id is enough to remove a member, as administrators do. */
function leavingMember(group: ConsumerGroup, memberId: string, instanceId: string | null): Member {
  if (instanceId === null) return group.member(memberId);
  const member = group.staticMember(instanceId);
  return checkInstance(member, memberId === "" ? (member?.id ?? "") : memberId, instanceId);
}

function checkJoin(operation: Operation, event: JoinEvent, memberId: string): void {
  const { group, surroundings } = operation;
  const { canUpgrade, canDowngrade: canGoDown } = surroundings.settings.migration;
  if (!canUpgrade && !canGoDown) {
    const message = `Cannot join the consumer group ${group.id} with the classic protocol because the group migration is disabled.`;
    throw new BrokerError("INCONSISTENT_GROUP_PROTOCOL", message);
  }
  checkRoom(operation, memberId);
  if (!supports(group, event)) {
    const message = `Member ${memberId}'s protocols are not supported.`;
    throw new BrokerError("INCONSISTENT_GROUP_PROTOCOL", message);
  }
}

/** Whether one of the protocols is known to all members of the classic protocol. */
function supports(group: ConsumerGroup, { protocolType, protocols }: JoinEvent): boolean {
  if (protocolType !== consumerProtocolType) return false;
  const others = [...group.members.values()].flatMap(({ classic }) => classic ?? []);
  return protocols.some(({ name }) =>
    others.every(({ supportedProtocols }) => supportedProtocols.some((one) => one.name === name)),
  );
}

function merged(member: Member, event: JoinEvent, subscription: EmbeddedSubscription): Member {
  return {
    ...member,
    instanceId: event.groupInstanceId ?? member.instanceId,
    rackId: subscription.rackId || member.rackId,
    rebalanceTimeoutMs:
      event.rebalanceTimeoutMs === -1 ? member.rebalanceTimeoutMs : event.rebalanceTimeoutMs,
    subscribedTopicNames: topicNames(subscription.topics),
    subscribedTopicRegex: "",
    clientId: event.clientId,
    clientHost: event.clientHost,
    classic: { sessionTimeoutMs: event.sessionTimeoutMs, supportedProtocols: event.protocols },
  };
}

function answerTo({ id, epoch, classic }: Member): JoinAnswer {
  return {
    error: undefined,
    memberId: id,
    generationId: epoch,
    protocolType: consumerProtocolType,
    protocolName: classic?.supportedProtocols[0]?.name ?? null,
    leader: "",
    skipAssignment: false,
    members: [],
  };
}

function classicMember(group: ConsumerGroup, event: HeartbeatEvent) {
  const { memberId, groupInstanceId: instanceId, generationId } = event;
  const member =
    instanceId === null
      ? group.member(memberId)
      : checkInstance(group.staticMember(instanceId), memberId, instanceId);
  const { classic } = member;
  if (classic === undefined) {
    const message = `Member ${member.id} does not use the classic protocol.`;
    throw new BrokerError("UNKNOWN_MEMBER_ID", message);
  }
  if (member.epoch !== generationId) {
    const message = `The request generation id ${generationId} is not equal to the member epoch ${member.epoch} of member ${member.id}.`;
    throw new BrokerError("ILLEGAL_GENERATION", message);
  }
  return { member, classic };
}

/** Has a member removed that does not join again in the time that it said it may take. */
function expectJoin({ group, surroundings, now }: Operation, member: Member): void {
  const deadline = now + member.rebalanceTimeoutMs;
  surroundings.timers.setIfAbsent(group.id, member.id, "join", deadline);
}

/** Whether others still have any of the partitions that a member waits for. */
function isWaiting(group: ConsumerGroup, member: Member): boolean {
  for (const [topicId, partitions] of group.target(member.id)) {
    const assigned = member.assigned.get(topicId);
    for (const partition of partitions) {
      if (assigned?.has(partition) !== true && group.isOwned(topicId, partition)) return true;
    }
  }
  return false;
}
