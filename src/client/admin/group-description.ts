import type { TopicPartition } from "../topic-partition.ts";
import type { AuthorizedOperation } from "./authorized-operations.ts";
import type { GroupState } from "./group-state.ts";

/** A group of any kind; `type` tells which. */
export type GroupDescription =
  | ClassicGroupDescription
  | ConsumerGroupDescription
  | ShareGroupDescription
  | StreamsGroupDescription;

interface AnyGroup {
  readonly groupId: string;
  readonly state: GroupState;
  /** The id of the broker that coordinates the group. */
  readonly coordinator: number;
  /** What the user may do with the group; undefined unless it was asked for. */
  readonly authorizedOperations: readonly AuthorizedOperation[] | undefined;
}

interface AnyMember {
  readonly memberId: string;
  readonly clientId: string;
  readonly clientHost: string;
}

/** A group whose members assign the partitions themselves. */
export interface ClassicGroupDescription extends AnyGroup {
  readonly type: "classic";
  /** What the members are: "consumer", "connect", …; "" where offsets were committed without members. */
  readonly protocolType: string;
  /** The name of the assignor in use, "" while there is none. */
  readonly assignor: string;
  readonly members: readonly ClassicMember[];
}

/** A member of a classic group. */
export interface ClassicMember extends AnyMember {
  /** The name of a static member (KIP-345). */
  readonly groupInstanceId: string | undefined;
  /** The topics it wants; empty where the group's protocol is not that of consumers. */
  readonly subscribedTopics: readonly string[];
  /** The partitions it has; empty during a rebalance, and where the protocol is not that of consumers. */
  readonly assignment: readonly TopicPartition[];
  /** What it told the group when it joined, as it came. */
  readonly memberMetadata: Buffer;
  /** What it was assigned, as it came. */
  readonly memberAssignment: Buffer;
}

interface EpochGroup extends AnyGroup {
  /** Grows when members, subscriptions or topics change. */
  readonly groupEpoch: number;
  /** The group epoch that the target assignment was made for. */
  readonly assignmentEpoch: number;
}

/** A group of the consumer protocol, in which the broker assigns (KIP-848). */
export interface ConsumerGroupDescription extends EpochGroup {
  readonly type: "consumer";
  readonly assignor: string;
  readonly members: readonly ConsumerMember[];
}

/** A member of a group of the consumer protocol. */
export interface ConsumerMember extends AnyMember {
  readonly groupInstanceId: string | undefined;
  readonly rack: string | undefined;
  readonly memberEpoch: number;
  readonly subscribedTopics: readonly string[];
  readonly subscribedTopicRegex: string | undefined;
  /** The partitions it has. */
  readonly assignment: readonly TopicPartition[];
  /** The partitions it is to have. */
  readonly targetAssignment: readonly TopicPartition[];
  /** Which protocol it speaks, as groups can be migrated; undefined where the broker does not tell. */
  readonly protocol: "classic" | "consumer" | undefined;
}

/** A share group, whose members may read the same partition (KIP-932). */
export interface ShareGroupDescription extends EpochGroup {
  readonly type: "share";
  readonly assignor: string;
  readonly members: readonly ShareMember[];
}

/** A member of a share group. */
export interface ShareMember extends AnyMember {
  readonly rack: string | undefined;
  readonly memberEpoch: number;
  readonly subscribedTopics: readonly string[];
  readonly assignment: readonly TopicPartition[];
}

/** A group of Kafka Streams instances (KIP-1071). */
export interface StreamsGroupDescription extends EpochGroup {
  readonly type: "streams";
  readonly topologyEpoch: number | undefined;
  readonly subtopologies: readonly SubtopologyDescription[];
  readonly members: readonly StreamsMember[];
}

/** A part of a topology whose tasks can run apart from the other parts'. */
export interface SubtopologyDescription {
  readonly subtopologyId: string;
  readonly sourceTopics: readonly string[];
  readonly repartitionSinkTopics: readonly string[];
  readonly repartitionSourceTopics: readonly StreamsTopic[];
  readonly stateChangelogTopics: readonly StreamsTopic[];
}

/** A topic that a topology needs and that is made for it. */
export interface StreamsTopic {
  readonly name: string;
  /** 0 where it follows from other topics. */
  readonly numPartitions: number;
  /** 0 for the broker's default. */
  readonly replicationFactor: number;
  readonly configs: ReadonlyMap<string, string>;
}

/** One task: a subtopology on one partition of its input. */
export interface TaskId {
  readonly subtopologyId: string;
  readonly partition: number;
}

/** The tasks of a member. */
export interface StreamsAssignment {
  readonly activeTasks: readonly TaskId[];
  readonly standbyTasks: readonly TaskId[];
  readonly warmupTasks: readonly TaskId[];
}

/** A member of a streams group. */
export interface StreamsMember extends AnyMember {
  readonly groupInstanceId: string | undefined;
  readonly rack: string | undefined;
  readonly memberEpoch: number;
  readonly topologyEpoch: number;
  /** The same for all members that live in one process. */
  readonly processId: string;
  /** Where the instance answers interactive queries. */
  readonly userEndpoint: { readonly host: string; readonly port: number } | undefined;
  readonly clientTags: ReadonlyMap<string, string>;
  /** How far its changelogs are restored. */
  readonly taskOffsets: readonly TaskOffset[];
  /** How far its changelogs go. */
  readonly taskEndOffsets: readonly TaskOffset[];
  readonly assignment: StreamsAssignment;
  readonly targetAssignment: StreamsAssignment;
  /** Whether it speaks the classic protocol, while a group is being migrated. */
  readonly isClassic: boolean;
}

/** The sum of the offsets of a task's changelogs. */
export interface TaskOffset extends TaskId {
  readonly offset: number;
}
