import { zeroHash } from "../../protocol/index.ts";
import type { ClusterImage, TopicImage } from "../metadata/cluster-image.ts";
import { xxh3 } from "./xxh3.ts";

/**
 * Hashes what a group has to know of its topics, so that a change of them can be told from the group's
 * record alone (KIP-1101; `Utils.computeGroupHash` and `computeTopicHash`, to the bit). One per broker.
 */
export class MetadataHashes {
  readonly #rack: string | undefined;
  /** By the image's object; the count guards against one that grew in place. */
  readonly #cache = new WeakMap<TopicImage, { readonly count: number; readonly hash: bigint }>();

  /** `rack` is `broker.rack`: the rack of every replica, as there is one broker. */
  constructor(rack?: string) {
    this.#rack = rack;
  }

  /** The hash of those of the topics that exist, as 16 hexadecimal digits; zeros for none. */
  of(topicNames: Iterable<string>, image: ClusterImage): string {
    const topics = [...new Set(topicNames)].sort().flatMap((name) => image.topics.get(name) ?? []);
    if (topics.length === 0) return zeroHash;
    const input = Buffer.alloc(topics.length * 8);
    for (const [index, topic] of topics.entries()) {
      input.writeBigUInt64LE(this.#topicHash(topic), index * 8);
    }
    return xxh3(input).toString(16).padStart(16, "0");
  }

  #topicHash(topic: TopicImage): bigint {
    const count = topic.partitions.length;
    const known = this.#cache.get(topic);
    if (known?.count === count) return known.hash;
    const hash = xxh3(topicBytes(topic, this.#rack));
    this.#cache.set(topic, { count, hash });
    return hash;
  }
}

/** What Kafka feeds into a topic's hash: numbers little-endian, text as UTF-16 with its length behind it. */
function topicBytes({ id, name, partitions }: TopicImage, rack: string | undefined): Buffer {
  const uuid = Buffer.from(id.replaceAll("-", ""), "hex");
  const parts = [
    Buffer.of(0),
    uuid.subarray(0, 8).toReversed(),
    uuid.subarray(8).toReversed(),
    text(name),
    int32(partitions.length),
  ];
  const ofRack =
    rack === undefined ? Buffer.alloc(0) : Buffer.concat([int32(rack.length), text(rack)]);
  for (const partition of partitions.keys()) parts.push(int32(partition), ofRack);
  return Buffer.concat(parts);
}

function text(value: string): Buffer {
  return Buffer.concat([Buffer.from(value, "utf16le"), int32(value.length)]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}
