/** One partition of a topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** A place in a partition, as it is committed: the offset of the next record to read. */
export interface TopicPartitionOffset extends TopicPartition {
  readonly offset: number;
  /** The leader epoch of the last record read, −1 or left out if unknown (KIP-320). */
  readonly leaderEpoch?: number | undefined;
  /** A note of the committer's, up to 4,096 bytes by the broker's default. */
  readonly metadata?: string | undefined;
}

/** The usual text form of a partition: `orders-3`. Also its key in maps. */
export function partitionName(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}
