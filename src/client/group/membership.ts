import { MillraceError } from "../../errors.ts";
import { Backoff } from "../backoff.ts";
import type { Cluster } from "../cluster.ts";
import type { GroupMetadata } from "../group-metadata.ts";
import type { Assignor } from "./assignor.ts";
import { cooperativeSticky } from "./assignors/cooperative-sticky.ts";
import { range } from "./assignors/range.ts";
import { ClassicExchange, joinLane } from "./classic-exchange.ts";
import { ClassicMember } from "./classic-member.ts";
import { ConsumerExchange } from "./consumer-exchange.ts";
import { ConsumerMember } from "./consumer-member.ts";
import { GroupCoordinator } from "./group-coordinator.ts";
import { GroupOffsets } from "./group-offsets.ts";
import { HeartbeatPace } from "./heartbeat-pace.ts";
import { MemberDriver, type MembershipEvents } from "./member-driver.ts";

export { GroupOffsets } from "./group-offsets.ts";
export type { MembershipEvents } from "./member-driver.ts";

/** How a consumer takes part in its group; times in milliseconds, names as in Kafka. */
export interface MembershipOptions {
  readonly groupId: string;
  /** The topics, or a pattern that their names match anywhere, as `RegExp.test` does. */
  readonly topics: readonly string[] | RegExp;
  /** "classic": the members assign; "consumer" (KIP-848): the broker does. "classic" by default. */
  readonly groupProtocol?: "classic" | "consumer" | undefined;
  /** Makes the member a static one (KIP-345), which keeps its partitions when it returns in time. */
  readonly groupInstanceId?: string | null | undefined;
  /** After how long without a heartbeat the group drops a classic member; 45,000 by default. */
  readonly sessionTimeoutMs?: number | undefined;
  /** 3,000 by default; in the consumer protocol the broker says. */
  readonly heartbeatIntervalMs?: number | undefined;
  /** How long a member may take to give partitions up; 300,000 by default. */
  readonly rebalanceTimeoutMs?: number | undefined;
  /** For the classic protocol, the preferred ones first; `[range, cooperativeSticky]` by default. */
  readonly assignors?: readonly Assignor[] | undefined;
  /** The broker's assignor in the consumer protocol, "uniform" or "range"; the broker's choice by default. */
  readonly serverAssignor?: string | null | undefined;
  /** Where this consumer runs, for assignors that prefer replicas nearby (KIP-881). */
  readonly rackId?: string | null | undefined;
}

/** A consumer's membership in its group. */
export interface Membership {
  /** Joins, and stays until closed, through rebalances and moves of the coordinator. Returns at once. */
  start(): void;
  /** What transactions refer to; undefined while this is no member. */
  readonly metadata: GroupMetadata | undefined;
  /** The group's offsets, of which this member may commit those of its partitions. */
  readonly offsets: GroupOffsets;
  /** Starts a rebalance; in the consumer protocol, where the broker decides, asks it for its word at once. */
  rejoin(reason: string): void;
  /** Changes what the member subscribes to. */
  updateTopics(topics: readonly string[] | RegExp): void;
  /**
   * Gives partitions up through `revoked` and ends the membership. By default a static member stays
   * in the group, to return under its name within the session, and others leave. Resolves after
   * `timeoutMs` at the latest. May be called twice.
   */
  close(options: {
    readonly leave?: boolean | undefined;
    readonly timeoutMs: number;
  }): Promise<void>;
}

/**
 * Makes a consumer a member of a group; nothing happens before `start`. Throws `INVALID_ARGUMENT` for
 * options that cannot be.
 *
 * ```ts
 * const membership = joinGroup(cluster, { groupId: "billing", topics: ["orders"] }, events);
 * membership.start();
 * ```
 */
export function joinGroup(
  cluster: Cluster,
  options: MembershipOptions,
  events: MembershipEvents,
): Membership {
  const { groupId, groupProtocol = "classic", groupInstanceId = null } = options;
  const settings = {
    ...options,
    groupInstanceId,
    rackId: options.rackId ?? null,
    sessionTimeoutMs: options.sessionTimeoutMs ?? 45_000,
    heartbeatIntervalMs: options.heartbeatIntervalMs ?? 3_000,
    rebalanceTimeoutMs: options.rebalanceTimeoutMs ?? 300_000,
    assignors: options.assignors ?? [range, cooperativeSticky],
    serverAssignor: options.serverAssignor ?? null,
  };
  refuseImpossible(settings);
  const lane = `group-${cluster.host.random.uuid()}`;
  const coordinator = new GroupCoordinator(cluster, groupId, lane);
  const parts = { cluster, coordinator, settings, events };
  const isClassic = groupProtocol === "classic";
  const driver = isClassic ? classicDriver(parts) : consumerDriver(parts);
  const member = { standing: driver, coordinator, tellsEpoch: !isClassic };
  let closing: Promise<void> | undefined;
  return {
    start: () => driver.start(),
    get metadata() {
      return driver.group;
    },
    offsets: new GroupOffsets(cluster, groupId, member),
    rejoin: (reason) => driver.rejoin(reason),
    updateTopics: (topics) => driver.updateTopics(topics),
    close({ leave = groupInstanceId === null, timeoutMs }) {
      closing ??= driver.close(leave, timeoutMs);
      return closing;
    },
  };
}

type Settings = Omit<MembershipOptions, "groupProtocol"> & {
  readonly groupInstanceId: string | null;
  readonly rackId: string | null;
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly assignors: readonly Assignor[];
  readonly serverAssignor: string | null;
};

interface Parts {
  readonly cluster: Cluster;
  readonly coordinator: GroupCoordinator;
  readonly settings: Settings;
  readonly events: MembershipEvents;
}

function classicDriver({ cluster, coordinator, settings, events }: Parts) {
  const backoff = newBackoff(cluster);
  const pace = new HeartbeatPace(settings.heartbeatIntervalMs, newBackoff(cluster));
  const member = new ClassicMember({ ...settings, backoff, pace });
  const exchange = new ClassicExchange(coordinator, settings);
  return new MemberDriver({
    ...settings,
    cluster,
    member,
    carryOut: (request) => exchange.carryOut(request),
    events,
    release: () => coordinator.close(joinLane),
  });
}

function consumerDriver({ cluster, coordinator, settings, events }: Parts) {
  const { sessionTimeoutMs, heartbeatIntervalMs } = settings;
  const member = new ConsumerMember({
    ...settings,
    memberId: cluster.host.random.uuid(),
    releaseTimeoutMs: sessionTimeoutMs + heartbeatIntervalMs,
    pace: new HeartbeatPace(heartbeatIntervalMs, newBackoff(cluster)),
  });
  const exchange = new ConsumerExchange(coordinator, sessionTimeoutMs);
  return new MemberDriver({
    ...settings,
    cluster,
    member,
    carryOut: (request) => exchange.carryOut(request),
    events,
    release: () => coordinator.close(),
  });
}

function newBackoff({ settings, host }: Cluster): Backoff {
  return new Backoff(settings.retryBackoffMs, settings.retryBackoffMaxMs, host.random);
}

function refuseImpossible({ groupId, sessionTimeoutMs, heartbeatIntervalMs }: Settings): void {
  if (groupId === "") {
    throw new MillraceError("INVALID_ARGUMENT", "groupId must not be empty: name the group");
  }
  if (heartbeatIntervalMs < sessionTimeoutMs) return;
  const text = `heartbeatIntervalMs (${heartbeatIntervalMs}) must be less than sessionTimeoutMs (${sessionTimeoutMs}), best a third of it or less`;
  throw new MillraceError("INVALID_ARGUMENT", text);
}
