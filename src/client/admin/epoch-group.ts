import type {
  ConsumerGroupDescribe,
  ResponseOf,
  ShareGroupDescribe,
} from "../../protocol/index.ts";
import type { TopicPartition } from "../topic-partition.ts";
import { authorizedOperations } from "./authorized-operations.ts";
import type {
  ConsumerGroupDescription,
  ConsumerMember,
  ShareGroupDescription,
  ShareMember,
} from "./group-description.ts";
import { groupState } from "./group-state.ts";

type ConsumerAnswer = ResponseOf<typeof ConsumerGroupDescribe>["groups"][number];
type ShareAnswer = ResponseOf<typeof ShareGroupDescribe>["groups"][number];

/** What the answers about groups with epochs have in common. */
interface EpochAnswer {
  readonly groupId: string;
  readonly groupState: string;
  readonly groupEpoch: number;
  readonly assignmentEpoch: number;
  readonly authorizedOperations: number;
}

/** The part of a description that all groups with epochs share. */
export function epochGroup(group: EpochAnswer, coordinator: number) {
  return {
    groupId: group.groupId,
    state: groupState(group.groupState),
    coordinator,
    groupEpoch: group.groupEpoch,
    assignmentEpoch: group.assignmentEpoch,
    authorizedOperations: authorizedOperations(group.authorizedOperations),
  };
}

/** A group of the consumer protocol from a coordinator's answer. */
export function consumerGroup(
  group: ConsumerAnswer,
  coordinator: number,
): ConsumerGroupDescription {
  return {
    type: "consumer",
    ...epochGroup(group, coordinator),
    assignor: group.assignorName,
    members: group.members.map(consumerMember),
  };
}

/** A share group from a coordinator's answer. */
export function shareGroup(group: ShareAnswer, coordinator: number): ShareGroupDescription {
  return {
    type: "share",
    ...epochGroup(group, coordinator),
    assignor: group.assignorName,
    members: group.members.map(shareMember),
  };
}

function consumerMember(member: ConsumerAnswer["members"][number]): ConsumerMember {
  const { memberType } = member;
  return {
    memberId: member.memberId,
    groupInstanceId: member.instanceId ?? undefined,
    rack: member.rackId ?? undefined,
    memberEpoch: member.memberEpoch,
    clientId: member.clientId,
    clientHost: member.clientHost.replace(/^\//, ""),
    subscribedTopics: member.subscribedTopicNames,
    subscribedTopicRegex: member.subscribedTopicRegex || undefined,
    assignment: partitionsOf(member.assignment),
    targetAssignment: partitionsOf(member.targetAssignment),
    protocol: memberType === 0 ? "classic" : memberType === 1 ? "consumer" : undefined,
  };
}

function shareMember(member: ShareAnswer["members"][number]): ShareMember {
  return {
    memberId: member.memberId,
    rack: member.rackId ?? undefined,
    memberEpoch: member.memberEpoch,
    clientId: member.clientId,
    clientHost: member.clientHost.replace(/^\//, ""),
    subscribedTopics: member.subscribedTopicNames,
    assignment: partitionsOf(member.assignment),
  };
}

function partitionsOf({
  topicPartitions,
}: ConsumerAnswer["members"][number]["assignment"]): readonly TopicPartition[] {
  return topicPartitions.flatMap(({ topicName: topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  );
}
