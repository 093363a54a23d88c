import type { StreamsGroupHeartbeat } from "../../../protocol/index.ts";
import type { ClusterImage } from "../../metadata/cluster-image.ts";
import type { CoordinatorRecord } from "../coordinator-record.ts";
import type { Decision } from "../group-kind.ts";
import type { MetadataHashes } from "../metadata-hash.ts";
import { type InternalTopic, subtopologiesOf } from "./configured-topology.ts";
import { reconcile } from "./current-assignment.ts";
import type { Deadlines } from "./deadlines.ts";
import { endpointPartitions } from "./endpoint-partitions.ts";
import type { GroupSettings } from "./group-settings.ts";
import { type HeartbeatStatus, status } from "./heartbeat-status.ts";
import { isSameMetadata, type Member } from "./member.ts";
import {
  type Client,
  checkOwnedTasks,
  memberOf,
  ownedTasks,
  toldMember,
} from "./member-request.ts";
import { currentAssignmentRecord, memberRecord, metadataRecord } from "./records.ts";
import type { StreamsGroup } from "./streams-group.ts";
import { nextTarget } from "./target-update.ts";
import { areSameTasks, listTasks } from "./tasks.ts";
import type { HeartbeatRequest } from "./topology.ts";
import { type SettledTopology, settleTopology, staleTopology } from "./topology-update.ts";

/** What a heartbeat is answered with, where all went well. */
export type HeartbeatAnswer = Omit<
  Parameters<typeof StreamsGroupHeartbeat.response.encode>[2],
  "throttleTimeMs" | "errorCode" | "errorMessage" | "status"
> & { readonly status: readonly HeartbeatStatus[] };

/** The answer to a heartbeat, and the internal topics that are to be made for the group. */
export interface HeartbeatResult {
  readonly answer: HeartbeatAnswer;
  readonly topicsToCreate: readonly InternalTopic[];
}

/** What a heartbeat is judged by, besides the group. */
export interface HeartbeatScene {
  readonly client: Client;
  readonly image: ClusterImage;
  readonly hashes: MetadataHashes;
  readonly settings: GroupSettings;
  readonly deadlines: Deadlines;
  /** The clock's `elapsed`. */
  readonly now: number;
  /** The wall clock. */
  readonly timestamp: number;
  /** Whether the group is only now coming to be. */
  readonly isNewGroup: boolean;
}

/** How long the hash of a group's topics holds where none of them changes, in milliseconds. */
const metadataRefreshIntervalMs = 2 ** 31 - 1;

/**
 * Takes in what a member says of itself, its tasks and its topology, and takes it one step on
 * (`GroupMetadataManager.streamsGroupHeartbeat`). The group's records change with the replay of what
 * this gives; what is not kept over a restart changes at once. Throws FENCED_MEMBER_EPOCH,
 * UNKNOWN_MEMBER_ID, INVALID_REQUEST or STREAMS_INVALID_TOPOLOGY.
 */
export function heartbeat(
  group: StreamsGroup,
  request: HeartbeatRequest,
  scene: HeartbeatScene,
): Decision<HeartbeatResult> {
  const before = memberOf(group, request);
  const told = toldMember(before, request, scene.client);
  const isToldAnew = !isSameMetadata(before, told);
  const topology = settleTopology(group, request.topology, scene);
  const { configured } = topology;
  if (configured.name === "ready") checkOwnedTasks(request, configured.subtopologies);
  const bump = bumpOf(group, topology, isToldAnew, scene);
  startDelay(group, scene);
  const target = nextTarget(group, { epoch: bump.epoch, member: told, configured, ...scene });
  const after = reconcile(told, {
    targetEpoch: target.epoch,
    target: target.tasks,
    owners: group.owners,
    owned: ownedTasks(request),
  });
  keepTime(group.id, told, after, scene);
  if (request.shutdownApplication) group.shutdownMemberId ??= after.id;
  const records = [
    ...(isToldAnew ? [memberRecord(group.id, told)] : []),
    ...topology.records,
    ...bump.records,
    ...target.records,
    ...(after === told ? [] : [currentAssignmentRecord(group.id, after)]),
  ];
  const statuses = [
    ...staleTopology(group, told),
    ...target.statuses,
    ...(configured.name === "ready" ? [] : [configured.status]),
    ...shutdown(group),
  ];
  const answer = { ...answerTo(group, request, before, after, scene), status: statuses };
  const topicsToCreate = configured.name === "waiting" ? configured.missing : [];
  return { records, result: { answer, topicsToCreate } };
}

