import type { Clock } from "../../../clock.ts";
import { BrokerError } from "../../../errors.ts";
import {
  streamsGroupRecordKind as kinds,
  StreamsGroupKey,
  StreamsGroupMemberKey,
} from "../../../protocol/index.ts";
import type { ClusterImage } from "../../metadata/cluster-image.ts";
import { type CoordinatorRecord, decodeKey, recordKindOf } from "../coordinator-record.ts";
import type { Group } from "../group.ts";
import type { Decision, DueRecords, GroupKind } from "../group-kind.ts";
import { MetadataHashes } from "../metadata-hash.ts";
import { Deadlines, type DueDeadlines } from "./deadlines.ts";
import { groupSettings, type SettingsSource } from "./group-settings.ts";
import { type HeartbeatResult, heartbeat } from "./heartbeat.ts";
import { leaveEpoch } from "./member.ts";
import type { Client } from "./member-request.ts";
import { memberTombstones, metadataRecord } from "./records.ts";
import {
  replayCurrentAssignment,
  replayMember,
  replayMetadata,
  replayTarget,
  replayTargetMetadata,
  replayTopology,
} from "./replay.ts";
import { StreamsGroup } from "./streams-group.ts";
import { delayedTarget } from "./target-update.ts";
import { TopicCreation, type TopicMaker } from "./topic-creation.ts";
import type { HeartbeatRequest } from "./topology.ts";

/** How many members a group loses in one batch of records; others follow at once. */
const maxRemovals = 1000;

/** All streams groups (KIP-1071): the applications of Kafka Streams that leave their assignment to the broker. */
export class StreamsGroups implements GroupKind {
  readonly type = "streams";
  readonly recordKinds: readonly number[] = Object.values(kinds);
  /** Makes the internal topics that groups lack. */
  readonly topicCreation: TopicCreation;
  readonly #groups = new Map<string, StreamsGroup>();
  readonly #deadlines = new Deadlines();
  readonly #source: SettingsSource;
  readonly #clock: Pick<Clock, "now">;
  readonly #hashes: MetadataHashes;

  constructor({
    controller,
    clock,
    hashes = new MetadataHashes(),
  }: {
    readonly controller: SettingsSource & TopicMaker;
    /** The wall clock, for the timestamps of assignments. */
    readonly clock: Pick<Clock, "now">;
    readonly hashes?: MetadataHashes | undefined;
  }) {
    this.topicCreation = new TopicCreation(controller);
    this.#source = controller;
    this.#clock = clock;
    this.#hashes = hashes;
  }

  get groups(): ReadonlyMap<string, StreamsGroup> {
    return this.#groups;
  }

  get nextTickAt(): number | undefined {
    return this.#deadlines.nextAt;
  }

  /**
   * A member joins (epoch 0), tells that it is there, or leaves (−1). `existing` is the group of any kind
   * that has the id: an empty classic one makes room. The request must have been checked. Throws
   * GROUP_ID_NOT_FOUND, GROUP_MAX_SIZE_REACHED, UNKNOWN_MEMBER_ID, FENCED_MEMBER_EPOCH,
   * INVALID_REQUEST, STREAMS_INVALID_TOPOLOGY.
   */
  heartbeat(
    request: HeartbeatRequest,
    client: Client,
    existing: Group | undefined,
    now: number,
  ): Decision<HeartbeatResult> {
    if (request.memberEpoch === leaveEpoch) return this.#leave(request, existing);
    const { groupId, memberEpoch } = request;
    const makesRoom = memberEpoch === 0 && existing?.type === "classic" && existing.isEmpty;
    const isNewGroup = memberEpoch === 0 && (existing === undefined || makesRoom);
    const group = isNewGroup ? new StreamsGroup(groupId) : this.#expect(groupId, existing);
    const source = this.#source;
    const settings = groupSettings(source, groupId);
    if (memberEpoch === 0 && group.members.size >= settings.maxSize) {
      const message = `The streams group has reached its maximum capacity of ${settings.maxSize} members.`;
      throw new BrokerError("GROUP_MAX_SIZE_REACHED", message);
    }
    const { records, result } = heartbeat(group, request, {
      client,
      image: source.image,
      hashes: this.#hashes,
      settings,
      deadlines: this.#deadlines,
      now,
      timestamp: this.#clock.now(),
      isNewGroup,
    });
    return { records: [...(makesRoom ? existing.deletionRecords() : []), ...records], result };
  }

  /** The group; throws GROUP_ID_NOT_FOUND where there is none, or one of another kind. */
  group(groupId: string, existing: Group | undefined): StreamsGroup {
    if (existing !== undefined) return this.#expect(groupId, existing);
    throw new BrokerError("GROUP_ID_NOT_FOUND", `Group ${groupId} not found.`);
  }

  replay(key: Buffer, value: Buffer | null): void {
    const kind = recordKindOf(key);
    switch (kind) {
      case kinds.metadata:
      case kinds.topology:
      case kinds.targetAssignmentMetadata:
        this.#replayOfGroup(kind, decodeKey(StreamsGroupKey, key).groupId, value);
        break;
      default: {
        const { groupId, memberId } = decodeKey(StreamsGroupMemberKey, key);
        this.#replayOfMember(kind, groupId, memberId, value);
      }
    }
  }

