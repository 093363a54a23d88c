import { BrokerError } from "../../../errors.ts";
import { zeroHash } from "../../../protocol/index.ts";
import type { CoordinatorRecord } from "../coordinator-record.ts";
import type { Group, OffsetActor, PartitionCheck } from "../group.ts";
import { noPartitions, type Partitions } from "./assignment.ts";
import { groupTombstones } from "./consumer-group-record.ts";
import { isReconciledTo, type Member } from "./member.ts";
import { checkMemberCommit, checkMemberFetch } from "./offset-access.ts";
import { type ResolvedRegex, type Subscriptions, subscriptionsOf } from "./subscriptions.ts";

/** Where a consumer group is on its way (`ConsumerGroup.ConsumerGroupState`). */
export type ConsumerGroupState = "Empty" | "Assigning" | "Reconciling" | "Stable";

/**
 * One group of the consumer protocol (KIP-848), as its records tell. Every member is to reach its part
 * of the target assignment, each at its own pace; the target is made anew when the group's epoch is
 * ahead of it. Only replay changes a group, apart from when its topics are looked at again.
 */
export class ConsumerGroup implements Group {
  // assignmentEpoch ≤ epoch, and no partition has two owners, but in between the records of one batch.
  readonly type = "consumer";
  readonly protocolType = "consumer";
  readonly emptySince = undefined;
  readonly id: string;
  epoch = 1;
  /** Of the topics as they were when the epoch was last bumped. */
  metadataHash = zeroHash;
  /** The epoch of the target assignment; −1 once it has been taken back. */
  assignmentEpoch = 1;
  /** When the target assignment was made, by the wall clock; 0 where that is not known. */
  assignmentTimestamp = 0;
  /** Whether the log has the record about the topics that Kafka up to 4.0 wrote. */
  hasPartitionMetadata = false;
  readonly #members = new Map<string, Member>();
  readonly #memberIds = new Map<string, string>();
  readonly #targets = new Map<string, Partitions>();
  readonly #regexes = new Map<string, ResolvedRegex>();
  /** Who has each partition, or is about to give it up. */
  readonly #owners = new Map<string, Map<number, string>>();
  #subscriptions: Subscriptions | undefined;
  #refresh = { at: Number.NEGATIVE_INFINITY, epoch: 0 };

  constructor(id: string) {
    this.id = id;
  }

  get members(): ReadonlyMap<string, Member> {
    return this.#members;
  }

  /** Parts of the target assignment by member id. */
  get targets(): ReadonlyMap<string, Partitions> {
    return this.#targets;
  }

  get regexes(): ReadonlyMap<string, ResolvedRegex> {
    return this.#regexes;
  }

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  get state(): ConsumerGroupState {
    if (this.isEmpty) return "Empty";
    if (this.epoch > this.assignmentEpoch) return "Assigning";
    for (const member of this.#members.values()) {
      if (!isReconciledTo(member, this.assignmentEpoch)) return "Reconciling";
    }
    return "Stable";
  }

  get subscriptions(): Subscriptions {
    this.#subscriptions ??= subscriptionsOf(this.#members, this.#regexes);
    return this.#subscriptions;
  }

  /** Throws UNKNOWN_MEMBER_ID where there is no such member. */
  member(memberId: string): Member {
    const member = this.#members.get(memberId);
    if (member !== undefined) return member;
    const message = `Member ${memberId} is not a member of group ${this.id}.`;
    throw new BrokerError("UNKNOWN_MEMBER_ID", message);
  }

  staticMember(instanceId: string | null): Member | undefined {
    const memberId = instanceId === null ? undefined : this.#memberIds.get(instanceId);
    return memberId === undefined ? undefined : this.#members.get(memberId);
  }

