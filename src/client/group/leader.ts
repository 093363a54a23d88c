import { MillraceError } from "../../errors.ts";
import type { Metadata } from "../metadata.ts";
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
 * member gets. Throws `INVALID_STATE`, with the assignor's own error as the cause if there is one,
 * when the assignor fails or takes partitions from members that still have them.
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
    const text = `the assignor "${assignor.name}" failed to assign partitions to ${members.length} members`;
    throw new MillraceError("INVALID_STATE", text, { cause });
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
  for (const member of members) {
    if (member.generationId < newest || member.ownedPartitions.length === 0) continue;
    const owned = new PartitionSet(member.ownedPartitions);
    for (const other of members) {
      if (other === member) continue;
      const own = new PartitionSet(other.ownedPartitions);
      const given = new PartitionSet(assignments.get(other.memberId)?.partitions);
      const stolen = given.where((one) => owned.has(one) && !own.has(one));
      if (stolen.size === 0) continue;
      const text = `the assignor "${name}" gave ${stolen} to ${other.memberId} while ${member.memberId} has it: a cooperative assignor must leave it out until it is given up`;
      throw new MillraceError("INVALID_STATE", text);
    }
  }
}
