import { DecodeError } from "../../errors.ts";
import {
  ConsumerProtocolAssignment,
  ConsumerProtocolSubscription,
  type DescribeGroups,
  type Message,
  Reader,
  type ResponseOf,
} from "../../protocol/index.ts";
import type { TopicPartition } from "../topic-partition.ts";
import { authorizedOperations } from "./authorized-operations.ts";
import type { ClassicGroupDescription, ClassicMember } from "./group-description.ts";
import { groupState } from "./group-state.ts";

type Answer = ResponseOf<typeof DescribeGroups>["groups"][number];

/** The protocol type of groups of consumers, whose members' bytes can be read. */
const consumerProtocol = "consumer";
/** The newest version of what consumers tell one another that is known here. */
const newestVersion = 3;

/** A classic group from a coordinator's answer, its members' subscriptions and assignments decoded. */
export function classicGroup(group: Answer, coordinator: number): ClassicGroupDescription {
  const { protocolType, protocolData: assignor } = group;
  return {
    type: "classic",
    groupId: group.groupId,
    state: groupState(group.groupState),
    coordinator,
    authorizedOperations: authorizedOperations(group.authorizedOperations),
    protocolType,
    assignor,
    members: group.members.map((member) => classicMember(member, protocolType)),
  };
}

function classicMember(member: Answer["members"][number], protocolType: string): ClassicMember {
  // The frame is far larger than these slices of it, which the caller may keep.
  const memberMetadata = Buffer.from(member.memberMetadata);
  const memberAssignment = Buffer.from(member.memberAssignment);
  const isConsumer = protocolType === consumerProtocol;
  return {
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId ?? undefined,
    clientId: member.clientId,
    clientHost: member.clientHost.replace(/^\//, ""),
    subscribedTopics: isConsumer ? subscribedTopics(memberMetadata) : [],
    assignment: isConsumer ? assignedPartitions(memberAssignment) : [],
    memberMetadata,
    memberAssignment,
  };
}

function subscribedTopics(bytes: Buffer): readonly string[] {
  return decoded(ConsumerProtocolSubscription, bytes)?.topics ?? [];
}

function assignedPartitions(bytes: Buffer): readonly TopicPartition[] {
  const assignment = decoded(ConsumerProtocolAssignment, bytes);
  return (assignment?.assignedPartitions ?? []).flatMap(({ topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  );
}

/**
 * Reads what a member wrote, after the version in front of it. Nothing is there during a rebalance,
 * and a member may write what it likes: such bytes must not spoil the description of its group.
 */
function decoded<Out>(message: Message<Out, never>, bytes: Buffer): Out | undefined {
  if (bytes.length === 0) return undefined;
  try {
    const reader = new Reader(bytes);
    const version = Math.max(0, Math.min(reader.int16(), newestVersion));
    return message.decode(reader, version);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
