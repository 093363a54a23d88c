import { MillraceError, reasonOf } from "../../errors.ts";
import type { Metadata } from "../metadata.ts";
import { partitionName } from "../topic-partition.ts";
import type { AssignablePartition, Assignment, Assignor, GroupMember } from "./assignor.ts";
import type { JoinedMember, MemberAssignment } from "./classic-protocol.ts";
import { decodeSubscription, encodeAssignment } from "./member-data.ts";
import { PartitionSet } from "./partition-set.ts";

/** Reads what a group's members told their leader. */
export function membersOf(joined: readonly JoinedMember[]): GroupMember[] {
  return joined.map(({ memberId, groupInstanceId, metadata }) =>
    decodeSubscription(memberId, groupInstanceId, metadata),
  );
}

/** The topics that members subscribe to, each once. */
export function topicsOf(members: readonly GroupMember[]): string[] {
  return [...new Set(members.flatMap(({ topics }) => topics))];
}

/**
 * Does the leader's work: has the assignor share out the topics that exist, and encodes what each
 * member gets. Throws when the assignor fails, with its own error as the cause and that one's code if it has one,
 * and `INVALID_STATE` when it takes partitions from members that still have them.
 */
export async function assignGroup(
  assignor: Assignor,
  members: readonly GroupMember[],
  metadata: Metadata,
): Promise<MemberAssignment[]> {
  let assignments: ReadonlyMap<string, Assignment>;
  try {
    assignments = await assignor.assign(assignableTopics(topicsOf(members), metadata), members);
  } catch (cause) {
    const code = cause instanceof MillraceError ? cause.code : "INVALID_STATE";
    const text = `the assignor "${assignor.name}" failed to assign partitions to ${members.length} members: ${reasonOf(cause)}`;
    throw new MillraceError(code, text, { cause });
  }
  if (assignor.protocols.includes("cooperative")) refuseTheft(assignor.name, members, assignments);
  return members.map(({ memberId }) => ({
    memberId,
    assignment: encodeAssignment(assignments.get(memberId) ?? { partitions: [] }),
  }));
}

function assignableTopics(
  names: readonly string[],
  metadata: Metadata,
): ReadonlyMap<string, readonly AssignablePartition[]> {
  const topics = new Map<string, readonly AssignablePartition[]>();
  const rackOf = (broker: number) => metadata.broker(broker)?.rack ?? "";
  for (const name of names) {
    const partitions = metadata.topic(name)?.partitions ?? [];
    if (partitions.length === 0) continue;
    const assignable = partitions.map(({ partition, replicas }) => ({
      partition,
      racks: replicas.map(rackOf).filter((rack) => rack !== ""),
    }));
    topics.set(name, assignable);
  }
  return topics;
}

/**
 * In the cooperative protocol nobody may get what another has not given up: two would read the same
 * records. Of members with different generations, the older one's word does not count.
 */
function refuseTheft(
  name: string,
  members: readonly GroupMember[],
  assignments: ReadonlyMap<string, Assignment>,
): void {
  const newest = Math.max(...members.map(({ generationId }) => generationId));
  const owners = new Map<string, string>();
  for (const { memberId, generationId, ownedPartitions } of members) {
    if (generationId < newest) continue;
    for (const { topic, partition } of ownedPartitions) {
      owners.set(partitionName(topic, partition), memberId);
    }
  }
  for (const { memberId, ownedPartitions } of members) {
    const own = new PartitionSet(ownedPartitions);
    for (const given of assignments.get(memberId)?.partitions ?? []) {
      const owner = owners.get(partitionName(given.topic, given.partition));
      if (owner === undefined || own.has(given)) continue;
      const text = `the assignor "${name}" gave ${given.topic}-${given.partition} to ${memberId} while ${owner} has it: a cooperative assignor must leave it out until it is given up`;
      throw new MillraceError("INVALID_STATE", text);
    }
  }
}
