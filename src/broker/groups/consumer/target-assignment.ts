import { isSamePartitions, noPartitions, type Partitions } from "./assignment.ts";
import type { Assignor, AssignorMember } from "./assignors/assignor.ts";
import { targetEpochRecord, targetRecord } from "./consumer-group-record.ts";
import type { Member } from "./member.ts";
import { targetOf } from "./membership.ts";
import type { Operation } from "./operation.ts";
import { topicsOf } from "./subscriptions.ts";

/** What a member is to have, and in which epoch. */
export interface Target {
  readonly epoch: number;
  readonly partitions: Partitions;
}

/**
 * Makes the group's target assignment anew where its epoch is behind `epoch` and the last one is old
 * enough (`maybeUpdateTargetAssignment`, KIP-1263). Gives the part of the member that is being updated.
 */
export function updateTarget(
  operation: Operation,
  updated: Member,
  epoch: number,
  isHomogeneous: boolean,
): Target {
  const { group, records, surroundings } = operation;
  const last = { epoch: group.assignmentEpoch, partitions: targetOf(group, updated) };
  if (group.assignmentEpoch >= epoch || !isDue(operation)) return last;
  const members = group.membersWith(updated);
  const image = surroundings.image();
  const specs = new Map<string, AssignorMember>();
  for (const member of members.values()) specs.set(member.id, specOf(operation, member));
  const assignment = assignorFor(
    operation,
    members,
  )({
    members: specs,
    isHomogeneous,
    partitionCount: (topicId) => image.topicsById.get(topicId)?.partitions.length ?? 0,
  });
  for (const memberId of members.keys()) {
    const before = group.targets.get(memberId);
    const after = assignment.get(memberId) ?? noPartitions;
    if (before === undefined || !isSamePartitions(before, after)) {
      records.push(targetRecord(group.id, memberId, after));
    }
  }
  records.push(targetEpochRecord(group.id, epoch, surroundings.timestamp()));
  return { epoch, partitions: assignment.get(updated.id) ?? noPartitions };
}

function isDue({ group, surroundings }: Operation): boolean {
  const { assignmentTimestamp } = group;
  const intervalMs = surroundings.settings.assignmentIntervalMs(group.id);
  // An interval of 0 is the way out where the wall clock has been put back a long way.
  if (assignmentTimestamp === 0 || intervalMs === 0) return true;
  return surroundings.timestamp() >= assignmentTimestamp + intervalMs;
}

function specOf({ group, surroundings }: Operation, member: Member): AssignorMember {
  const { topics } = surroundings.image();
  const topicIds = new Set<string>();
  for (const name of topicsOf(member, group.regexes)) {
    const topic = topics.get(name);
    if (topic !== undefined) topicIds.add(topic.id);
  }
  return { instanceId: member.instanceId, topicIds, previous: targetOf(group, member) };
}

/** The assignor that most members would like; the default one where none has asked. */
function assignorFor({ surroundings }: Operation, members: ReadonlyMap<string, Member>): Assignor {
  const { assignors } = surroundings.settings;
  const [fallback] = assignors.values();
  const chosen = assignors.get(preferredAssignor(members.values()) ?? "") ?? fallback;
  if (chosen === undefined) throw new Error("group.consumer.assignors names no assignor");
  return chosen;
}

/** The name of the assignor that most members ask for; undefined where none does. */
export function preferredAssignor(members: Iterable<Member>): string | undefined {
  const votes = new Map<string, number>();
  for (const { serverAssignor } of members) {
    if (serverAssignor !== null) votes.set(serverAssignor, (votes.get(serverAssignor) ?? 0) + 1);
  }
  let chosen: string | undefined;
  for (const [name, count] of votes) {
    if (chosen === undefined || count > (votes.get(chosen) ?? 0)) chosen = name;
  }
  return chosen;
}
