import type { BrokerErrorCode } from "../../../broker-error-code.ts";
import type { Clock } from "../../../clock.ts";
import { BrokerError } from "../../../errors.ts";
import { consumerGroupRecordKind } from "../../../protocol/index.ts";
import type { Random } from "../../../random.ts";
import type { ClusterImage } from "../../metadata/cluster-image.ts";
import { ClassicGroup } from "../classic-group.ts";
import type {
  ClassicProtocol,
  HeartbeatEvent,
  JoinAnswer,
  JoinEvent,
  LeaveAnswer,
  LeaveEvent,
  SyncAnswer,
  SyncEvent,
} from "../classic-protocol.ts";
import type { CoordinatorRecord } from "../coordinator-record.ts";
import type { Group } from "../group.ts";
import type { Decision, DueRecords, GroupKind } from "../group-kind.ts";
import { MetadataHashes } from "../metadata-hash.ts";
import { beat, depart, join, sync } from "./classic-members.ts";
import { ConsumerGroup } from "./consumer-group.ts";
import { removeMembers } from "./departure.ts";
import {
  type ConsumerHeartbeat,
  type ConsumerHeartbeatAnswer,
  checkHeartbeat,
  isLeaving,
  keepUp,
  leave,
} from "./heartbeat.ts";
import { type DueTimer, MemberTimers } from "./member-timers.ts";
import type { Operation, Surroundings } from "./operation.ts";
import { RegexRefreshes } from "./regex-refreshes.ts";
import { resolveRegexes } from "./regex-update.ts";
import { replayRecord } from "./replay.ts";
import { type ConfigSource, ConsumerGroupSettings } from "./settings.ts";
import { beginSessions, upgrade } from "./upgrade.ts";

/** What consumer groups need of the broker. */
export interface ConsumerGroupsOptions {
  /** The cluster's metadata, as it is whenever it is asked for. */
  image(): ClusterImage;
  readonly configs: ConfigSource;
  readonly clock: Pick<Clock, "now">;
  readonly random: Pick<Random, "uuid">;
  /** `ClassicGroups.install`: where groups go that only members of the classic protocol remain in. */
  readonly installClassic: Surroundings["installClassic"];
  readonly hashes?: MetadataHashes | undefined;
}

/**
 * How many members of a group are removed at once where many have fallen silent, so that the records
 * fit into one batch; the others follow with the timers' next turn.
 */
const mostRemovedAtOnce = 1000;

/** All groups of the consumer protocol (KIP-848), with the members that still speak the classic one. */
export class ConsumerGroups implements GroupKind, ClassicProtocol {
  readonly type = "consumer";
  readonly recordKinds: readonly number[] = Object.values(consumerGroupRecordKind);
  readonly groups = new Map<string, ConsumerGroup>();
  readonly #surroundings: Surroundings;

