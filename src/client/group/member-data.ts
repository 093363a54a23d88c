import {
  ConsumerProtocolAssignment,
  ConsumerProtocolSubscription,
  Reader,
  Writer,
} from "../../protocol/index.ts";
import type { TopicPartition } from "../topic-partition.ts";
import type { Assignment, GroupMember } from "./assignor.ts";
import { groupedByTopic, PartitionSet } from "./partition-set.ts";

/** The newest version of the consumer protocol's messages; what is newer is read as if it were this. */
const newest = 3;

/** Writes what a member tells the leader, as JoinGroup carries it: an int16 with the version goes first. */
export function encodeSubscription(
  member: Omit<GroupMember, "memberId" | "groupInstanceId" | "userData"> & {
    readonly userData: Uint8Array | null;
  },
): Buffer {
  const writer = new Writer();
  writer.int16(newest);
  ConsumerProtocolSubscription.encode(writer, newest, {
    topics: member.topics.toSorted(),
    userData: member.userData,
    ownedPartitions: byTopic(new PartitionSet(member.ownedPartitions)),
    generationId: member.generationId,
    rackId: member.rackId,
  });
  return writer.toBuffer();
}

/** Reads what a member told the leader; throws a `DecodeError` where it is malformed. */
export function decodeSubscription(
  memberId: string,
  groupInstanceId: string | null,
  bytes: Buffer,
): GroupMember {
  const reader = new Reader(bytes);
  const version = Math.min(reader.int16(), newest);
  const told = ConsumerProtocolSubscription.decode(reader, version);
  const { topics, userData, generationId } = told;
  const ownedPartitions = partitionsOf(told.ownedPartitions);
  const rackId = told.rackId || null;
  return { memberId, groupInstanceId, topics, userData, ownedPartitions, generationId, rackId };
}

/** Writes what the leader gives a member, as SyncGroup carries it. */
export function encodeAssignment({ partitions, userData = null }: Assignment): Buffer {
  const writer = new Writer();
  writer.int16(newest);
  const assignedPartitions = byTopic(partitions);
  ConsumerProtocolAssignment.encode(writer, newest, { assignedPartitions, userData });
  return writer.toBuffer();
}

/** Reads what the leader gave this member; nothing at all stands for no partitions. */
export function decodeAssignment(bytes: Buffer): Assignment {
  if (bytes.length === 0) return { partitions: [], userData: null };
  const reader = new Reader(bytes);
  const version = Math.min(reader.int16(), newest);
  const { assignedPartitions, userData } = ConsumerProtocolAssignment.decode(reader, version);
  return { partitions: partitionsOf(assignedPartitions), userData };
}

interface TopicPartitions {
  readonly topic: string;
  readonly partitions: readonly number[];
}

function byTopic(partitions: Iterable<TopicPartition>): TopicPartitions[] {
  return [...groupedByTopic(partitions)].map(([topic, ofTopic]) => ({
    topic,
    partitions: ofTopic.map(({ partition }) => partition),
  }));
}

function partitionsOf(topics: readonly TopicPartitions[]): TopicPartition[] {
  return topics.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  );
}
