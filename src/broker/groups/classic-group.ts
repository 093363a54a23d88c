import type { BrokerErrorCode } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { type ClassicMember, metadataOf, type Ticket, type Turn } from "./classic-member.ts";
import type { JoinAnswer, MemberProtocol } from "./classic-protocol.ts";
import { refusedJoin, refusedSync } from "./classic-protocol.ts";
import { groupRecord, groupTombstone } from "./classic-record.ts";
import { consumerProtocolType, subscribedTopics } from "./consumer-subscription.ts";
import type { CoordinatorRecord } from "./coordinator-record.ts";
import type { Group, OffsetActor } from "./group.ts";

/** The states of a classic group, by the names that Kafka's tools show. */
export type ClassicState =
  | "Empty"
  | "PreparingRebalance"
  | "CompletingRebalance"
  | "Stable"
  | "Dead";

/** When members need no longer be waited for in the join phase. */
export interface JoinDeadline {
  readonly at: number;
  /** Set in a new group, which waits for more members as long as new ones come. */
  readonly initial: { readonly delayMs: number; readonly remainingMs: number } | undefined;
}

/**
 * A group whose members share out the work among themselves (Kafka's `ClassicGroup`): its state, its
 * members and the rules that hold between them. What happens as members come and go is in the
 * `classic-join`, `-sync`, `-leave` and `-rebalance` files.
 */
export class ClassicGroup implements Group {
  readonly id: string;
  readonly type = "classic";
  /** By member id, in the order in which they came. */
  readonly members = new Map<string, ClassicMember>();
  /** Member ids by instance id (KIP-345). */
  readonly staticMembers = new Map<string, string>();
  /** Ids that were given out and have not joined yet, with when they are taken back. */
  readonly pendingJoin = new Map<string, number>();
  /** Who has the new generation's JoinGroup answer, and has not asked for its assignment. */
  readonly pendingSync = new Set<string>();
  generation = 0;
  leader: string | undefined;
  protocolName: string | undefined;
  joinDeadline: JoinDeadline | undefined;
  syncDeadline: number | undefined;
  /** Whether someone new has come since the initial delay began. */
  hasNewMember = false;
  /** The type that the members gave; undefined before the first and for groups of offsets alone. */
  ownProtocolType: string | undefined;
  /** When the group came into its state, by the wall clock; undefined where old records do not tell. */
  stateSince: number | undefined;
  #state: ClassicState;
  #previousState: ClassicState = "Dead";
  #awaitingJoin = 0;
  #subscribedTopics: ReadonlySet<string> | undefined;
  /** How many members take part in each protocol. */
  readonly #supporters = new Map<string, number>();

  constructor(id: string, state: "Empty" | "Stable", stateSince: number | undefined) {
    this.id = id;
    this.#state = state;
    this.stateSince = stateSince;
  }

