import { type EpochTasks, noTasks } from "./tasks.ts";

/**
 * How far a member is on its way to its target assignment (`MemberState`):
 * - stable: it has what it is to have, as far as it knows of its epoch;
 * - unrevoked-tasks: it is to give up tasks before anything else;
 * - unreleased-tasks: it waits for tasks that others still have;
 * - unknown: written by a newer Kafka.
 */
export type MemberState = "stable" | "unrevoked-tasks" | "unreleased-tasks" | "unknown";

/** Where an application can be asked for the state of its stores (`application.server`). */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** A member of a streams group: one thread of an application (`StreamsGroupMember`). Never changes: an update makes another one. */
export interface Member {
  readonly id: string;
  readonly epoch: number;
  /** The epoch before the last bump: a member that did not hear of that one may still come with it. */
  readonly previousEpoch: number;
  readonly state: MemberState;
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  /** In milliseconds; how long it may take to give up tasks. */
  readonly rebalanceTimeoutMs: number;
  /** The epoch of the topology that the member runs. */
  readonly topologyEpoch: number;
  /** The same for all threads of one process, which share their state directory. */
  readonly processId: string;
  readonly userEndpoint: Endpoint | null;
  /** In the order of keys. */
  readonly clientTags: ReadonlyMap<string, string>;
  readonly assigned: EpochTasks;
  readonly pendingRevocation: EpochTasks;
}

/** The epoch with which a member leaves, and that of one that is gone. */
export const leaveEpoch = -1;
/** The epoch with which a static member leaves for a while, which streams groups do not know yet. */
export const leaveStaticEpoch = -2;

/** A member of which nothing is known yet but its id. */
export function newMember(id: string): Member {
  return {
    id,
    epoch: 0,
    previousEpoch: 0,
    state: "stable",
    instanceId: null,
    rackId: null,
    clientId: "",
    clientHost: "",
    rebalanceTimeoutMs: -1,
    topologyEpoch: -1,
    processId: "",
    userEndpoint: null,
    clientTags: new Map(),
    assigned: noTasks,
    pendingRevocation: noTasks,
  };
}

/** Whether a member has arrived at the target assignment of an epoch. */
export function isReconciledTo({ state, epoch }: Member, targetEpoch: number): boolean {
  return state === "stable" && epoch === targetEpoch;
}

const plainFields = [
  "instanceId",
  "rackId",
  "clientId",
  "clientHost",
  "rebalanceTimeoutMs",
  "topologyEpoch",
  "processId",
] as const satisfies readonly (keyof Member)[];

/** Whether two states of a member agree in all that the member says of itself. */
export function isSameMetadata(left: Member, right: Member): boolean {
  return (
    plainFields.every((field) => left[field] === right[field]) &&
    left.userEndpoint?.host === right.userEndpoint?.host &&
    left.userEndpoint?.port === right.userEndpoint?.port &&
    left.clientTags.size === right.clientTags.size &&
    [...left.clientTags].every(([key, value]) => right.clientTags.get(key) === value)
  );
}
