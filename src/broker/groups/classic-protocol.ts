import type { BrokerErrorCode } from "../../broker-error-code.ts";
import type { Decision } from "./group-kind.ts";

/** A way of assigning that a member can take part in, with what it tells the leader. */
export interface MemberProtocol {
  readonly name: string;
  readonly metadata: Buffer;
}

/** A JoinGroup request, with what is known of its sender. Its buffers may be kept. */
export interface JoinEvent {
  readonly groupId: string;
  /** "" for a member that has no id yet. */
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly protocolType: string;
  /** The one the member likes best first. */
  readonly protocols: readonly MemberProtocol[];
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly reason: string | null;
  readonly apiVersion: number;
  readonly clientId: string;
  /** As Kafka's records have it: "/127.0.0.1". */
  readonly clientHost: string;
}

/** What JoinGroup is answered with; the fields other than `error` and `memberId` mean nothing beside an error. */
export interface JoinAnswer {
  readonly error: BrokerErrorCode | undefined;
  readonly memberId: string;
  readonly generationId: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly leader: string;
  readonly skipAssignment: boolean;
  /** All members, for the leader's eyes alone. */
  readonly members: readonly {
    readonly memberId: string;
    readonly groupInstanceId: string | null;
    readonly metadata: Buffer;
  }[];
}

/** A SyncGroup request. Its buffers may be kept. */
export interface SyncEvent {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  /** Assignments by member id, from the leader. */
  readonly assignments: ReadonlyMap<string, Buffer>;
}

/** What SyncGroup is answered with. */
export interface SyncAnswer {
  readonly error: BrokerErrorCode | undefined;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly assignment: Buffer;
}

/** A Heartbeat request of the classic protocol. */
export interface HeartbeatEvent {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}

/** A LeaveGroup request. */
export interface LeaveEvent {
  readonly groupId: string;
  readonly members: readonly {
    /** "" to remove a static member by its instance id alone. */
    readonly memberId: string;
    readonly groupInstanceId: string | null;
    readonly reason: string | null;
  }[];
}

/** What became of each member that was to leave, in the request's order. */
export type LeaveAnswer = readonly {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly error: BrokerErrorCode | undefined;
}[];

/**
 * The four requests of the classic group protocol: what classic groups do with them, and consumer
 * groups for those of their members that still speak it (KIP-848). What an operation throws
 * (`BrokerError`) is the request's answer.
 */
export interface ClassicProtocol {
  join(event: JoinEvent, now: number): Decision<JoinAnswer | Promise<JoinAnswer>>;
  sync(event: SyncEvent, now: number): Decision<SyncAnswer | Promise<SyncAnswer>>;
  /** Gives REBALANCE_IN_PROGRESS where the member is to join again. */
  heartbeat(event: HeartbeatEvent, now: number): Decision<BrokerErrorCode | undefined>;
  leave(event: LeaveEvent, now: number): Decision<LeaveAnswer>;
}

/** The answer to a JoinGroup that failed. */
export function refusedJoin(error: BrokerErrorCode, memberId: string): JoinAnswer {
  return {
    error,
    memberId,
    generationId: -1,
    protocolType: null,
    protocolName: "",
    leader: "",
    skipAssignment: false,
    members: [],
  };
}

const noAssignment = Buffer.alloc(0);

/** The answer to a SyncGroup that failed. */
export function refusedSync(error: BrokerErrorCode): SyncAnswer {
  return { error, protocolType: null, protocolName: null, assignment: noAssignment };
}
