import { isSamePartitionEpochs, type PartitionList } from "./assignment.ts";
import {
  currentRecord,
  epochRecord,
  memberRecord,
  partitionMetadataTombstone,
} from "./consumer-group-record.ts";
import { reconcile } from "./current-assignment.ts";
import { isReconciledTo, isSameMember, isSameNames, type Member } from "./member.ts";
import type { Operation } from "./operation.ts";
import { metadataRefreshIntervalMs } from "./regex-update.ts";
import { subscriptionsOf, topicsOf } from "./subscriptions.ts";
import type { Target } from "./target-assignment.ts";

/** The group's epoch after a member has been updated, and whether all are subscribed to the same topics. */
export interface GroupEpoch {
  readonly epoch: number;
  readonly isHomogeneous: boolean;
}

/** Notes what a member says of itself, if it is new; gives whether it named other topics than before. */
export function updateMember(
  { group, records }: Operation,
  member: Member,
  updated: Member,
): boolean {
  if (isSameMember(member, updated)) return false;
  records.push(memberRecord(group.id, updated));
  return !isSameNames(member.subscribedTopicNames, updated.subscribedTopicNames);
}

/**
 * Bumps the group's epoch where the subscriptions have changed, or topics that they are to
 * (`updateSubscriptionMetadata`).
 */
export function updateEpoch(
  operation: Operation,
  updated: Member,
  hasChanged: boolean,
): GroupEpoch {
  const { group, records, surroundings, now } = operation;
  if (!hasChanged && !group.isRefreshDue(now)) {
    return { epoch: group.epoch, isHomogeneous: group.subscriptions.isHomogeneous };
  }
  const { topics, isHomogeneous } = subscriptionsOf(group.membersWith(updated), group.regexes);
  const hash = surroundings.hashes.of(topics.keys(), surroundings.image());
  const isBumped = hasChanged || hash !== group.metadataHash;
  const epoch = isBumped ? group.epoch + 1 : group.epoch;
  if (isBumped) records.push(epochRecord(group.id, epoch, hash));
  group.refreshAt(now + metadataRefreshIntervalMs, epoch);
  if (group.hasPartitionMetadata) records.push(partitionMetadataTombstone(group.id));
  return { epoch, isHomogeneous };
}

/** Takes the member a step towards its target, and sees to it that it gives up in time what it must. */
export function updateAssignment(
  operation: Operation,
  member: Member,
  target: Target,
  claim: { readonly owned: PartitionList | undefined; readonly hasSubscriptionChanged: boolean },
): Member {
  const { group, records, surroundings, now } = operation;
  if (!claim.hasSubscriptionChanged && isReconciledTo(member, target.epoch)) return member;
  const { topicsById } = surroundings.image();
  const topics = topicsOf(member, group.regexes);
  const updated = reconcile(member, {
    ...claim,
    targetEpoch: target.epoch,
    target: target.partitions,
    isSubscribed: (topicId) => topics.has(topicsById.get(topicId)?.name ?? ""),
    isOwned: (topicId, partition) => group.isOwned(topicId, partition),
  });
  if (isSameMember(member, updated)) return updated;
  records.push(currentRecord(group.id, updated));
  if (updated.classic !== undefined) return updated;
  const { timers } = surroundings;
  if (updated.state === "unrevoked-partitions") {
    const deadline = now + updated.rebalanceTimeoutMs;
    timers.set(group.id, updated.id, "rebalance", deadline, updated.epoch);
  } else timers.cancel(group.id, updated.id, "rebalance");
  return updated;
}

/** Whether a member has other partitions than before, or since other epochs. */
export function hasOtherPartitions(before: Member, after: Member): boolean {
  return !isSamePartitionEpochs(before.assigned, after.assigned);
}
