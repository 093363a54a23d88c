import { BrokerError, DecodeError } from "../../../errors.ts";
import {
  ConsumerProtocolAssignment,
  ConsumerProtocolSubscription,
  Reader,
  Writer,
} from "../../../protocol/index.ts";
import type { ClusterImage } from "../../metadata/cluster-image.ts";
import { type PartitionList, type Partitions, partitionList, partitionsOf } from "./assignment.ts";

/** The newest version of what consumers of classic groups tell one another; later ones only append fields. */
const newestVersion = 3;

/** What a consumer said when it joined as a member of a classic group; its topics are names still. */
export type EmbeddedSubscription = ReturnType<typeof ConsumerProtocolSubscription.decode>;

/** Decodes a member's subscription; undefined where it makes no sense. */
export function decodeSubscription(metadata: Buffer): EmbeddedSubscription | undefined {
  return decoded(metadata, (reader, version) =>
    ConsumerProtocolSubscription.decode(reader, version),
  );
}

/** Decodes a member's assignment; undefined where it makes no sense. No bytes are no assignment. */
export function decodeAssignment(
  bytes: Buffer,
): ReturnType<typeof ConsumerProtocolAssignment.decode> | undefined {
  if (bytes.length === 0) return { assignedPartitions: [], userData: null };
  return decoded(bytes, (reader, version) => ConsumerProtocolAssignment.decode(reader, version));
}

/** Encodes an assignment for a member in the version of its subscription; topics that are gone are left out. */
export function encodeAssignment(
  partitions: Partitions,
  metadata: Buffer,
  image: ClusterImage,
): Buffer {
  const version = versionOf(metadata);
  if (version === undefined) {
    const message = "Malformed embedded consumer protocol in version deserialization.";
    throw new BrokerError("UNKNOWN_SERVER_ERROR", message);
  }
  const assignedPartitions = partitionList(partitions).flatMap(({ topicId, partitions: some }) => {
    const topic = image.topicsById.get(topicId)?.name;
    return topic === undefined ? [] : [{ topic, partitions: some }];
  });
  const writer = new Writer();
  writer.int16(version);
  ConsumerProtocolAssignment.encode(writer, version, { assignedPartitions });
  return writer.toBuffer();
}

/** Partitions of topics by name as those by id; topics that are gone are left out. */
export function byTopicId(
  list: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
  image: ClusterImage,
): PartitionList {
  return list.flatMap(({ topic, partitions }) => {
    const topicId = image.topics.get(topic)?.id;
    return topicId === undefined ? [] : [{ topicId, partitions }];
  });
}

/** As {@link byTopicId}, as sets. */
export function partitionsByTopicId(
  list: Parameters<typeof byTopicId>[0],
  image: ClusterImage,
): Partitions {
  return partitionsOf(byTopicId(list, image));
}

function versionOf(bytes: Buffer): number | undefined {
  if (bytes.length < 2) return undefined;
  const version = bytes.readInt16BE(0);
  return version < 0 ? undefined : Math.min(version, newestVersion);
}

function decoded<T>(bytes: Buffer, decode: (reader: Reader, version: number) => T): T | undefined {
  const version = versionOf(bytes);
  if (version === undefined) return undefined;
  try {
    return decode(new Reader(bytes, { position: 2 }), version);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
