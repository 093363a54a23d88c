/**
 * Who a member is to its group: what a transaction needs besides the offsets to commit them on the
 * group's behalf, so that a member that has been replaced is refused (KIP-447).
 */
export interface GroupMetadata {
  readonly groupId: string;
  /** The rebalance the member took part in last; in the consumer protocol (KIP-848) its epoch. */
  readonly generationId: number;
  readonly memberId: string;
  /** The name of a static member (KIP-345), null for one that is new each time. */
  readonly groupInstanceId: string | null;
}
