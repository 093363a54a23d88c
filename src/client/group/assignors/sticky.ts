import { DecodeError } from "../../../errors.ts";
import { Reader, StickyUserData, Writer } from "../../../protocol/index.ts";
import type {
  AssignableTopics,
  Assignment,
  Assignor,
  GroupMember,
  PreviousAssignment,
} from "../assignor.ts";
import { groupedByTopic } from "../partition-set.ts";
import { type StickyMember, shareOut } from "./sticky-balance.ts";

/**
 * Shares partitions out evenly, and leaves each with the member that had it last where it can; in
 * the eager protocol, so that members remember what they had in their user data. Works in groups
 * with Kafka's StickyAssignor, and keeps the same promises.
 */
export const sticky: Assignor = {
  name: "sticky",
  protocols: ["eager"],
  subscriptionUserData: (_topics, previous) => (previous ? encodePrevious(previous) : null),
  assign: assignSticky,
};

function assignSticky(
  topics: AssignableTopics,
  members: readonly GroupMember[],
): ReadonlyMap<string, Assignment> {
  const { partitions } = shareOut(topics, members.map(withPrevious));
  return new Map([...partitions].map(([memberId, given]) => [memberId, { partitions: given }]));
}

function encodePrevious({ partitions, generationId }: PreviousAssignment): Uint8Array {
  const writer = new Writer();
  const previousAssignment = [...groupedByTopic(partitions)].map(([topic, ofTopic]) => ({
    topic,
    partitions: ofTopic.map(({ partition }) => partition),
  }));
  StickyUserData.encode(writer, 1, { previousAssignment, generation: generationId });
  return writer.toBuffer();
}

function withPrevious({ memberId, topics, userData }: GroupMember): StickyMember {
  const previous = userData
    ? (decodePrevious(userData, 1) ?? decodePrevious(userData, 0))
    : undefined;
  const owned = (previous?.previousAssignment ?? []).flatMap(({ topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  );
  return { memberId, topics, owned, generationId: previous?.generation ?? -1 };
}

/** What makes no sense is passed over: the member then counts as new. */
function decodePrevious(userData: Buffer, version: number) {
  try {
    return StickyUserData.decode(new Reader(userData), version);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
