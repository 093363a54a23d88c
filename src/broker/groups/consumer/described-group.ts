import type { ClusterImage } from "../../metadata/cluster-image.ts";
import { type PartitionEpochs, type Partitions, partitionList } from "./assignment.ts";
import type { ConsumerGroup } from "./consumer-group.ts";
import type { Member } from "./member.ts";
import { preferredAssignor } from "./target-assignment.ts";

const memberType = { classic: 0, consumer: 1 } as const;

/** A group as ConsumerGroupDescribe shows it, and the names of all topics that show in it. */
export function describedGroup(group: ConsumerGroup, defaultAssignor: string, image: ClusterImage) {
  const members = [...group.members.values()].map((member) =>
    describedMember(member, group.target(member.id), image),
  );
  const topicNames = new Set<string>();
  for (const { assignment, targetAssignment } of members) {
    for (const { topicName } of assignment.topicPartitions) topicNames.add(topicName);
    for (const { topicName } of targetAssignment.topicPartitions) topicNames.add(topicName);
  }
  return {
    groupId: group.id,
    groupState: group.state as string,
    groupEpoch: group.epoch,
    assignmentEpoch: group.assignmentEpoch,
    assignorName: preferredAssignor(group.members.values()) ?? defaultAssignor,
    members,
    topicNames,
  };
}

/** What a member is to give up counts as its own until it has. */
function describedMember(member: Member, target: Partitions, image: ClusterImage) {
  const assigned = new Map<string, Set<number>>();
  for (const partitions of [member.assigned, member.pendingRevocation]) {
    for (const [topicId, epochs] of partitions) {
      assigned.set(topicId, new Set([...(assigned.get(topicId) ?? []), ...epochs.keys()]));
    }
  }
  return {
    memberId: member.id,
    instanceId: member.instanceId,
    rackId: member.rackId,
    memberEpoch: member.epoch,
    clientId: member.clientId,
    clientHost: member.clientHost,
    subscribedTopicNames: [...member.subscribedTopicNames],
    subscribedTopicRegex: member.subscribedTopicRegex,
    assignment: { topicPartitions: namedPartitions(assigned, image) },
    targetAssignment: { topicPartitions: namedPartitions(target, image) },
    memberType: member.classic === undefined ? memberType.consumer : memberType.classic,
  };
}

function namedPartitions(partitions: Partitions | PartitionEpochs, image: ClusterImage) {
  return partitionList(partitions).flatMap((one) => {
    const topicName = image.topicsById.get(one.topicId)?.name;
    return topicName === undefined ? [] : [{ ...one, topicName }];
  });
}
