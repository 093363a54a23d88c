import type { CoordinatorRecord } from "./coordinator-record.ts";

/** The kinds of groups, by the names that ListGroups uses. */
export type GroupType = "classic" | "consumer" | "streams";

/** Who commits or asks for offsets. */
export interface OffsetActor {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  /** Generation or member epoch; −1 where none is given. */
  readonly memberEpoch: number;
  readonly isTransactional: boolean;
  readonly apiVersion: number;
}

/** Throws a `BrokerError` where the member must not commit an offset of this partition (KIP-1251). */
export type PartitionCheck = (topic: string, topicId: string, partition: number) => void;

/**
 * What every kind of group can be asked. Groups are pure: the time comes in, records and effects go
 * out. An operation computes records without changing the group; they are appended, and then replayed.
 */
export interface Group {
  readonly id: string;
  readonly type: GroupType;
  /** As in ListGroups: "Empty", "Stable", "Assigning", … */
  readonly state: string;
  /** "consumer", "streams", or what a classic group's members said. */
  readonly protocolType: string;
  readonly isEmpty: boolean;
  /**
   * When the group last became empty, by the wall clock: from then on its offsets wait for their expiry.
   * Undefined where that counts from each offset's own commit.
   */
  readonly emptySince: number | undefined;
  /** Whether no offset of the group may expire in its present state; false if left out. */
  readonly keepsOffsets?: boolean | undefined;
  /**
   * Throws a `BrokerError` where this member must not commit (UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION,
   * STALE_MEMBER_EPOCH, …). Gives a check to be made of each partition, if there is one.
   */
  checkCommit(actor: OffsetActor): PartitionCheck | undefined;
  /** Throws a `BrokerError` where this member must not fetch offsets. */
  checkFetch(memberId: string | null, memberEpoch: number): void;
  /** Throws NON_EMPTY_GROUP where no offsets of the group may be deleted; nothing if left out. */
  checkOffsetDelete?(): void;
  isSubscribedTo(topic: string): boolean;
  /** Throws NON_EMPTY_GROUP where the group must not be deleted. */
  checkDelete(): void;
  /** Tombstones for all of the group's own records (offsets aside). */
  deletionRecords(): CoordinatorRecord[];
}
