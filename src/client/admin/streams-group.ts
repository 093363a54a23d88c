import type { ResponseOf, StreamsGroupDescribe } from "../../protocol/index.ts";
import { epochGroup } from "./epoch-group.ts";
import type {
  StreamsAssignment,
  StreamsGroupDescription,
  StreamsMember,
  StreamsTopic,
  SubtopologyDescription,
  TaskId,
} from "./group-description.ts";

type Answer = ResponseOf<typeof StreamsGroupDescribe>["groups"][number];
type MemberAnswer = Answer["members"][number];
type SubtopologyAnswer = NonNullable<NonNullable<Answer["topology"]>["subtopologies"]>[number];

/** A streams group from a coordinator's answer. */
export function streamsGroup(group: Answer, coordinator: number): StreamsGroupDescription {
  return {
    type: "streams",
    ...epochGroup(group, coordinator),
    topologyEpoch: group.topology?.epoch,
    subtopologies: (group.topology?.subtopologies ?? []).map(subtopology),
    members: group.members.map(streamsMember),
  };
}

function subtopology(answer: SubtopologyAnswer): SubtopologyDescription {
  return {
    subtopologyId: answer.subtopologyId,
    sourceTopics: answer.sourceTopics,
    repartitionSinkTopics: answer.repartitionSinkTopics,
    repartitionSourceTopics: answer.repartitionSourceTopics.map(streamsTopic),
    stateChangelogTopics: answer.stateChangelogTopics.map(streamsTopic),
  };
}

function streamsTopic(topic: SubtopologyAnswer["stateChangelogTopics"][number]): StreamsTopic {
  return {
    name: topic.name,
    numPartitions: topic.partitions,
    replicationFactor: topic.replicationFactor,
    configs: new Map(topic.topicConfigs.map(({ key, value }) => [key, value])),
  };
}

function streamsMember(member: MemberAnswer): StreamsMember {
  return {
    memberId: member.memberId,
    groupInstanceId: member.instanceId ?? undefined,
    rack: member.rackId ?? undefined,
    memberEpoch: member.memberEpoch,
    clientId: member.clientId,
    clientHost: member.clientHost.replace(/^\//, ""),
    topologyEpoch: member.topologyEpoch,
    processId: member.processId,
    userEndpoint: member.userEndpoint ?? undefined,
    clientTags: new Map(member.clientTags.map(({ key, value }) => [key, value])),
    taskOffsets: member.taskOffsets,
    taskEndOffsets: member.taskEndOffsets,
    assignment: streamsAssignment(member.assignment),
    targetAssignment: streamsAssignment(member.targetAssignment),
    isClassic: member.isClassic,
  };
}

function streamsAssignment(assignment: MemberAnswer["assignment"]): StreamsAssignment {
  return {
    activeTasks: tasks(assignment.activeTasks),
    standbyTasks: tasks(assignment.standbyTasks),
    warmupTasks: tasks(assignment.warmupTasks),
  };
}

function tasks(ids: MemberAnswer["assignment"]["activeTasks"]): readonly TaskId[] {
  return ids.flatMap(({ subtopologyId, partitions }) =>
    partitions.map((partition) => ({ subtopologyId, partition })),
  );
}
