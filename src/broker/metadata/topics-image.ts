import type { MetadataRecord, MetadataRecordIn } from "../../protocol/index.ts";
import type { PartitionImage, TopicImage } from "./cluster-image.ts";
import type { MetadataChanges } from "./metadata-changes.ts";

type ValueOf<Name extends MetadataRecord["name"]> = Extract<
  MetadataRecord,
  { readonly name: Name }
>["value"];

/** All that the metadata log says of a partition (`PartitionRegistration`). */
export interface PartitionState extends PartitionImage {
  /** −1 while nobody leads. */
  readonly leader: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  readonly directories: readonly string[];
  readonly addingReplicas: readonly number[];
  readonly removingReplicas: readonly number[];
  readonly leaderRecoveryState: number;
  /** KIP-966; null where the feature is off. */
  readonly eligibleLeaderReplicas: readonly number[] | null;
  readonly lastKnownElr: readonly number[] | null;
}

/** A topic with all that the metadata log says of its partitions. */
export interface TopicState extends TopicImage {
  readonly partitions: readonly PartitionState[];
}

interface Topic extends TopicState {
  readonly partitions: PartitionState[];
}

/** The topics and partitions of the cluster: what replaying their records gives. */
export class TopicsImage {
  readonly byName = new Map<string, TopicState>();
  readonly byId = new Map<string, TopicState>();
  /** A name with "." read as "_", to the topic that has it; only of names with either (KAFKA-2337). */
  readonly #byMetricName = new Map<string, string>();

  /** The topic whose name cannot be told apart from this one in the names of metrics. */
  colliding(name: string): string | undefined {
    return this.#byMetricName.get(metricName(name));
  }

  addTopic({ name, topicId }: ValueOf<"TopicRecord">, changes: MetadataChanges): void {
    const topic: Topic = { name, id: topicId, partitions: [] };
    this.byName.set(name, topic);
    this.byId.set(topicId, topic);
    if (/[._]/.test(name)) this.#byMetricName.set(metricName(name), name);
    changes.topicCreated(name);
  }

  /** Gives the name of the topic; undefined where there was none of this id. */
  removeTopic(
    { topicId }: ValueOf<"RemoveTopicRecord">,
    changes: MetadataChanges,
  ): string | undefined {
    const topic = this.byId.get(topicId);
    if (topic === undefined) return undefined;
    this.byId.delete(topicId);
    this.byName.delete(topic.name);
    this.#byMetricName.delete(metricName(topic.name));
    changes.topicDeleted(topic.name, topicId);
    return topic.name;
  }

  addPartition(record: ValueOf<"PartitionRecord">, changes: MetadataChanges): void {
    const topic = this.#topic(record.topicId);
    if (topic === undefined) return;
    const { partitionId, topicId: _, ...state } = record;
    if (topic.partitions[partitionId] === undefined) changes.partitionAdded(topic.name);
    topic.partitions[partitionId] = { ...state, directoryId: record.directories[0] ?? "" };
  }

  changePartition(record: ValueOf<"PartitionChangeRecord">): void {
    const topic = this.#topic(record.topicId);
    const old = topic?.partitions[record.partitionId];
    if (topic === undefined || old === undefined) return;
    topic.partitions[record.partitionId] = changed(old, record);
  }

  /** Forgets the eligible leader replicas of a topic, or with "" of all (KIP-966). */
  clearElr(topicName: string): void {
    for (const topic of this.byName.values()) {
      if (topicName !== "" && topic.name !== topicName) continue;
      const { partitions } = topic as Topic;
      for (const [index, state] of partitions.entries()) {
        if (!state.eligibleLeaderReplicas?.length && !state.lastKnownElr?.length) continue;
        const { partitionEpoch } = state;
        const none = { eligibleLeaderReplicas: [], lastKnownElr: [] };
        partitions[index] = { ...state, ...none, partitionEpoch: partitionEpoch + 1 };
      }
    }
  }

  /** The records that give this image. */
  *records(): Generator<MetadataRecordIn> {
    for (const { name, id: topicId, partitions } of this.byName.values()) {
      yield { name: "TopicRecord", value: { name, topicId } };
      for (const [partitionId, { directoryId: _, ...state }] of partitions.entries()) {
        yield { name: "PartitionRecord", value: { ...state, partitionId, topicId } };
      }
    }
  }

  #topic(id: string): Topic | undefined {
    return this.byId.get(id) as Topic | undefined;
  }
}

/** `PartitionRegistration.merge`: whoever is named as leader, the leader's epoch goes up. */
function changed(old: PartitionState, record: ValueOf<"PartitionChangeRecord">): PartitionState {
  const isLeaderNamed = record.leader !== -2;
  const directories = record.directories ?? old.directories;
  return {
    leader: isLeaderNamed ? record.leader : old.leader,
    leaderEpoch: isLeaderNamed ? old.leaderEpoch + 1 : old.leaderEpoch,
    partitionEpoch: old.partitionEpoch + 1,
    replicas: record.replicas ?? old.replicas,
    isr: record.isr ?? old.isr,
    directories,
    directoryId: directories[0] ?? "",
    addingReplicas: record.addingReplicas ?? old.addingReplicas,
    removingReplicas: record.removingReplicas ?? old.removingReplicas,
    leaderRecoveryState:
      record.leaderRecoveryState === -1 ? old.leaderRecoveryState : record.leaderRecoveryState,
    eligibleLeaderReplicas: record.eligibleLeaderReplicas ?? old.eligibleLeaderReplicas,
    lastKnownElr: record.lastKnownElr ?? old.lastKnownElr,
  };
}

function metricName(name: string): string {
  return name.replaceAll(".", "_");
}
