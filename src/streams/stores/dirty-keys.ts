import { bytesOf } from "./byte-text.ts";

const loadFactor = 0.75;

/**
 * Keys that changed since they were last drained, in the order of a Java `HashSet<Bytes>`: Kafka Streams
 * logs a buffer's changes in that order, and so do we. As there, the table never shrinks.
 */
export class DirtyKeys {
  readonly #hashes = new Map<string, number>();
  #buckets = 16;

  add(text: string): void {
    if (this.#hashes.has(text)) return;
    this.#hashes.set(text, spread(hashOf(bytesOf(text))));
    if (this.#hashes.size > this.#buckets * loadFactor) this.#buckets *= 2;
  }

  /** All keys; none is left. */
  drain(): string[] {
    const mask = this.#buckets - 1;
    const keys = [...this.#hashes];
    this.#hashes.clear();
    // Sorting is stable: within a bucket the order is that of insertion.
    keys.sort(([, one], [, other]) => (one & mask) - (other & mask));
    return keys.map(([text]) => text);
  }
}

/** `Arrays.hashCode(byte[])`. */
function hashOf(bytes: Buffer): number {
  let hash = 1;
  for (const byte of bytes) hash = (Math.imul(hash, 31) + ((byte << 24) >> 24)) | 0;
  return hash;
}

function spread(hash: number): number {
  return hash ^ (hash >>> 16);
}
