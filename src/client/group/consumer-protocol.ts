/** Partitions of one topic, by the topic's id. */
export interface TopicIdPartitions {
  readonly topicId: string;
  readonly partitions: readonly number[];
}

/** What a member's heartbeat says; null is for what has not changed since the last one. */
export interface HeartbeatBody {
  readonly memberId: string;
  readonly memberEpoch: number;
  readonly instanceId: string | null;
  readonly rackId: string | null;
  /** In milliseconds, −1 for unchanged. */
  readonly rebalanceTimeoutMs: number;
  readonly subscribedTopicNames: readonly string[] | null;
  readonly serverAssignor: string | null;
  /** What the member has, as far as that has changed: its word that it gave the rest up. */
  readonly topicPartitions: readonly TopicIdPartitions[] | null;
}

/** The member's epoch as it joins, leaves for good, and leaves to return under its name (KIP-848). */
export const specialEpoch = { join: 0, leave: -1, leaveForNow: -2 } as const;

/** What a member of a consumer group asks for. `life` grows whenever the group has lost it. */
export type ConsumerRequest =
  | { readonly ask: "heartbeat"; readonly life: number; readonly body: HeartbeatBody }
  | { readonly ask: "leave"; readonly body: HeartbeatBody };

/** What came of a {@link ConsumerRequest}. */
export type ConsumerAnswer =
  | {
      readonly type: "heard";
      readonly life: number;
      readonly memberEpoch: number;
      readonly heartbeatIntervalMs: number;
      /** What the member is to have; null for what it was told last. */
      readonly assignment: readonly TopicIdPartitions[] | null;
    }
  | { readonly type: "not-heard"; readonly life: number; readonly error: Error }
  | { readonly type: "left" };
