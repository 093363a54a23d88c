/** Who an idempotent producer is to the brokers (KIP-98): they refuse an older epoch of the same id. */
export interface ProducerIdentity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** Where partitions get the identity under which they number their records. */
export interface Identities {
  /** The present one; undefined while it has yet to be got from a broker. */
  readonly identity: ProducerIdentity | undefined;
  /**
   * One that is newer than `stale`, under which a partition can number from 0 again (KIP-360);
   * undefined while there is none.
   */
  newerThan(stale: ProducerIdentity): ProducerIdentity | undefined;
}

/** The greatest epoch that there is: an int16 on the wire. */
export const greatestEpoch = 32_767;