  get state(): ClassicState {
    return this.#state;
  }
  get protocolType(): string {
    return this.ownProtocolType ?? "";
  }
  get isEmpty(): boolean {
    return this.#state === "Empty";
  }
  /** Whether the rebalance under way is the first one after the group was empty. */
  get isInitialRebalance(): boolean {
    return this.#state === "PreparingRebalance" && this.#previousState === "Empty";
  }
  get canRebalance(): boolean {
    return (
      this.#state === "Stable" || this.#state === "CompletingRebalance" || this.#state === "Empty"
    );
  }
  get isConsumerProtocol(): boolean {
    return this.ownProtocolType === consumerProtocolType;
  }
  get awaitingJoin(): number {
    return this.#awaitingJoin;
  }
  get haveAllJoined(): boolean {
    return this.members.size === this.#awaitingJoin && this.pendingJoin.size === 0;
  }
  /** The longest that any member may take to join again. */
  get rebalanceTimeoutMs(): number {
    let longest = 0;
    for (const { rebalanceTimeoutMs } of this.members.values()) {
      if (rebalanceTimeoutMs > longest) longest = rebalanceTimeoutMs;
    }
    return longest;
  }
  get emptySince(): number | undefined {
    return this.ownProtocolType !== undefined && this.isEmpty ? this.stateSince : undefined;
  }
  get keepsOffsets(): boolean {
    if (this.ownProtocolType === undefined || this.isEmpty) return false;
    const isKnown = this.isConsumerProtocol && this.#subscribedTopics !== undefined;
    return !(isKnown && this.#state === "Stable");
  }

  /** Goes to another state, and notes when. */
  become(state: ClassicState, timestamp: number): void {
    this.#previousState = this.#state;
    this.#state = state;
    this.stateSince = timestamp;
  }

  /** Adds a member; the first one leads. It must support a protocol that all others support. */
  add(member: ClassicMember): void {
    if (this.members.size === 0) this.ownProtocolType = member.protocolType;
    if (member.groupInstanceId !== null) this.staticMembers.set(member.groupInstanceId, member.id);
    this.leader ??= member.id;
    this.members.set(member.id, member);
    this.#count(member, 1);
    if (member.join !== undefined) this.#awaitingJoin += 1;
    this.pendingJoin.delete(member.id);
  }

  /** Removes a member, or an id that was given out; where the leader goes, another one leads. */
  remove(memberId: string): void {
    const member = this.members.get(memberId);
    if (member !== undefined) {
      this.members.delete(memberId);
      this.#count(member, -1);
      if (member.join !== undefined) this.#awaitingJoin -= 1;
      if (member.groupInstanceId !== null) this.staticMembers.delete(member.groupInstanceId);
    }
    if (this.leader === memberId) this.leader = this.members.keys().next().value;
    this.pendingJoin.delete(memberId);
    this.pendingSync.delete(memberId);
  }

  /** Gives a static member another id; who waits under the old one is told that it is fenced (KIP-345). */
  replace(old: ClassicMember, id: string, turn: Turn): ClassicMember {
    const error = "FENCED_INSTANCE_ID";
    this.answerJoin(old, { ...refusedJoin(error, old.id), protocolName: null }, turn);
    this.answerSync(old, error, turn);
    const member = { ...old, id, isNew: false, expiresAt: undefined };
    this.members.delete(old.id);
    this.members.set(id, member);
    if (this.leader === old.id) this.leader = id;
    if (old.groupInstanceId !== null) this.staticMembers.set(old.groupInstanceId, id);
    return member;
  }

  /** Notes with what a member joins again, and that it waits; an earlier request of its is waited for no more. */
  update(
    member: ClassicMember,
    terms: Pick<ClassicMember, "protocols" | "rebalanceTimeoutMs" | "sessionTimeoutMs">,
    join: Ticket | undefined,
    turn: Turn,
  ): void {
    this.answerJoin(member, refusedJoin("REBALANCE_IN_PROGRESS", member.id), turn);
    this.#count(member, -1);
    member.protocols = terms.protocols;
    member.rebalanceTimeoutMs = terms.rebalanceTimeoutMs;
    member.sessionTimeoutMs = terms.sessionTimeoutMs;
    this.#count(member, 1);
    member.join = join;
    if (join !== undefined) this.#awaitingJoin += 1;
  }

  /** Answers a member's JoinGroup, if it waits. */
  answerJoin(member: ClassicMember, answer: JoinAnswer, turn: Turn): void {
    if (member.join === undefined) return;
    turn.joins.push({ ticket: member.join, answer });
    member.join = undefined;
    this.#awaitingJoin -= 1;
  }

  /** Answers a member's SyncGroup, if it waits, with its assignment or an error; tells whether it did. */
  answerSync(member: ClassicMember, error: BrokerErrorCode | undefined, turn: Turn): boolean {
    if (member.sync === undefined) return false;
    const answer =
      error === undefined
        ? {
            error,
            protocolType: this.ownProtocolType ?? null,
            protocolName: this.protocolName ?? null,
            assignment: member.assignment,
          }
        : refusedSync(error);
    turn.syncs.push({ ticket: member.sync, answer });
    member.sync = undefined;
    return true;
  }

  /** Answers everyone who waits with an error. */
  answerAll(error: BrokerErrorCode, turn: Turn): void {
    for (const member of this.members.values()) {
      this.answerJoin(member, refusedJoin(error, member.id), turn);
      this.answerSync(member, error, turn);
    }
  }

  /** What a member is told of the present generation. */
  joinAnswer(memberId: string): JoinAnswer {
    return {
      error: undefined,
      memberId,
      generationId: this.generation,
      protocolType: this.ownProtocolType ?? null,
      protocolName: this.protocolName ?? null,
      leader: this.leader ?? "",
      skipAssignment: false,
      members: this.leader === memberId ? this.#memberList() : [],
    };
  }

  /** Begins the next generation, with the protocol that most members like best. */
  beginGeneration(timestamp: number): void {
    this.generation += 1;
    this.protocolName = this.members.size === 0 ? undefined : this.selectProtocol();
    this.readSubscriptions();
    this.become(this.members.size === 0 ? "Empty" : "CompletingRebalance", timestamp);
    this.pendingSync.clear();
  }

  /** The protocol that most members vote for among those that all support; the first of several. */
  selectProtocol(): string | undefined {
    const votes = new Map<string, number>();
    for (const { protocols } of this.members.values()) {
      const vote = protocols.find(({ name }) => this.#supporters.get(name) === this.members.size);
      if (vote !== undefined) votes.set(vote.name, (votes.get(vote.name) ?? 0) + 1);
    }
    let chosen: string | undefined;
    for (const [name, count] of votes) {
      if (chosen === undefined || count > (votes.get(chosen) ?? 0)) chosen = name;
    }
    return chosen;
  }

  /** Whether someone who comes with these protocols can work with all members. */
  supports(protocolType: string, protocols: readonly MemberProtocol[]): boolean {
    if (this.isEmpty) return protocolType !== "" && protocols.length > 0;
    if (protocolType !== this.ownProtocolType) return false;
    return protocols.some(({ name }) => (this.#supporters.get(name) ?? 0) === this.members.size);
  }

  /** Makes a member that has joined the leader where the present one has not; false where nobody has. */
  electJoinedLeader(): boolean {
    if (this.leader === undefined) return false;
    if (this.members.get(this.leader)?.join !== undefined) return true;
    for (const member of this.members.values()) {
      if (member.join === undefined) continue;
      this.leader = member.id;
      return true;
    }
    return false;
  }

  /** Works out anew which topics the members subscribe to; unknown where they do not tell it as consumers do. */
  readSubscriptions(): void {
    const { members, protocolName } = this;
    if (!this.isConsumerProtocol) this.#subscribedTopics = undefined;
    else if (members.size === 0) this.#subscribedTopics = new Set();
    else if (protocolName === undefined) this.#subscribedTopics = undefined;
    else {
      const subscriptions = [...members.values()].map((one) => metadataOf(one, protocolName));
      this.#subscribedTopics = subscribedTopics(subscriptions);
    }
  }

  /** Gives the member, or throws UNKNOWN_MEMBER_ID, or FENCED_INSTANCE_ID where another has its instance id. */
  member(memberId: string, groupInstanceId: string | null): ClassicMember {
    if (groupInstanceId !== null) {
      const owner = this.staticMembers.get(groupInstanceId);
      if (owner === undefined) throw unknownMember(memberId, this.id);
      if (owner !== memberId) {
        const message = `instance ${groupInstanceId} of group "${this.id}" is member ${owner} by now, not ${memberId}`;
        throw new BrokerError("FENCED_INSTANCE_ID", message);
      }
    }
    const member = this.members.get(memberId);
    if (member === undefined) throw unknownMember(memberId, this.id);
    return member;
  }

  /** Throws ILLEGAL_GENERATION where a request is not of the present generation. */
  checkGeneration(generationId: number): void {
    if (generationId === this.generation) return;
    const message = `group "${this.id}" is in generation ${this.generation}, not ${generationId}`;
    throw new BrokerError("ILLEGAL_GENERATION", message);
  }

  checkCommit(actor: OffsetActor): undefined {
    const { memberEpoch, memberId, groupInstanceId, isTransactional } = actor;
    if (memberEpoch < 0 && this.isEmpty) return;
    if (memberEpoch >= 0 || memberId !== "" || groupInstanceId !== null) {
      this.member(memberId, groupInstanceId);
      this.checkGeneration(memberEpoch);
    } else if (!isTransactional && !this.isEmpty) {
      throw unknownMember(memberId, this.id);
    }
    if (!isTransactional && this.#state === "CompletingRebalance") {
      const message = `group "${this.id}" waits for its leader's assignment`;
      throw new BrokerError("REBALANCE_IN_PROGRESS", message);
    }
  }

  checkFetch(): void {}

  checkOffsetDelete(): void {
    if (!this.isEmpty && !this.isConsumerProtocol) throw this.#notEmpty();
  }

  isSubscribedTo(topic: string): boolean {
    return this.#subscribedTopics?.has(topic) ?? this.isConsumerProtocol;
  }

  checkDelete(): void {
    if (!this.isEmpty) throw this.#notEmpty();
  }

  deletionRecords(): CoordinatorRecord[] {
    return [groupTombstone(this.id)];
  }

  /** The record of the group as it is now, with the assignments given. */
  record(assignmentOf: (member: ClassicMember) => Buffer): CoordinatorRecord {
    const members = [...this.members.values()].map((member) => ({
      memberId: member.id,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeout: member.rebalanceTimeoutMs,
      sessionTimeout: member.sessionTimeoutMs,
      subscription: metadataOf(member, this.protocolName),
      assignment: assignmentOf(member),
    }));
    return groupRecord(this.id, {
      protocolType: this.protocolType,
      generation: this.generation,
      protocol: this.protocolName ?? null,
      leader: this.leader ?? null,
      currentStateTimestamp: this.stateSince ?? -1,
      members,
    });
  }

  #memberList(): JoinAnswer["members"] {
    return [...this.members.values()].map((member) => ({
      memberId: member.id,
      groupInstanceId: member.groupInstanceId,
      metadata: metadataOf(member, this.protocolName),
    }));
  }

  #count({ protocols }: ClassicMember, step: 1 | -1): void {
    for (const { name } of protocols) {
      const count = (this.#supporters.get(name) ?? 0) + step;
      if (count === 0) this.#supporters.delete(name);
      else this.#supporters.set(name, count);
    }
  }

  #notEmpty(): BrokerError {
    const message = `group "${this.id}" is ${this.#state} and has ${this.members.size} members`;
    return new BrokerError("NON_EMPTY_GROUP", message);
  }
}

function unknownMember(memberId: string, groupId: string): BrokerError {
  return new BrokerError(
    "UNKNOWN_MEMBER_ID",
    `"${memberId}" is not a member of group "${groupId}"`,
  );
}