/** The group's epoch goes up where a member, the topics, or the settings of the assignment have changed. */
function bumpOf(
  group: StreamsGroup,
  { configured, metadataHash, hasNewHash, epoch: topologyEpoch }: SettledTopology,
  isToldAnew: boolean,
  { settings: { assignmentConfigs }, now }: HeartbeatScene,
): { readonly epoch: number; readonly records: readonly CoordinatorRecord[] } {
  const validatedTopologyEpoch = configured.name === "ready" ? topologyEpoch : -1;
  const mustBump =
    isToldAnew ||
    hasNewHash ||
    validatedTopologyEpoch !== group.metadata.validatedTopologyEpoch ||
    !isSameMap(assignmentConfigs, group.metadata.assignmentConfigs);
  const epoch = mustBump ? group.epoch + 1 : group.epoch;
  group.refreshed(now + metadataRefreshIntervalMs, epoch);
  if (!mustBump) return { epoch, records: [] };
  const metadata = { epoch, metadataHash, validatedTopologyEpoch, assignmentConfigs };
  return { epoch, records: [metadataRecord(group.id, metadata)] };
}

/** The first member of a group gives others some time to come, so that they are not assigned to one by one. */
function startDelay(group: StreamsGroup, { settings, deadlines, now }: HeartbeatScene): void {
  const { initialRebalanceDelayMs } = settings;
  if (!group.isEmpty || initialRebalanceDelayMs <= 0) return;
  deadlines.startInitialDelay(group.id, now + initialRebalanceDelayMs);
}

function keepTime(groupId: string, told: Member, after: Member, scene: HeartbeatScene): void {
  const { deadlines, settings, now } = scene;
  deadlines.setSession(groupId, after.id, now + settings.sessionTimeoutMs);
  if (after === told) return;
  if (after.state === "unrevoked-tasks") {
    deadlines.setRebalance(groupId, after.id, now + after.rebalanceTimeoutMs, after.epoch);
  } else deadlines.clearRebalance(groupId, after.id);
}

function shutdown({ shutdownMemberId }: StreamsGroup): HeartbeatStatus[] {
  if (shutdownMemberId === undefined) return [];
  const detail = `Streams group member ${shutdownMemberId} encountered a fatal error and requested a shutdown for the entire application.`;
  return [status("shutdownApplication", detail)];
}

/** Tasks are told to those that join, and to those for whom they have changed. */
function answerTo(
  group: StreamsGroup,
  request: HeartbeatRequest,
  before: Member,
  after: Member,
  { settings, image, isNewGroup }: HeartbeatScene,
): Omit<HeartbeatAnswer, "status"> {
  const { active, standby, warmup } = after.assigned;
  const isNews = request.memberEpoch === 0 || !areSameTasks(before.assigned, after.assigned);
  if (isNews && after.userEndpoint !== null) group.endpointEpoch += 1;
  return {
    memberId: after.id,
    memberEpoch: after.epoch,
    heartbeatIntervalMs: settings.heartbeatIntervalMs,
    // Kafka 4.3 has no settings for these two yet.
    acceptableRecoveryLag: 0,
    taskOffsetIntervalMs: 0,
    activeTasks: isNews ? listTasks(active) : null,
    standbyTasks: isNews ? listTasks(standby) : null,
    warmupTasks: isNews ? listTasks(warmup) : null,
    // What is soft of a group that is not there yet is forgotten with this answer.
    endpointInformationEpoch: isNewGroup ? 0 : group.endpointEpoch,
    partitionsByUserEndpoint:
      group.endpointEpoch === request.endpointInformationEpoch
        ? null
        : endpointPartitions(
            new Map(group.members).set(after.id, after).values(),
            subtopologiesOf(group.configured),
            image,
          ),
  };
}

function isSameMap(left: ReadonlyMap<string, string>, right: ReadonlyMap<string, string>): boolean {
  return left.size === right.size && [...left].every(([key, value]) => right.get(key) === value);
}
