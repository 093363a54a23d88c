import type { BrokerErrorCode } from "../../../broker-error-code.ts";
import { BrokerError } from "../../../errors.ts";
import type { OffsetActor, PartitionCheck } from "../group.ts";
import type { Member } from "./member.ts";

type Members = ReadonlyMap<string, Member>;

/** The first version of OffsetCommit that members of the consumer protocol may use. */
const firstVersionWithEpochs = 9;

/**
 * Checks whether a member may commit (`ConsumerGroup.validateOffsetCommit`). One that comes with an
 * older epoch may do so for the partitions that it has had since then (KIP-1251): the check for that is
 * returned.
 */
export function checkMemberCommit(
  groupId: string,
  members: Members,
  actor: OffsetActor,
): PartitionCheck | undefined {
  const { memberEpoch, isTransactional } = actor;
  if (memberEpoch < 0 && members.size === 0) return undefined;
  const isAnonymous = actor.memberId === "" && actor.groupInstanceId === null;
  if (isTransactional && memberEpoch === -1 && isAnonymous) return undefined;
  const member = knownMember(groupId, members, actor.memberId);
  const isClassic = member.classic !== undefined;
  if (!isTransactional && !isClassic && actor.apiVersion < firstVersionWithEpochs) {
    const message =
      "OffsetCommit version 9 or above must be used by members using the consumer group protocol";
    throw new BrokerError("UNSUPPORTED_VERSION", message);
  }
  if (memberEpoch === member.epoch) return undefined;
  if (memberEpoch > member.epoch) {
    const message = `Received ${epochWord(member)} ${memberEpoch} is newer than current member epoch ${member.epoch}.`;
    throw new BrokerError(staleCode(member), message);
  }
  return (topic, topicId, partition) =>
    checkPartition(member, memberEpoch, { topic, topicId, partition });
}

/** Checks whether a member may ask for offsets (`ConsumerGroup.validateOffsetFetch`). */
export function checkMemberFetch(
  groupId: string,
  members: Members,
  memberId: string | null,
  memberEpoch: number,
): void {
  if (memberId === null && memberEpoch < 0) return;
  const member = knownMember(groupId, members, memberId ?? "");
  if (memberEpoch === member.epoch) return;
  const message = `The received ${epochWord(member)} ${memberEpoch} does not match the expected member epoch ${member.epoch}.`;
  throw new BrokerError(staleCode(member), message);
}

function checkPartition(
  member: Member,
  memberEpoch: number,
  of: { readonly topic: string; readonly topicId: string; readonly partition: number },
): void {
  const epoch =
    member.assigned.get(of.topicId)?.get(of.partition) ??
    member.pendingRevocation.get(of.topicId)?.get(of.partition);
  const name = `${of.topic}-${of.partition}`;
  if (epoch === undefined) {
    const message = `Partition ${name} is not assigned or pending revocation for member.`;
    throw new BrokerError(staleCode(member), message);
  }
  if (memberEpoch < epoch) {
    const message = `Received ${epochWord(member)} ${memberEpoch} is older than assignment epoch ${epoch} for partition ${name}.`;
    throw new BrokerError(staleCode(member), message);
  }
}

function knownMember(groupId: string, members: Members, memberId: string): Member {
  const member = members.get(memberId);
  if (member !== undefined) return member;
  const message = `Member ${memberId} is not a member of group ${groupId}.`;
  throw new BrokerError("UNKNOWN_MEMBER_ID", message);
}

function staleCode({ classic }: Member): BrokerErrorCode {
  return classic === undefined ? "STALE_MEMBER_EPOCH" : "ILLEGAL_GENERATION";
}

function epochWord({ classic }: Member): string {
  return classic === undefined ? "member epoch" : "generation id";
}
