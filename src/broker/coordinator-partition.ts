/**
 * The partition of `__consumer_offsets` or `__transaction_state` that the records of a group or a
 * transactional id lie in: Java's hash of the text, made positive as Kafka's `Utils.abs` does it.
 */
export function coordinatorPartition(id: string, partitionCount: number): number {
  let hash = 0;
  for (let index = 0; index < id.length; index += 1) {
    hash = (Math.imul(hash, 31) + id.charCodeAt(index)) | 0;
  }
  const positive = hash === leastInt ? 0 : Math.abs(hash);
  return positive % partitionCount;
}

/** The one int32 that has no positive counterpart. */
const leastInt = -0x80000000;
