import { BrokerError } from "../../../errors.ts";
import type { ClusterImage } from "../../metadata/cluster-image.ts";
import type { ClassicGroup } from "../classic-group.ts";
import { type ClassicMember, metadataOf } from "../classic-member.ts";
import type { CoordinatorRecord } from "../coordinator-record.ts";
import { withEpoch } from "./assignment.ts";
import { ConsumerGroup } from "./consumer-group.ts";
import {
  currentRecord,
  epochRecord,
  memberRecord,
  targetEpochRecord,
  targetRecord,
} from "./consumer-group-record.ts";
import { decodeAssignment, decodeSubscription, partitionsByTopicId } from "./embedded-protocol.ts";
import { type Member, newMember, topicNames } from "./member.ts";
import type { Surroundings } from "./operation.ts";

/**
 * Makes a consumer group of a classic group of consumers, for a member of the consumer protocol that
 * joins it (`convertToConsumerGroup`). The group comes as it will be once the records are in the log;
 * its members keep their assignments and speak the classic protocol on. Throws GROUP_ID_NOT_FOUND where
 * that is not possible.
 */
export function upgrade(
  classic: ClassicGroup,
  surroundings: Surroundings,
): { readonly group: ConsumerGroup; readonly records: CoordinatorRecord[] } {
  checkUpgrade(classic, surroundings);
  const image = surroundings.image();
  const group = new ConsumerGroup(classic.id);
  group.epoch = classic.generation;
  group.assignmentEpoch = classic.generation;
  for (const one of classic.members.values()) {
    const member = memberOf(classic, one, image);
    group.setMember(member);
    group.setTarget(
      member.id,
      new Map([...member.assigned].map(([id, of]) => [id, new Set(of.keys())])),
    );
  }
  group.metadataHash = surroundings.hashes.of(group.subscriptions.topics.keys(), image);
  return { group, records: [...classic.deletionRecords(), ...groupRecords(group)] };
}

/** Begins the sessions of the members that a group was upgraded with. */
export function beginSessions(group: ConsumerGroup, { timers }: Surroundings, now: number): void {
  for (const { id, classic } of group.members.values()) {
    if (classic !== undefined) timers.set(group.id, id, "session", now + classic.sessionTimeoutMs);
  }
}

function checkUpgrade(classic: ClassicGroup, { settings }: Surroundings): void {
  if (!settings.migration.canUpgrade) throw refusal(classic, "online upgrade is disabled");
  if (!classic.isConsumerProtocol) {
    throw refusal(classic, "the group does not use the consumer embedded protocol");
  }
  if (classic.members.size > settings.maxSize) {
    throw refusal(classic, "the group size exceeds the consumer group maximum size");
  }
}

function memberOf(classic: ClassicGroup, one: ClassicMember, image: ClusterImage): Member {
  // Before the first generation none has been chosen: what the member likes best tells as much.
  const protocolName = classic.protocolName ?? one.protocols[0]?.name;
  const subscription = decodeSubscription(metadataOf(one, protocolName));
  const assignment = decodeAssignment(one.assignment);
  if (subscription === undefined || assignment === undefined) {
    throw refusal(classic, "the embedded consumer protocol is malformed");
  }
  if (assignment.userData !== null && assignment.userData.length > 0) {
    const reason =
      "an unsupported custom assignor is in use. Please refer to the documentation or switch to a default assignor before re-attempting the upgrade";
    throw refusal(classic, reason);
  }
  const assigned = partitionsByTopicId(assignment.assignedPartitions, image);
  return {
    ...newMember(one.id),
    epoch: classic.generation,
    previousEpoch: classic.generation,
    instanceId: one.groupInstanceId,
    rackId: subscription.rackId || null,
    rebalanceTimeoutMs: one.rebalanceTimeoutMs,
    clientId: one.clientId,
    clientHost: one.clientHost,
    subscribedTopicNames: topicNames(subscription.topics),
    assigned: withEpoch(assigned, classic.generation),
    classic: { sessionTimeoutMs: one.sessionTimeoutMs, supportedProtocols: one.protocols },
  };
}

function groupRecords(group: ConsumerGroup): CoordinatorRecord[] {
  const { id } = group;
  const members = [...group.members.values()];
  return [
    ...members.map((member) => memberRecord(id, member)),
    epochRecord(id, group.epoch, group.metadataHash),
    ...members.map((member) => targetRecord(id, member.id, group.target(member.id))),
    targetEpochRecord(id, group.assignmentEpoch, group.assignmentTimestamp),
    ...members.map((member) => currentRecord(id, member)),
  ];
}

function refusal({ id }: ClassicGroup, reason: string): BrokerError {
  const message = `Cannot upgrade classic group ${id} to consumer group because ${reason}.`;
  return new BrokerError("GROUP_ID_NOT_FOUND", message);
}
