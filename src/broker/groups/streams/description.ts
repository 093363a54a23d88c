import type { StreamsGroupDescribe } from "../../../protocol/index.ts";
import type { ConfiguredSubtopologies, InternalTopic } from "./configured-topology.ts";
import type { Member } from "./member.ts";
import type { StreamsGroup } from "./streams-group.ts";
import { type EpochTasks, listTasks, noTasks, type Tasks } from "./tasks.ts";
import type { Subtopology, TopicInfo } from "./topology.ts";

/** A group as StreamsGroupDescribe tells of it. */
export type GroupDescription = Parameters<
  typeof StreamsGroupDescribe.response.encode
>[2]["groups"][number];

type SubtopologyDescription = NonNullable<
  NonNullable<GroupDescription["topology"]>["subtopologies"]
>[number];

/**
 * Tells of a group (`StreamsGroup.asDescribedGroup`). Where its topology is ready, internal topics have
 * the numbers of partitions that were decided for them; else those that the application gave.
 */
export function describeGroup(group: StreamsGroup): GroupDescription {
  const { topology, configured } = group;
  const subtopologies =
    configured?.name === "ready"
      ? configuredDescription(configured.subtopologies)
      : toldDescription([...(topology?.subtopologies.values() ?? [])]);
  return {
    errorCode: 0,
    groupId: group.id,
    groupState: group.state,
    groupEpoch: group.epoch,
    assignmentEpoch: group.target.epoch,
    topology: topology === undefined ? null : { epoch: topology.epoch, subtopologies },
    members: [...group.members.values()].map((member) => ({
      ...describeMember(member),
      targetAssignment: describeTasks(group.targets.get(member.id) ?? noTasks),
    })),
  };
}

/** All topics that a description names. */
export function describedTopics({ topology }: GroupDescription): string[] {
  return (topology?.subtopologies ?? []).flatMap((one) => [
    ...one.sourceTopics,
    ...one.repartitionSinkTopics,
    ...one.repartitionSourceTopics.map(({ name }) => name),
    ...one.stateChangelogTopics.map(({ name }) => name),
  ]);
}

function describeMember(member: Member) {
  return {
    memberId: member.id,
    memberEpoch: member.epoch,
    instanceId: member.instanceId,
    rackId: member.rackId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    topologyEpoch: member.topologyEpoch,
    processId: member.processId,
    userEndpoint: member.userEndpoint,
    clientTags: [...member.clientTags].map(([key, value]) => ({ key, value })),
    // Members do not tell these to Kafka 4.3.
    taskOffsets: [],
    taskEndOffsets: [],
    assignment: describeTasks(member.assigned),
    isClassic: false,
  };
}

function describeTasks({ active, standby, warmup }: Tasks | EpochTasks) {
  return {
    activeTasks: listTasks(active),
    standbyTasks: listTasks(standby),
    warmupTasks: listTasks(warmup),
  };
}

function configuredDescription(subtopologies: ConfiguredSubtopologies): SubtopologyDescription[] {
  return [...subtopologies].map(([subtopologyId, subtopology]) => ({
    subtopologyId,
    sourceTopics: [...subtopology.sourceTopics].sort(),
    repartitionSinkTopics: [...subtopology.repartitionSinkTopics].sort(),
    stateChangelogTopics: inOrder(subtopology.changelogTopics.map(configuredTopic)),
    repartitionSourceTopics: inOrder(subtopology.repartitionSourceTopics.map(configuredTopic)),
  }));
}

function configuredTopic({ name, partitions, replicationFactor, configs }: InternalTopic) {
  const topicConfigs = [...configs].map(([key, value]) => ({ key, value }));
  return { name, partitions, replicationFactor, topicConfigs };
}

function toldDescription(subtopologies: readonly Subtopology[]): SubtopologyDescription[] {
  return subtopologies
    .toSorted((left, right) => (left.subtopologyId < right.subtopologyId ? -1 : 1))
    .map((one) => ({
      subtopologyId: one.subtopologyId,
      sourceTopics: one.sourceTopics.toSorted(),
      repartitionSinkTopics: one.repartitionSinkTopics.toSorted(),
      stateChangelogTopics: inOrder(one.stateChangelogTopics),
      repartitionSourceTopics: inOrder(one.repartitionSourceTopics),
    }));
}

function inOrder(topics: readonly TopicInfo[]): TopicInfo[] {
  return topics.toSorted((left, right) => (left.name < right.name ? -1 : 1));
}
