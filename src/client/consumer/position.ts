/** A place in a partition: the offset of the next record, and the leader epoch of the one before it. */
export interface Position {
  readonly offset: number;
  /** −1 if unknown (KIP-320). */
  readonly leaderEpoch: number;
}

/** What a leader says about the end of an epoch: the greatest one up to that asked for, and its end. */
export interface EpochEnd {
  readonly leaderEpoch: number;
  readonly endOffset: number;
}
