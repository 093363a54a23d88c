import { BrokerError } from "../../../errors.ts";
import { zeroHash } from "../../../protocol/index.ts";
import type { CoordinatorRecord } from "../coordinator-record.ts";
import type { Group, OffsetActor, PartitionCheck } from "../group.ts";
import { checkOffsetCommit } from "./commit-check.ts";
import type { ConfiguredTopology } from "./configured-topology.ts";
import { isReconciledTo, type Member } from "./member.ts";
import { type GroupMetadata, groupTombstones } from "./records.ts";
import { TaskOwners } from "./task-owners.ts";
import { noTasks, type Tasks } from "./tasks.ts";
import type { Topology } from "./topology.ts";

/**
 * The states of a streams group, as ListGroups and StreamsGroupDescribe name them. A group is not ready
 * while its topology lacks topics.
 */
export type StreamsGroupState = "Empty" | "NotReady" | "Assigning" | "Reconciling" | "Stable";

/** When the target assignment was made, and for which epoch of the group. */
export interface TargetMetadata {
  readonly epoch: number;
  /** By the wall clock in milliseconds; 0 for not known. */
  readonly timestamp: number;
}

/**
 * A streams group (KIP-1071, `StreamsGroup`): what the records in the log say of it, which replay
 * changes and nothing else, and beside it a little that is not kept over a restart.
 */
export class StreamsGroup implements Group {
  readonly id: string;
  readonly type = "streams";
  readonly protocolType = "streams";
  /** Offsets expire by their own age: that of a group that is not empty may be of a topic it no longer reads. */
  readonly emptySince = undefined;
  /** Which processes have which tasks. */
  readonly owners = new TaskOwners();
  /** Soft: what the topology amounts to with the topics that there are. */
  configured: ConfiguredTopology | undefined;
  /** Soft: the member that asked for the application's shutdown; forgotten when the group is empty. */
  shutdownMemberId: string | undefined;
  /** Soft: counts up whenever members with an endpoint get or lose tasks. */
  endpointEpoch = 0;
  readonly #members = new Map<string, Member>();
  readonly #targets = new Map<string, Tasks>();
  #topology: Topology | undefined;
  #target: TargetMetadata = { epoch: 1, timestamp: 0 };
  #metadata: GroupMetadata = {
    epoch: 1,
    metadataHash: zeroHash,
    validatedTopologyEpoch: 0,
    assignmentConfigs: new Map(),
  };
  /** Until when the metadata hash holds, by the clock's `elapsed`, and from which group epoch on. */
  #refresh = { at: Number.NEGATIVE_INFINITY, epoch: 0 };

  constructor(id: string) {
    this.id = id;
  }

  get members(): ReadonlyMap<string, Member> {
    return this.#members;
  }

  /** The target assignment by member. */
  get targets(): ReadonlyMap<string, Tasks> {
    return this.#targets;
  }

  get target(): TargetMetadata {
    return this.#target;
  }

  get metadata(): GroupMetadata {
    return this.#metadata;
  }

  get epoch(): number {
    return this.#metadata.epoch;
  }

  get topology(): Topology | undefined {
    return this.#topology;
  }

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  get state(): StreamsGroupState {
    if (this.isEmpty) return "Empty";
    if (this.#topology?.epoch !== this.#metadata.validatedTopologyEpoch) return "NotReady";
    if (this.epoch > this.#target.epoch) return "Assigning";
    for (const member of this.#members.values()) {
      if (!isReconciledTo(member, this.#target.epoch)) return "Reconciling";
    }
    return "Stable";
  }

  /** The member; throws UNKNOWN_MEMBER_ID where there is none. */
  member(memberId: string): Member {
    const member = this.#members.get(memberId);
    if (member !== undefined) return member;
    const message = `Member ${memberId} is not a member of group ${this.id}.`;
    throw new BrokerError("UNKNOWN_MEMBER_ID", message);
  }

  /** What a member is to have. */
  targetOf(memberId: string): Tasks {
    return this.#targets.get(memberId) ?? noTasks;
  }

  /** Soft: the metadata hash is to be computed anew with the next heartbeat. */
  requestRefresh(): void {
    this.#refresh = { at: Number.NEGATIVE_INFINITY, epoch: 0 };
  }

  /**
   * Soft: the metadata hash holds until then, once the group has come to the epoch. Where the record
   * that was to bring it there was not written, it does not.
   */
  refreshed(until: number, epoch: number): void {
    this.#refresh = { at: until, epoch };
  }

  /** Whether the metadata hash is to be computed anew. */
  needsRefresh(now: number): boolean {
    return now >= this.#refresh.at || this.epoch < this.#refresh.epoch;
  }

  /** Replay only. */
  putMember(member: Member): void {
    const before = this.#members.get(member.id);
    if (before !== undefined) this.owners.remove(before);
    this.owners.add(member);
    this.#members.set(member.id, member);
  }

  /** Replay only. */
  removeMember(memberId: string): void {
    const before = this.#members.get(memberId);
    if (before === undefined) return;
    this.owners.remove(before);
    this.#members.delete(memberId);
    if (this.isEmpty) this.shutdownMemberId = undefined;
  }

  /** Replay only. */
  setTarget(memberId: string, target: Tasks | undefined): void {
    if (target === undefined) this.#targets.delete(memberId);
    else this.#targets.set(memberId, target);
  }

  /** Replay only. */
  setTargetMetadata(metadata: TargetMetadata): void {
    this.#target = metadata;
  }

  /** Replay only. */
  setMetadata(metadata: GroupMetadata): void {
    this.#metadata = metadata;
  }

  /** Replay only. */
  setTopology(topology: Topology | undefined): void {
    this.#topology = topology;
  }

  checkCommit(actor: OffsetActor): PartitionCheck | undefined {
    return checkOffsetCommit(this, actor);
  }

  checkFetch(memberId: string | null, memberEpoch: number): void {
    if (memberId === null && memberEpoch < 0) return;
    const member = this.member(memberId ?? "");
    if (memberEpoch === member.epoch) return;
    const message = `The received member epoch ${memberEpoch} does not match the expected member epoch ${member.epoch}.`;
    throw new BrokerError("STALE_MEMBER_EPOCH", message);
  }

  isSubscribedTo(topic: string): boolean {
    return !this.isEmpty && this.#topology?.readers.has(topic) === true;
  }

  checkDelete(): void {
    if (this.isEmpty) return;
    throw new BrokerError("NON_EMPTY_GROUP", "The group is not empty.");
  }

  deletionRecords(): CoordinatorRecord[] {
    return groupTombstones(this.id, [...this.#members.keys()]);
  }
}
