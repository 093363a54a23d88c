import type { MemberProtocol } from "../classic-protocol.ts";
import { isSamePartitionEpochs, noPartitionEpochs, type PartitionEpochs } from "./assignment.ts";

/**
 * How far a member is on its way to its target assignment (`MemberState`):
 * - stable: it has what it is to have, as far as it knows of its epoch;
 * - unrevoked-partitions: it is to give up partitions before anything else;
 * - unreleased-partitions: it waits for partitions that others still have;
 * - unknown: written by a newer Kafka.
 */
export type MemberState = "stable" | "unrevoked-partitions" | "unreleased-partitions" | "unknown";

/** What a member that speaks the classic protocol said when it joined. */
export interface ClassicMembership {
  readonly sessionTimeoutMs: number;
  /** The one the member likes best first. */
  readonly supportedProtocols: readonly MemberProtocol[];
}

/** A member of a consumer group (`ConsumerGroupMember`). Never changes: an update makes another one. */
export interface Member {
  readonly id: string;
  readonly epoch: number;
  /** The epoch before the last bump: a member that did not hear of that one may still come with it. */
  readonly previousEpoch: number;
  readonly state: MemberState;
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly rebalanceTimeoutMs: number;
  readonly clientId: string;
  readonly clientHost: string;
  /** In ascending order, none twice. */
  readonly subscribedTopicNames: readonly string[];
  /** Null or "" for none. */
  readonly subscribedTopicRegex: string | null;
  /** The assignor the member would like. */
  readonly serverAssignor: string | null;
  readonly assigned: PartitionEpochs;
  readonly pendingRevocation: PartitionEpochs;
  /** Undefined for a member that speaks the consumer protocol. */
  readonly classic: ClassicMembership | undefined;
}

/** The epoch with which a member leaves for good, and that of one that is gone. */
export const leaveEpoch = -1;
/** The epoch with which a static member leaves for a while; its partitions are kept for it. */
export const leaveStaticEpoch = -2;

/** A member of which nothing is known yet but its id. */
export function newMember(id: string): Member {
  return {
    id,
    epoch: 0,
    previousEpoch: -1,
    state: "stable",
    instanceId: null,
    rackId: null,
    rebalanceTimeoutMs: -1,
    clientId: "",
    clientHost: "",
    subscribedTopicNames: [],
    subscribedTopicRegex: "",
    serverAssignor: null,
    assigned: noPartitionEpochs,
    pendingRevocation: noPartitionEpochs,
    classic: undefined,
  };
}

/** The regular expression that a member is subscribed to, if there is one. */
export function regexOf(member: Member | undefined): string | undefined {
  return member?.subscribedTopicRegex || undefined;
}

/** Whether a member has arrived at the target assignment of an epoch. */
export function isReconciledTo(member: Member, targetEpoch: number): boolean {
  return member.state === "stable" && member.epoch === targetEpoch;
}

/** Names as a member keeps them: in ascending order, none twice. */
export function topicNames(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}

/** Whether two lists of topic names, as members keep them, are the same. */
export function isSameNames(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name, index) => name === right[index]);
}

const plainFields = [
  "id",
  "epoch",
  "previousEpoch",
  "state",
  "instanceId",
  "rackId",
  "rebalanceTimeoutMs",
  "clientId",
  "clientHost",
  "subscribedTopicRegex",
  "serverAssignor",
] as const satisfies readonly (keyof Member)[];

/** Whether two members are the same in everything. */
export function isSameMember(left: Member, right: Member): boolean {
  return (
    plainFields.every((field) => left[field] === right[field]) &&
    isSameNames(left.subscribedTopicNames, right.subscribedTopicNames) &&
    isSamePartitionEpochs(left.assigned, right.assigned) &&
    isSamePartitionEpochs(left.pendingRevocation, right.pendingRevocation) &&
    isSameClassic(left.classic, right.classic)
  );
}

function isSameClassic(
  left: ClassicMembership | undefined,
  right: ClassicMembership | undefined,
): boolean {
  if (left === undefined || right === undefined) return left === right;
  if (left.sessionTimeoutMs !== right.sessionTimeoutMs) return false;
  const { supportedProtocols: ours } = left;
  const { supportedProtocols: theirs } = right;
  return (
    ours.length === theirs.length &&
    ours.every((protocol, index) => {
      const other = theirs[index];
      return other?.name === protocol.name && other.metadata.equals(protocol.metadata);
    })
  );
}
