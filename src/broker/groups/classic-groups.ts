import type { BrokerErrorCode } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { groupRecordKind } from "../../protocol/index.ts";
import type { Random } from "../../random.ts";
import { ClassicGroup } from "./classic-group.ts";
import { joinGroup } from "./classic-join.ts";
import { heartbeat, leaveGroup } from "./classic-leave.ts";
import { type ClassicMember, type ClassicSettings, type Ticket, Turn } from "./classic-member.ts";
import {
  type ClassicProtocol,
  type HeartbeatEvent,
  type JoinAnswer,
  type JoinEvent,
  type LeaveAnswer,
  type LeaveEvent,
  refusedJoin,
  refusedSync,
  type SyncAnswer,
  type SyncEvent,
} from "./classic-protocol.ts";
import { keepAlive, nextDeadline, passTime, prepareRebalance } from "./classic-rebalance.ts";
import { decodeGroupRecord, emptyGroupRecord, type GroupState } from "./classic-record.ts";
import { syncGroup } from "./classic-sync.ts";
import type { Decision, DueRecords, GroupKind } from "./group-kind.ts";

/** All classic groups, and the requests that wait for something to happen in them. */
export class ClassicGroups implements GroupKind, ClassicProtocol {
  readonly type = "classic";
  readonly recordKinds: readonly number[] = [groupRecordKind.groupMetadata];
  readonly groups = new Map<string, ClassicGroup>();
  readonly #settings: ClassicSettings;
  readonly #random: Random;
  readonly #timestamp: () => number;
  readonly #joins = new Map<Ticket, (answer: JoinAnswer) => void>();
  readonly #syncs = new Map<Ticket, (answer: SyncAnswer) => void>();
  #lastTicket: Ticket = 0;
  /** No later than the earliest deadline of all groups; sessions that are renewed leave it behind. */
  #wakeAt = Number.POSITIVE_INFINITY;

  constructor({
    settings,
    random,
    timestamp,
  }: {
    readonly settings: ClassicSettings;
    readonly random: Random;
    /** The wall clock. */
    readonly timestamp: () => number;
  }) {
    this.#settings = settings;
    this.#random = random;
    this.#timestamp = timestamp;
  }

  get nextTickAt(): number | undefined {
    return this.#wakeAt === Number.POSITIVE_INFINITY ? undefined : this.#wakeAt;
  }

  join(event: JoinEvent, now: number): Decision<JoinAnswer | Promise<JoinAnswer>> {
    const refuse = (error: BrokerErrorCode) => ({
      records: [],
      result: refusedJoin(error, event.memberId),
    });
    const { min, max } = this.#settings.sessionTimeoutMs;
    if (event.groupId === "") return refuse("INVALID_GROUP_ID");
    if (event.sessionTimeoutMs < min || event.sessionTimeoutMs > max) {
      return refuse("INVALID_SESSION_TIMEOUT");
    }
    const known = this.groups.get(event.groupId);
    if (known === undefined && event.memberId !== "") return refuse("UNKNOWN_MEMBER_ID");
    const turn = this.#turn(now);
    const group = known ?? this.ensure(event.groupId);
    const ticket = this.#ticket();
    const { promise, resolve } = Promise.withResolvers<JoinAnswer>();
    this.#joins.set(ticket, resolve);
    const newId = `${event.groupInstanceId ?? event.clientId}-${this.#random.uuid()}`;
    joinGroup(group, { event, ticket, newId }, turn);
    if (known === undefined && turn.stores.length === 0) this.#storeNew(group, ticket, turn);
    return this.#decide(turn, promise);
  }

