import type { CoordinatorRecord } from "../coordinator-record.ts";
import type { ConfiguredTopology } from "./configured-topology.ts";
import type { Member } from "./member.ts";
import { targetMetadataRecord, targetRecord } from "./records.ts";
import { assignTasks } from "./task-assignor.ts";
import { areSameTasks, noTasks, type Tasks } from "./tasks.ts";

/** The name under which the number of standby tasks is kept among a group's assignment settings. */
export const numStandbyReplicasKey = "num.standby.replicas";

/** What a target assignment follows from. */
export interface TargetAssignmentInput {
  readonly groupId: string;
  /** The group epoch that it is for. */
  readonly epoch: number;
  readonly members: readonly Member[];
  /** By member. */
  readonly previous: ReadonlyMap<string, Tasks>;
  readonly topology: ConfiguredTopology;
  readonly assignmentConfigs: ReadonlyMap<string, string>;
  /** By the wall clock, in milliseconds. */
  readonly timestamp: number;
}

/**
 * Works out which tasks each member is to have, and gives the records that say so: for members to whom
 * that is new, and for the epoch (`TargetAssignmentBuilder`). A topology that is not ready has no tasks.
 */
export function newTargetAssignment(input: TargetAssignmentInput): {
  readonly targets: ReadonlyMap<string, Tasks>;
  readonly records: readonly CoordinatorRecord[];
} {
  const { groupId, epoch, previous, timestamp } = input;
  const targets = targetsOf(input);
  const records: CoordinatorRecord[] = [];
  for (const [memberId, target] of targets) {
    const before = previous.get(memberId);
    if (before !== undefined && areSameTasks(before, target)) continue;
    records.push(targetRecord(groupId, memberId, target));
  }
  records.push(targetMetadataRecord(groupId, epoch, timestamp));
  return { targets, records };
}

function targetsOf(input: TargetAssignmentInput): ReadonlyMap<string, Tasks> {
  const { members, previous, topology, assignmentConfigs } = input;
  if (topology.name !== "ready") return new Map(members.map(({ id }) => [id, noTasks]));
  const assignable = members.map(({ id, processId }) => ({
    id,
    processId,
    previous: previous.get(id) ?? noTasks,
  }));
  const numStandbyReplicas = Number(assignmentConfigs.get(numStandbyReplicasKey) ?? 0);
  return assignTasks(assignable, topology.subtopologies, numStandbyReplicas);
}