  /** The members as they are once this one has joined or changed, and replaced the static one it takes over from. */
  membersWith(member: Member): ReadonlyMap<string, Member> {
    const members = new Map(this.#members);
    const replaced = this.staticMember(member.instanceId);
    if (replaced !== undefined) members.delete(replaced.id);
    return members.set(member.id, member);
  }

  target(memberId: string): Partitions {
    return this.#targets.get(memberId) ?? noPartitions;
  }

  /** Whether any member has the partition, or is about to give it up. */
  isOwned(topicId: string, partition: number): boolean {
    return this.#owners.get(topicId)?.has(partition) === true;
  }

  /** Whether the topics are to be looked at again, at a time of the clock's `elapsed`. */
  isRefreshDue(now: number): boolean {
    return now >= this.#refresh.at || this.epoch < this.#refresh.epoch;
  }

  /** Puts the next look at the topics off; it is due at once where the epoch is never reached. */
  refreshAt(at: number, epoch: number): void {
    this.#refresh = { at, epoch };
  }

  /** Has the topics looked at with the next heartbeat. */
  requestRefresh(): void {
    this.refreshAt(Number.NEGATIVE_INFINITY, 0);
  }

  checkCommit(actor: OffsetActor): PartitionCheck | undefined {
    return checkMemberCommit(this.id, this.#members, actor);
  }

  checkFetch(memberId: string | null, memberEpoch: number): void {
    checkMemberFetch(this.id, this.#members, memberId, memberEpoch);
  }

  isSubscribedTo(topic: string): boolean {
    return this.subscriptions.topics.has(topic);
  }

  checkDelete(): void {
    if (!this.isEmpty) throw new BrokerError("NON_EMPTY_GROUP", "The group is not empty.");
  }

  deletionRecords(): CoordinatorRecord[] {
    return groupTombstones(this.id, [...this.#members.keys()], [...this.#regexes.keys()]);
  }

  /** Replay: a member came or changed. */
  setMember(member: Member): void {
    const previous = this.#members.get(member.id);
    if (previous !== undefined) this.#release(previous);
    this.#members.set(member.id, member);
    if (member.instanceId !== null) this.#memberIds.set(member.instanceId, member.id);
    for (const partitions of [member.assigned, member.pendingRevocation]) {
      for (const [topicId, epochs] of partitions) {
        const owners = this.#owners.get(topicId) ?? new Map<number, string>();
        for (const partition of epochs.keys()) owners.set(partition, member.id);
        this.#owners.set(topicId, owners);
      }
    }
    const isSubscribedAlike =
      previous?.subscribedTopicNames === member.subscribedTopicNames &&
      previous.subscribedTopicRegex === member.subscribedTopicRegex;
    if (!isSubscribedAlike) this.#subscriptions = undefined;
  }

  /** Replay: a member is gone. */
  removeMember(memberId: string): void {
    const member = this.#members.get(memberId);
    if (member === undefined) return;
    this.#release(member);
    this.#members.delete(memberId);
    const { instanceId } = member;
    if (instanceId !== null && this.#memberIds.get(instanceId) === memberId) {
      this.#memberIds.delete(instanceId);
    }
    this.#subscriptions = undefined;
  }

  /** Replay: a member is to have other partitions. */
  setTarget(memberId: string, target: Partitions | undefined): void {
    if (target === undefined) this.#targets.delete(memberId);
    else this.#targets.set(memberId, target);
  }

  /** Replay: a regular expression was looked up, or is no longer needed. */
  setRegex(regex: string, resolved: ResolvedRegex | undefined): void {
    if (resolved === undefined) this.#regexes.delete(regex);
    else this.#regexes.set(regex, resolved);
    this.#subscriptions = undefined;
  }

  #release(member: Member): void {
    for (const partitions of [member.assigned, member.pendingRevocation]) {
      for (const [topicId, epochs] of partitions) {
        const owners = this.#owners.get(topicId);
        if (owners === undefined) continue;
        for (const partition of epochs.keys()) {
          if (owners.get(partition) === member.id) owners.delete(partition);
        }
        if (owners.size === 0) this.#owners.delete(topicId);
      }
    }
  }
}
