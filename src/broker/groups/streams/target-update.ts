import type { CoordinatorRecord } from "../coordinator-record.ts";
import type { ConfiguredTopology } from "./configured-topology.ts";
import type { Deadlines } from "./deadlines.ts";
import type { GroupSettings } from "./group-settings.ts";
import { type HeartbeatStatus, status } from "./heartbeat-status.ts";
import type { Member } from "./member.ts";
import type { StreamsGroup } from "./streams-group.ts";
import { newTargetAssignment } from "./target-assignment.ts";
import { noTasks, type Tasks } from "./tasks.ts";

/** The target that a member is to be taken to. */
export interface MemberTarget {
  readonly epoch: number;
  readonly tasks: Tasks;
  readonly records: readonly CoordinatorRecord[];
  readonly statuses: readonly HeartbeatStatus[];
}

/**
 * The target assignment of one member, made anew for the whole group where the group's epoch has moved
 * on. While a new group still waits for members there is none, and two assignments have some time
 * between them (KIP-1263): until then the last one holds.
 */
export function nextTarget(
  group: StreamsGroup,
  scene: {
    readonly epoch: number;
    /** The member as it will be. */
    readonly member: Member;
    readonly configured: ConfiguredTopology;
    readonly settings: GroupSettings;
    readonly deadlines: Deadlines;
    readonly timestamp: number;
  },
): MemberTarget {
  const { epoch, member, configured, settings, deadlines, timestamp } = scene;
  const last = { epoch: group.target.epoch, records: [] };
  if (deadlines.isInitiallyDelayed(group.id)) {
    const detail = "Assignment delayed due to the configured initial rebalance delay.";
    return { ...last, tasks: noTasks, statuses: [status("assignmentDelayed", detail)] };
  }
  const tasks = group.targetOf(member.id);
  if (group.target.epoch >= epoch) return { ...last, tasks, statuses: [] };
  if (!isTimeForTarget(group, settings, timestamp)) {
    const detail = "Assignment delayed due to the configured assignment interval.";
    return { ...last, tasks, statuses: [status("assignmentDelayed", detail)] };
  }
  const { targets, records } = newTargetAssignment({
    groupId: group.id,
    epoch,
    members: [...new Map(group.members).set(member.id, member).values()],
    previous: group.targets,
    topology: configured,
    assignmentConfigs: settings.assignmentConfigs,
    timestamp,
  });
  return { epoch, tasks: targets.get(member.id) ?? noTasks, records, statuses: [] };
}

/**
 * The records of the first target assignment of a group that has waited for its members
 * (`computeDelayedTargetAssignment`); none where there is nothing to assign any more.
 */
export function delayedTarget(
  group: StreamsGroup,
  settings: GroupSettings,
  timestamp: number,
): readonly CoordinatorRecord[] {
  const { configured, epoch } = group;
  if (group.isEmpty || configured === undefined || epoch <= group.target.epoch) return [];
  if (!isTimeForTarget(group, settings, timestamp)) return [];
  return newTargetAssignment({
    groupId: group.id,
    epoch,
    members: [...group.members.values()],
    previous: group.targets,
    topology: configured,
    assignmentConfigs: group.metadata.assignmentConfigs,
    timestamp,
  }).records;
}

/** An interval of 0 never waits, which helps where the wall clock was set back. */
function isTimeForTarget(
  { target }: StreamsGroup,
  { assignmentIntervalMs }: GroupSettings,
  timestamp: number,
): boolean {
  if (target.timestamp === 0 || assignmentIntervalMs === 0) return true;
  return timestamp >= target.timestamp + assignmentIntervalMs;
}