  loaded(now: number): void {
    for (const group of this.#groups.values()) {
      const { sessionTimeoutMs } = groupSettings(this.#source, group.id);
      for (const { id, state, epoch, rebalanceTimeoutMs } of group.members.values()) {
        this.#deadlines.setSession(group.id, id, now + sessionTimeoutMs);
        if (state !== "unrevoked-tasks") continue;
        this.#deadlines.setRebalance(group.id, id, now + rebalanceTimeoutMs, epoch);
      }
    }
  }

  /** Members that fell silent leave at once, with one new epoch for all of them. */
  tick(now: number): DueRecords[] {
    return this.#deadlines.due(now).flatMap((due) => {
      const records = this.#recordsOf(due);
      return records.length === 0 ? [] : [{ groupId: due.groupId, records }];
    });
  }

  topicsChanged(_image: ClusterImage, topics: readonly string[]): void {
    for (const group of this.#groups.values()) {
      const required = group.topology?.requiredTopics;
      if (topics.some((topic) => required?.has(topic))) group.requestRefresh();
    }
  }

  #expect(groupId: string, existing: Group | undefined): StreamsGroup {
    const group = this.#groups.get(groupId);
    if (group !== undefined && group === existing) return group;
    const message =
      existing === undefined
        ? `Streams group ${groupId} not found.`
        : `Group ${groupId} is not a streams group.`;
    throw new BrokerError("GROUP_ID_NOT_FOUND", message);
  }

  #leave(request: HeartbeatRequest, existing: Group | undefined): Decision<HeartbeatResult> {
    const { groupId, memberId, memberEpoch, shutdownApplication } = request;
    const group = this.group(groupId, existing);
    if (shutdownApplication) group.shutdownMemberId ??= memberId;
    const records = removalRecords(group, [group.member(memberId).id]);
    const answer = {
      memberId,
      memberEpoch,
      heartbeatIntervalMs: 0,
      acceptableRecoveryLag: 0,
      taskOffsetIntervalMs: 0,
      endpointInformationEpoch: 0,
      status: [],
    };
    return { records, result: { answer, topicsToCreate: [] } };
  }

  #recordsOf({ groupId, silent, late, isInitialDelayOver }: DueDeadlines): CoordinatorRecord[] {
    const group = this.#groups.get(groupId);
    if (group === undefined) {
      this.#deadlines.forgetGroup(groupId);
      return [];
    }
    const gone = new Set(silent);
    for (const { memberId, epoch } of late) {
      if (group.members.get(memberId)?.epoch === epoch) gone.add(memberId);
      else this.#deadlines.clearRebalance(groupId, memberId);
    }
    for (const memberId of gone) {
      if (group.members.has(memberId)) continue;
      this.#deadlines.forgetMember(groupId, memberId);
      gone.delete(memberId);
    }
    // What is left to assign is known once the members are gone: the delay stays due until then.
    if (gone.size > 0) return removalRecords(group, [...gone].slice(0, maxRemovals));
    if (!isInitialDelayOver) return [];
    this.#deadlines.endInitialDelay(groupId);
    const settings = groupSettings(this.#source, groupId);
    return [...delayedTarget(group, settings, this.#clock.now())];
  }

  #replayOfGroup(kind: number, groupId: string, value: Buffer | null): void {
    const group = this.#groupFor(groupId, value);
    if (group === undefined) return;
    if (kind === kinds.topology) replayTopology(group, value);
    else if (kind === kinds.targetAssignmentMetadata) replayTargetMetadata(group, value);
    else if (value !== null) replayMetadata(group, value);
    else {
      this.#groups.delete(groupId);
      this.#deadlines.forgetGroup(groupId);
    }
  }

  #replayOfMember(kind: number, groupId: string, memberId: string, value: Buffer | null): void {
    const group = this.#groupFor(groupId, value);
    if (group === undefined) return;
    if (kind === kinds.currentMemberAssignment) replayCurrentAssignment(group, memberId, value);
    else if (kind === kinds.targetAssignmentMember) replayTarget(group, memberId, value);
    else {
      replayMember(group, memberId, value);
      if (value === null) this.#deadlines.forgetMember(groupId, memberId);
    }
  }

  /** The group that a record is about; the first record makes it, a tombstone does not. */
  #groupFor(groupId: string, value: Buffer | null): StreamsGroup | undefined {
    const known = this.#groups.get(groupId);
    if (known !== undefined || value === null) return known;
    const group = new StreamsGroup(groupId);
    this.#groups.set(groupId, group);
    return group;
  }
}

/** Takes members out of a group, whose epoch goes up (`streamsGroupFenceMember`). */
function removalRecords(group: StreamsGroup, memberIds: readonly string[]): CoordinatorRecord[] {
  const { metadata, id } = group;
  return [
    ...memberIds.flatMap((memberId) => memberTombstones(id, memberId)),
    metadataRecord(id, { ...metadata, epoch: metadata.epoch + 1 }),
  ];
}