  constructor({ image, configs, clock, random, installClassic, hashes }: ConsumerGroupsOptions) {
    this.#surroundings = {
      image,
      timestamp: () => clock.now(),
      newMemberId: () => random.uuid(),
      installClassic,
      settings: new ConsumerGroupSettings(configs),
      hashes: hashes ?? new MetadataHashes(),
      timers: new MemberTimers(),
      refreshes: new RegexRefreshes(),
    };
  }

  get nextTickAt(): number | undefined {
    const { timers, refreshes } = this.#surroundings;
    if (timers.nextAt === undefined || refreshes.nextAt === undefined) {
      return timers.nextAt ?? refreshes.nextAt;
    }
    return Math.min(timers.nextAt, refreshes.nextAt);
  }

  /** The name of the assignor of groups whose members ask for none. */
  get defaultAssignor(): string {
    const [name = ""] = this.#surroundings.settings.assignors.keys();
    return name;
  }

  /** Throws INVALID_REQUEST or UNSUPPORTED_ASSIGNOR where a heartbeat makes no sense by itself. */
  checkHeartbeat(event: ConsumerHeartbeat): void {
    checkHeartbeat(event, this.#surroundings.settings.assignors.keys());
  }

  /**
   * Takes in a member's heartbeat. `existing` is the group of that id, of whatever kind: where it is a
   * classic one and the member joins, it becomes a consumer group. Throws GROUP_ID_NOT_FOUND,
   * GROUP_MAX_SIZE_REACHED, UNKNOWN_MEMBER_ID, FENCED_MEMBER_EPOCH, UNRELEASED_INSTANCE_ID,
   * FENCED_INSTANCE_ID or INVALID_REGULAR_EXPRESSION.
   */
  memberHeartbeat(
    event: ConsumerHeartbeat,
    existing: Group | undefined,
    now: number,
  ): Decision<ConsumerHeartbeatAnswer> {
    const surroundings = this.#surroundings;
    if (isLeaving(event)) return leave(this.#operation(event.groupId, now), event);
    const records: CoordinatorRecord[] = [];
    const group = this.#groupFor(event, existing, records, now);
    const result = keepUp({ surroundings, group, now, records }, event);
    return { records, result };
  }

  join(event: JoinEvent, now: number): Decision<JoinAnswer> {
    return join(this.#operation(event.groupId, now), event);
  }

  sync(event: SyncEvent, now: number): Decision<SyncAnswer> {
    return sync(this.#operation(event.groupId, now), event);
  }

  heartbeat(event: HeartbeatEvent, now: number): Decision<BrokerErrorCode | undefined> {
    return beat(this.#operation(event.groupId, now), event);
  }

  leave(event: LeaveEvent, now: number): Decision<LeaveAnswer> {
    return depart(this.#operation(event.groupId, now), event);
  }

  replay(key: Buffer, value: Buffer | null): void {
    replayRecord(this.groups, this.#surroundings.timers, key, value);
  }

  loaded(now: number): void {
    const { timers, settings, refreshes } = this.#surroundings;
    for (const group of this.groups.values()) {
      const sessionTimeoutMs = settings.sessionTimeoutMs(group.id);
      for (const member of group.members.values()) {
        timers.set(group.id, member.id, "session", now + sessionTimeoutMs);
        if (member.state !== "unrevoked-partitions") continue;
        const deadline = now + member.rebalanceTimeoutMs;
        timers.set(group.id, member.id, "rebalance", deadline, member.epoch);
      }
      // Topics may have come unseen since the expressions were looked up.
      for (const { version } of group.regexes.values()) refreshes.outdate(version);
    }
  }

  tick(now: number): DueRecords[] {
    const surroundings = this.#surroundings;
    const due: DueRecords[] = [];
    const fenced = new Set<string>();
    for (const [groupId, timers] of surroundings.timers.due(now)) {
      const group = this.groups.get(groupId);
      if (group === undefined) {
        surroundings.timers.cancelGroup(groupId);
        continue;
      }
      const silent = this.#silentMembers(group, timers);
      if (silent.length === 0) continue;
      fenced.add(groupId);
      due.push({ groupId, ...removeMembers({ surroundings, group, now, records: [] }, silent) });
    }
    // What is due for a group in one go comes from one state of it.
    for (const [groupId, refresh] of surroundings.refreshes.take((id) => fenced.has(id))) {
      const group = this.groups.get(groupId);
      if (group === undefined) continue;
      const operation: Operation = { surroundings, group, now, records: [] };
      resolveRegexes(operation, refresh);
      if (operation.records.length > 0) due.push({ groupId, records: operation.records });
    }
    return due;
  }

  topicsChanged(image: ClusterImage, topics: readonly string[]): void {
    if (topics.some((name) => image.topics.has(name))) this.#surroundings.refreshes.outdate();
    for (const group of this.groups.values()) {
      if (topics.some((name) => group.isSubscribedTo(name))) group.requestRefresh();
    }
  }

  /** The group for one who comes: the one there is, a new one for him to join, or one made of a classic group. */
  #groupFor(
    { groupId, memberEpoch }: ConsumerHeartbeat,
    existing: Group | undefined,
    records: CoordinatorRecord[],
    now: number,
  ): ConsumerGroup {
    const known = this.groups.get(groupId);
    if (known !== undefined) return known;
    if (memberEpoch !== 0) throw this.#noGroup(groupId, existing);
    if (existing === undefined) return new ConsumerGroup(groupId);
    if (!(existing instanceof ClassicGroup)) throw this.#noGroup(groupId, existing);
    if (existing.isEmpty) {
      records.push(...existing.deletionRecords());
      return new ConsumerGroup(groupId);
    }
    const upgraded = upgrade(existing, this.#surroundings);
    records.push(...upgraded.records);
    beginSessions(upgraded.group, this.#surroundings, now);
    return upgraded.group;
  }

  #operation(groupId: string, now: number): Operation {
    const group = this.groups.get(groupId);
    if (group === undefined)
      throw new BrokerError("GROUP_ID_NOT_FOUND", `Group ${groupId} not found.`);
    return { surroundings: this.#surroundings, group, now, records: [] };
  }

  #noGroup(groupId: string, existing: Group | undefined): BrokerError {
    const message =
      existing === undefined
        ? `Consumer group ${groupId} not found.`
        : `Group ${groupId} is not a consumer group.`;
    return new BrokerError("GROUP_ID_NOT_FOUND", message);
  }

  #silentMembers(group: ConsumerGroup, timers: readonly DueTimer[]) {
    const silent = new Set<string>();
    for (const { memberId, timer, epoch } of timers) {
      const member = group.members.get(memberId);
      if (member === undefined) this.#surroundings.timers.cancelMember(group.id, memberId);
      else if (timer !== "rebalance" || member.epoch === epoch) silent.add(memberId);
      else this.#surroundings.timers.cancel(group.id, memberId, "rebalance");
    }
    const first = [...silent].slice(0, mostRemovedAtOnce);
    return first.flatMap((memberId) => group.members.get(memberId) ?? []);
  }
}
