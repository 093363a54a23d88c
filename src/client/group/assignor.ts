import type { GroupMetadata } from "../group-metadata.ts";
import type { TopicPartition } from "../topic-partition.ts";

/**
 * How a group changes hands. Eager: everyone gives up everything before joining. Cooperative
 * (KIP-429): members keep what they have, and only what moves is given up, in a second rebalance.
 */
export type RebalanceProtocol = "eager" | "cooperative";

/** A partition that can be assigned. */
export interface AssignablePartition {
  readonly partition: number;
  /** The racks of its replicas' brokers, without those that have none. */
  readonly racks: readonly string[];
}

/** The partitions of each topic that some member wants and that exists, in the order of their numbers. */
export type AssignableTopics = ReadonlyMap<string, readonly AssignablePartition[]>;

/** What the leader of a classic group knows of a member. */
export interface GroupMember {
  readonly memberId: string;
  /** The name of a static member, null for others. */
  readonly groupInstanceId: string | null;
  /** The topics it subscribes to. */
  readonly topics: readonly string[];
  /** What its assignor had to say; see {@link Assignor.subscriptionUserData}. */
  readonly userData: Buffer | null;
  /** What it has at present; always empty in the eager protocol. */
  readonly ownedPartitions: readonly TopicPartition[];
  /** The generation in which it had them; −1 for a new member and for clients that do not tell. */
  readonly generationId: number;
  readonly rackId: string | null;
}

/** What one member gets. */
export interface Assignment {
  readonly partitions: readonly TopicPartition[];
  /** What the assignor wants to tell itself at the member; null or left out for nothing. */
  readonly userData?: Uint8Array | null | undefined;
}

/** What a member was assigned last, also when it has lost it since. */
export interface PreviousAssignment extends Assignment {
  readonly generationId: number;
}

/**
 * Shares a classic group's partitions out among its members. It runs at the leader, and its other
 * functions at each member. Those that Kafka has are `range`, `roundRobin`, `sticky` and
 * `cooperativeSticky`; another one needs a name of its own, and to be known to all members.
 */
export interface Assignor {
  /** What members agree on; Kafka's own are "range", "roundrobin", "sticky" and "cooperative-sticky". */
  readonly name: string;
  /** How it can be used. With several assignors, the members use what all of them can, the more cooperative first. */
  readonly protocols: readonly RebalanceProtocol[];
  /** What the leader should know of this member, besides its topics and what it has. */
  subscriptionUserData?(
    topics: readonly string[],
    previous: PreviousAssignment | undefined,
  ): Uint8Array | null;
  /**
   * Gives every member, by its id, what it is to have; an assignment may be empty. A cooperative
   * assignor leaves out a partition that another member has: it gets it once that one gave it up.
   */
  assign(
    topics: AssignableTopics,
    members: readonly GroupMember[],
  ): ReadonlyMap<string, Assignment> | Promise<ReadonlyMap<string, Assignment>>;
  /** Tells the assignor at a member what the leader decided, before the partitions are taken up. */
  onAssignment?(assignment: Assignment, group: GroupMetadata): void;
}