  sync(event: SyncEvent, now: number): Decision<SyncAnswer | Promise<SyncAnswer>> {
    const refuse = (error: BrokerErrorCode) => ({ records: [], result: refusedSync(error) });
    if (event.groupId === "") return refuse("INVALID_GROUP_ID");
    const group = this.groups.get(event.groupId);
    if (group === undefined || group.isEmpty) return refuse("UNKNOWN_MEMBER_ID");
    const turn = this.#turn(now);
    const ticket = this.#ticket();
    const { promise, resolve } = Promise.withResolvers<SyncAnswer>();
    this.#syncs.set(ticket, resolve);
    syncGroup(group, { event, ticket }, turn);
    return this.#decide(turn, promise);
  }

  heartbeat(event: HeartbeatEvent, now: number): Decision<BrokerErrorCode | undefined> {
    const turn = this.#turn(now);
    return this.#decide(turn, heartbeat(this.#existing(event.groupId), event, turn));
  }

  leave(event: LeaveEvent, now: number): Decision<LeaveAnswer> {
    const turn = this.#turn(now);
    return this.#decide(turn, leaveGroup(this.#existing(event.groupId), event, turn));
  }

  /** Begins the session of a member that has committed offsets anew, as its heartbeats do. */
  touch(groupId: string, memberId: string, now: number): void {
    const group = this.groups.get(groupId);
    const member = group?.members.get(memberId);
    if (group === undefined || member === undefined) return;
    if (group.state !== "Stable" && group.state !== "PreparingRebalance") return;
    const turn = this.#turn(now);
    keepAlive(member, turn);
    this.#deliver(turn);
  }

  /** The group, made where there is none of this kind: committed offsets need no members. */
  ensure(groupId: string): ClassicGroup {
    const known = this.groups.get(groupId);
    if (known !== undefined) return known;
    const group = new ClassicGroup(groupId, "Empty", this.#timestamp());
    this.groups.set(groupId, group);
    return group;
  }

  /** Forgets a group, say because it is of another kind from now on (KIP-848); who waits is to join again. */
  drop(groupId: string): void {
    const group = this.groups.get(groupId);
    if (group === undefined) return;
    this.#end(group, "REBALANCE_IN_PROGRESS");
    this.groups.delete(groupId);
  }

  /**
   * Puts a group in the place of what replaying its record gave, with all that the record does not say,
   * and begins its sessions (KIP-848: a consumer group becomes a classic one). `rebalance` calls its
   * members in at once.
   */
  install(group: ClassicGroup, now: number, { rebalance }: { readonly rebalance: boolean }): void {
    this.groups.set(group.id, group);
    const turn = this.#turn(now);
    for (const member of group.members.values()) keepAlive(member, turn);
    if (rebalance) prepareRebalance(group, turn);
    this.#deliver(turn);
  }

  replay(key: Buffer, value: Buffer | null): void {
    const { groupId, state } = decodeGroupRecord(key, value);
    this.drop(groupId);
    if (state !== undefined) this.groups.set(groupId, groupOf(groupId, state));
  }

  loaded(now: number): void {
    const turn = this.#turn(now);
    for (const group of this.groups.values()) {
      for (const member of group.members.values()) keepAlive(member, turn);
      // The setting may have changed: a rebalance lets those who find no room commit first.
      if (group.members.size > this.#settings.maxSize) prepareRebalance(group, turn);
    }
    this.#deliver(turn);
  }

  tick(now: number): DueRecords[] {
    const due: DueRecords[] = [];
    this.#wakeAt = Number.POSITIVE_INFINITY;
    for (const group of [...this.groups.values()]) {
      if (nextDeadline(group) <= now) {
        const turn = this.#turn(now);
        passTime(group, turn);
        const { records, settle } = this.#decide(turn, undefined);
        if (records.length > 0) due.push({ groupId: group.id, records, settle });
      }
      this.#wakeAt = Math.min(this.#wakeAt, nextDeadline(group));
    }
    return due;
  }

  topicsChanged(): void {}

  /** Answers everyone who waits that this broker no longer looks after their groups, and forgets all. */
  close(): void {
    for (const group of this.groups.values()) this.#end(group, "NOT_COORDINATOR");
    this.groups.clear();
    this.#wakeAt = Number.POSITIVE_INFINITY;
  }

  #end(group: ClassicGroup, error: BrokerErrorCode): void {
    const turn = this.#turn(0);
    group.answerAll(error, turn);
    group.become("Dead", turn.timestamp);
    this.#deliver(turn);
  }

  #existing(groupId: string): ClassicGroup {
    if (groupId === "") throw new BrokerError("INVALID_GROUP_ID", "a group needs an id");
    const group = this.groups.get(groupId);
    if (group !== undefined) return group;
    throw new BrokerError("UNKNOWN_MEMBER_ID", `there is no group "${groupId}"`);
  }

