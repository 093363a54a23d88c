import { partitionName } from "../../topic-partition.ts";
import type { AssignableTopics, Assignment, Assignor, GroupMember } from "../assignor.ts";
import { type StickyMember, shareOut } from "./sticky-balance.ts";

/**
 * Shares partitions out evenly, leaves each with the member that has it where it can, and lets
 * members go on with those that stay (KIP-429). Works in groups with Kafka's
 * CooperativeStickyAssignor, and keeps the same promises.
 */
export const cooperativeSticky: Assignor = {
  name: "cooperative-sticky",
  protocols: ["cooperative", "eager"],
  subscriptionUserData: (_topics, previous) => encodeGeneration(previous?.generationId ?? -1),
  assign: assignCooperatively,
};

function assignCooperatively(
  topics: AssignableTopics,
  members: readonly GroupMember[],
): ReadonlyMap<string, Assignment> {
  const { partitions, contested } = shareOut(topics, members.map(withGeneration));
  const owners = new Map<string, Set<string>>();
  for (const { memberId, ownedPartitions } of members) {
    for (const { topic, partition } of ownedPartitions) {
      const name = partitionName(topic, partition);
      owners.set(name, (owners.get(name) ?? new Set()).add(memberId));
    }
  }
  // What another has is withheld until that one has given it up; it rejoins right after. A contested
  // partition must be given up by everyone.
  const isFree = (name: string, memberId: string) => {
    const claimants = owners.get(name);
    return !claimants || (claimants.has(memberId) && !contested.has(name));
  };
  return new Map(
    [...partitions].map(([memberId, given]) => [
      memberId,
      {
        partitions: given.filter(({ topic, partition }) =>
          isFree(partitionName(topic, partition), memberId),
        ),
      },
    ]),
  );
}

function encodeGeneration(generation: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(generation);
  return bytes;
}

/** Clients since Kafka 3.2 tell the generation themselves; before, it stood in the user data. */
function withGeneration(member: GroupMember): StickyMember {
  const { memberId, topics, ownedPartitions: owned, userData, generationId: told } = member;
  const hasUserData = told < 0 && userData !== null && userData.length >= 4;
  const generationId = hasUserData ? userData.readInt32BE(0) : told;
  return { memberId, topics, owned, generationId };
}
