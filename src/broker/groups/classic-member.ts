import type { JoinAnswer, JoinEvent, MemberProtocol, SyncAnswer } from "./classic-protocol.ts";
import type { CoordinatorRecord } from "./coordinator-record.ts";
import type { Settle } from "./group-kind.ts";

/** Stands for one request that waits for its answer. */
export type Ticket = number;

/** One member of a classic group (`ClassicGroupMember`). */
export interface ClassicMember {
  readonly id: string;
  /** Set for a static member (KIP-345). */
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly protocolType: string;
  protocols: readonly MemberProtocol[];
  rebalanceTimeoutMs: number;
  sessionTimeoutMs: number;
  assignment: Buffer;
  /** Its JoinGroup that waits for the others. */
  join: Ticket | undefined;
  /** Its SyncGroup that waits for the leader's. */
  sync: Ticket | undefined;
  /** Whether it has not been through a rebalance yet: then even waiting does not keep it alive for ever. */
  isNew: boolean;
  /** When it counts as gone, by the clock's `elapsed`; undefined once that has been looked at. */
  expiresAt: number | undefined;
}

/** The settings of classic groups; durations in milliseconds. */
export interface ClassicSettings {
  /** `group.min.session.timeout.ms` and `group.max.session.timeout.ms`. */
  readonly sessionTimeoutMs: { readonly min: number; readonly max: number };
  /** `group.initial.rebalance.delay.ms`: how long a new group waits for more members. */
  readonly initialRebalanceDelayMs: number;
  /** `group.max.size`. */
  readonly maxSize: number;
}

/** A record to be appended whose effect on the group waits for, or must be undone with, the append. */
export interface Store {
  readonly record: CoordinatorRecord;
  readonly settle: Settle;
}

/** One event's turn with a group: its time and the settings go in, what is to be done gathers in it. */
export class Turn {
  /** The clock's `elapsed`. */
  readonly now: number;
  /** The wall clock. */
  readonly timestamp: number;
  readonly settings: ClassicSettings;
  readonly joins: { readonly ticket: Ticket; readonly answer: JoinAnswer }[] = [];
  readonly syncs: { readonly ticket: Ticket; readonly answer: SyncAnswer }[] = [];
  readonly stores: Store[] = [];
  /** The earliest of the deadlines that were set. */
  wakeAt = Number.POSITIVE_INFINITY;

  constructor(now: number, timestamp: number, settings: ClassicSettings) {
    this.now = now;
    this.timestamp = timestamp;
    this.settings = settings;
  }

  /** Gives the moment that is `ms` from now, and remembers it as a deadline. */
  deadline(ms: number): number {
    const at = this.now + ms;
    if (at < this.wakeAt) this.wakeAt = at;
    return at;
  }
}

/** The assignment of a member that has none. */
export const noAssignment: Buffer = Buffer.alloc(0);

/** Makes a member of who joins; it waits for nothing and has no session yet. */
export function newMember(event: JoinEvent, id: string): ClassicMember {
  return {
    id,
    groupInstanceId: event.groupInstanceId,
    clientId: event.clientId,
    clientHost: event.clientHost,
    protocolType: event.protocolType,
    protocols: event.protocols,
    rebalanceTimeoutMs: event.rebalanceTimeoutMs,
    sessionTimeoutMs: event.sessionTimeoutMs,
    assignment: noAssignment,
    join: undefined,
    sync: undefined,
    isNew: false,
    expiresAt: undefined,
  };
}

/** What a member told with one of its protocols; nothing where it does not take part in that. */
export function metadataOf(member: ClassicMember, protocol: string | undefined): Buffer {
  return member.protocols.find(({ name }) => name === protocol)?.metadata ?? noAssignment;
}

/** Whether a member takes part with the same protocols and the same metadata as before. */
export function hasProtocols(member: ClassicMember, protocols: readonly MemberProtocol[]): boolean {
  if (member.protocols.length !== protocols.length) return false;
  return member.protocols.every(({ name, metadata }, index) => {
    const other = protocols[index] as MemberProtocol;
    return name === other.name && metadata.equals(other.metadata);
  });
}

/** Whether a member whose session has run out is alive all the same, since it waits for the group. */
export function isKeptWaiting(member: ClassicMember): boolean {
  return !member.isNew && (member.join !== undefined || member.sync !== undefined);
}
