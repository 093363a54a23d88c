import { murmur2, writeText } from "../../protocol/index.ts";
import type { ProducerRecord } from "./record.ts";

/** Chooses a record's partition: a whole number from 0 to `partitionCount` − 1. */
export type Partitioner<K, V> = (record: ProducerRecord<K, V>, partitionCount: number) => number;

/** Keys whose text may take more bytes than this are hashed in a buffer of their own. */
const scratchBytes = 4096;
const scratch = Buffer.allocUnsafeSlow(scratchBytes);

/** The partition where every Kafka client puts records with this key: Murmur2 of its bytes, without the sign. */
export function partitionOfKey(key: string | Uint8Array, partitionCount: number): number {
  if (partitionCount === 1) return 0;
  return (hashOf(key) & 0x7fffffff) % partitionCount;
}

/**
 * Chooses the partition that the next records without a key go to (KIP-794): each with a chance that
 * falls with its backlog, so that slow brokers get less. A backlog of −1 marks a partition without a
 * leader, which is taken only if all are. `random` is at least 0 and below 1.
 */
export function pickPartition(random: number, backlogs: readonly number[]): number {
  const longest = backlogs.reduce((most, one) => Math.max(most, one), -1);
  if (longest < 0) return Math.floor(random * backlogs.length);
  const weightOf = (backlog: number) => (backlog < 0 ? 0 : longest + 1 - backlog);
  let total = 0;
  for (const backlog of backlogs) total += weightOf(backlog);
  let rest = Math.floor(random * total);
  for (const [partition, backlog] of backlogs.entries()) {
    rest -= weightOf(backlog);
    if (rest < 0) return partition;
  }
  return backlogs.length - 1;
}

function hashOf(key: string | Uint8Array): number {
  if (typeof key !== "string") return murmur2(key);
  // A UTF-16 unit takes three bytes at most.
  if (key.length * 3 > scratchBytes) return murmur2(Buffer.from(key));
  return murmur2(scratch, 0, writeText(scratch, key, 0));
}
