import { BrokerError } from "../../../errors.ts";
import {
  containsAny,
  noPartitionEpochs,
  type PartitionEpochs,
  type PartitionList,
  type Partitions,
} from "./assignment.ts";
import type { Member } from "./member.ts";

/** What a member's way to its target assignment depends on, besides the member itself. */
export interface Reconciliation {
  readonly targetEpoch: number;
  readonly target: Partitions;
  /** Whether partitions of topics that the member is no longer subscribed to must go now. */
  readonly hasSubscriptionChanged: boolean;
  isSubscribed(topicId: string): boolean;
  /** Whether any member has the partition or is about to give it up. */
  isOwned(topicId: string, partition: number): boolean;
  /** What the member says that it has; undefined where it did not say. */
  readonly owned: PartitionList | undefined;
}

/**
 * Takes a member one step towards its target assignment (`CurrentAssignmentBuilder`): first it gives up
 * what it is not to have, then it moves on to the target's epoch and gets what is free, and then what
 * others let go of. Gives the same object where nothing changes; throws FENCED_MEMBER_EPOCH where the
 * member must begin anew.
 */
export function reconcile(member: Member, reconciliation: Reconciliation): Member {
  const { targetEpoch, hasSubscriptionChanged, owned } = reconciliation;
  switch (member.state) {
    case "stable":
      if (member.epoch !== targetEpoch) return next(member, member.epoch, reconciliation);
      return hasSubscriptionChanged ? unsubscribe(member, reconciliation) : member;
    case "unrevoked-partitions":
      if (!stillHas(member.pendingRevocation, owned)) {
        return next(member, member.epoch, reconciliation);
      }
      return hasSubscriptionChanged ? unsubscribe(member, reconciliation) : member;
    case "unreleased-partitions":
      return next(member, member.epoch, reconciliation);
    case "unknown":
      if (owned === undefined || owned.length > 0) {
        const message =
          "The consumer group member is in a unknown state. The member must abandon all its partitions and rejoin.";
        throw new BrokerError("FENCED_MEMBER_EPOCH", message);
      }
      return next(member, targetEpoch, reconciliation);
    default:
      return member.state satisfies never;
  }
}

/** A member that did not say what it has is taken to have everything still. */
function stillHas(partitions: PartitionEpochs, owned: PartitionList | undefined): boolean {
  return owned === undefined || containsAny(partitions, owned);
}

/** Takes away what the member is no longer subscribed to, in its present epoch. */
function unsubscribe(member: Member, { isSubscribed, owned }: Reconciliation): Member {
  const kept = new Map<string, ReadonlyMap<number, number>>();
  const leaving = new Map(member.pendingRevocation);
  for (const [topicId, epochs] of member.assigned) {
    if (isSubscribed(topicId)) kept.set(topicId, epochs);
    else leaving.set(topicId, new Map([...(leaving.get(topicId) ?? []), ...epochs]));
  }
  if (kept.size === member.assigned.size) return member;
  if (stillHas(leaving, owned)) {
    return {
      ...atEpoch(member, member.epoch),
      state: "unrevoked-partitions",
      assigned: kept,
      pendingRevocation: leaving,
    };
  }
  return { ...atEpoch(member, member.epoch), assigned: kept };
}

function next(member: Member, epoch: number, reconciliation: Reconciliation): Member {
  const { targetEpoch } = reconciliation;
  const { kept, leaving, coming, isWaiting } = split(member, reconciliation);
  if (leaving.size > 0 && stillHas(leaving, reconciliation.owned)) {
    return {
      ...atEpoch(member, epoch),
      state: "unrevoked-partitions",
      assigned: kept,
      pendingRevocation: leaving,
    };
  }
  const assigned = new Map(kept);
  for (const [topicId, partitions] of coming) {
    const epochs = new Map(assigned.get(topicId) ?? []);
    for (const partition of partitions) epochs.set(partition, targetEpoch);
    assigned.set(topicId, epochs);
  }
  return {
    ...atEpoch(member, targetEpoch),
    state: isWaiting ? "unreleased-partitions" : "stable",
    assigned,
    pendingRevocation: noPartitionEpochs,
  };
}

interface Split {
  /** What the member has and is to have. */
  readonly kept: Map<string, ReadonlyMap<number, number>>;
  /** What it has and is not to have. */
  readonly leaving: Map<string, ReadonlyMap<number, number>>;
  /** What it is to have and nobody else has. */
  readonly coming: Map<string, readonly number[]>;
  /** Whether others have some of what it is to have. */
  readonly isWaiting: boolean;
}

function split(member: Member, reconciliation: Reconciliation): Split {
  const kept: Split["kept"] = new Map();
  const leaving: Split["leaving"] = new Map();
  const coming: Split["coming"] = new Map();
  let isWaiting = false;
  const { target, isSubscribed, isOwned } = reconciliation;
  for (const topicId of new Set([...target.keys(), ...member.assigned.keys()])) {
    const wanted = (isSubscribed(topicId) ? target.get(topicId) : undefined) ?? new Set<number>();
    const held = member.assigned.get(topicId) ?? new Map<number, number>();
    const staying = new Map([...held].filter(([partition]) => wanted.has(partition)));
    const going = new Map([...held].filter(([partition]) => !wanted.has(partition)));
    // What the member itself has just given up counts as free: only one can own a partition.
    const wasOurs = member.pendingRevocation.get(topicId);
    const missing = [...wanted].filter((partition) => !held.has(partition));
    const free = missing.filter(
      (partition) => !isOwned(topicId, partition) || wasOurs?.has(partition) === true,
    );
    isWaiting ||= free.length < missing.length;
    if (staying.size > 0) kept.set(topicId, staying);
    if (going.size > 0) leaving.set(topicId, going);
    if (free.length > 0) coming.set(topicId, free);
  }
  return { kept, leaving, coming, isWaiting };
}

function atEpoch(member: Member, epoch: number): Member {
  return { ...member, epoch, previousEpoch: member.epoch };
}