  /** A new group is in the log before anyone has joined it for good. */
  #storeNew(group: ClassicGroup, ticket: Ticket, turn: Turn): void {
    const record = emptyGroupRecord(group.id, turn.timestamp);
    const settle = (error: BrokerErrorCode | undefined) => {
      if (error === undefined) return;
      this.groups.delete(group.id);
      turn.joins.push({ ticket, answer: refusedJoin(error, "") });
    };
    turn.stores.push({ record, settle });
  }

  #turn(now: number): Turn {
    return new Turn(now, this.#timestamp(), this.#settings);
  }

  #ticket(): Ticket {
    this.#lastTicket += 1;
    return this.#lastTicket;
  }

  #decide<Result>(turn: Turn, result: Result): Decision<Result> {
    this.#deliver(turn);
    const { stores } = turn;
    if (stores.length === 0) return { records: [], result };
    const settle = (error: BrokerErrorCode | undefined) => {
      for (const store of stores) store.settle(error);
      this.#deliver(turn);
    };
    return { records: stores.map(({ record }) => record), result, settle };
  }

  /** Gives the answers that a turn has brought to those who wait for them. */
  #deliver(turn: Turn): void {
    this.#wakeAt = Math.min(this.#wakeAt, turn.wakeAt);
    for (const { ticket, answer } of turn.joins.splice(0)) {
      this.#joins.get(ticket)?.(answer);
      this.#joins.delete(ticket);
    }
    for (const { ticket, answer } of turn.syncs.splice(0)) {
      this.#syncs.get(ticket)?.(answer);
      this.#syncs.delete(ticket);
    }
  }
}

/** A group as its record has it: stable where it has members, each with the protocol that was chosen. */
function groupOf(groupId: string, state: GroupState): ClassicGroup {
  const { protocolType, protocol, currentStateTimestamp } = state;
  const stateSince = currentStateTimestamp === -1 ? undefined : currentStateTimestamp;
  const group = new ClassicGroup(
    groupId,
    state.members.length > 0 ? "Stable" : "Empty",
    stateSince,
  );
  group.generation = state.generation;
  group.ownProtocolType = protocolType === "" ? undefined : protocolType;
  group.protocolName = protocol ?? undefined;
  group.leader = state.leader ?? undefined;
  for (const one of state.members) group.add(memberOf(one, protocolType, protocol ?? ""));
  group.readSubscriptions();
  return group;
}

function memberOf(
  one: GroupState["members"][number],
  protocolType: string,
  protocol: string,
): ClassicMember {
  return {
    id: one.memberId,
    groupInstanceId: one.groupInstanceId,
    clientId: one.clientId,
    clientHost: one.clientHost,
    protocolType,
    // What is replayed lies in a buffer that is used again.
    protocols: [{ name: protocol, metadata: Buffer.from(one.subscription) }],
    rebalanceTimeoutMs: one.rebalanceTimeout === -1 ? one.sessionTimeout : one.rebalanceTimeout,
    sessionTimeoutMs: one.sessionTimeout,
    assignment: Buffer.from(one.assignment),
    join: undefined,
    sync: undefined,
    isNew: false,
    expiresAt: undefined,
  };
}
