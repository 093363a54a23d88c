const seed = 0x9747b28c;
const multiplier = 0x5bd1e995;

/**
 * The 32-bit Murmur2 hash of `bytes[start, end)` as Java's Kafka client computes it, as a signed
 * integer: producers in all languages choose the same partition by it.
 */
export function murmur2(bytes: Uint8Array, start: number = 0, end: number = bytes.length): number {
  let hash = seed ^ (end - start);
  let at = start;
  for (; at + 4 <= end; at += 4) {
    // Little-endian, whatever the machine's order is.
    let word =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    word = Math.imul(word, multiplier);
    word ^= word >>> 24;
    hash = Math.imul(hash, multiplier) ^ Math.imul(word, multiplier);
  }
  if (at < end) {
    if (at + 2 < end) hash ^= (bytes[at + 2] as number) << 16;
    if (at + 1 < end) hash ^= (bytes[at + 1] as number) << 8;
    hash = Math.imul(hash ^ (bytes[at] as number), multiplier);
  }
  hash = Math.imul(hash ^ (hash >>> 13), multiplier);
  return hash ^ (hash >>> 15);
}

/** The partition of 0 to `partitions` − 1 where Kafka's default partitioner puts records with this key. */
export function partitionForKey(key: Uint8Array, partitions: number): number {
  // Java's toPositive(): the sign is cut off, not turned.
  return (murmur2(key) & 0x7fffffff) % partitions;
}
