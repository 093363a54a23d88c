import type { Partitions } from "../assignment.ts";
import {
  type Assignor,
  type AssignorInput,
  addPartition,
  copyOf,
  type OpenPartitions,
  removePartition,
} from "./assignor.ts";
import { uniformMixed } from "./uniform-mixed.ts";

/**
 * Gives all members the same number of partitions, or one more, and otherwise leaves as many as
 * possible where they were (`UniformAssignor`). Kafka's default.
 */
export const uniform: Assignor = (input) =>
  input.isHomogeneous ? uniformSame(input) : uniformMixed(input);

/** The case of members that are all subscribed to the same topics (`UniformHomogeneousAssignmentBuilder`). */
function uniformSame(input: AssignorInput): Map<string, Partitions> {
  const [first] = input.members.values();
  const assignment = new Map<string, OpenPartitions>();
  if (first === undefined || first.topicIds.size === 0) return assignment;
  const { unassigned, total } = unassignedPartitions(input, first.topicIds);
  const count = input.members.size;
  const quota = Math.floor(total / count);
  let extras = total % count;
  const unfilled: { readonly partitions: OpenPartitions; readonly room: number }[] = [];
  for (const [index, [memberId, { previous }]] of [...input.members].entries()) {
    const partitions = copyOf(previous);
    assignment.set(memberId, partitions);
    let takesExtra = extras > 0;
    let room = trim(partitions, first.topicIds, quota + (takesExtra ? 1 : 0), unassigned);
    // What is left of an extra goes to a later member, as long as there are enough of those.
    if (room > 0 && takesExtra && count - index > extras) {
      room -= 1;
      takesExtra = false;
    }
    if (room > 0) unfilled.push({ partitions, room });
    if (takesExtra) extras -= 1;
  }
  let at = 0;
  for (const { partitions, room } of unfilled) {
    for (const [topicId, partition] of unassigned.slice(at, at + room)) {
      addPartition(partitions, topicId, partition);
    }
    at += room;
  }
  return assignment;
}

type TopicPartition = readonly [topicId: string, partition: number];

function unassignedPartitions(
  { members, partitionCount }: AssignorInput,
  topicIds: ReadonlySet<string>,
): { readonly unassigned: TopicPartition[]; readonly total: number } {
  const assigned: OpenPartitions = new Map();
  for (const { previous } of members.values()) {
    for (const [topicId, partitions] of previous) {
      for (const partition of partitions) addPartition(assigned, topicId, partition);
    }
  }
  const unassigned: TopicPartition[] = [];
  let total = 0;
  for (const topicId of topicIds) {
    const count = partitionCount(topicId);
    total += count;
    const taken = assigned.get(topicId);
    for (let partition = 0; partition < count; partition += 1) {
      if (taken?.has(partition) !== true) unassigned.push([topicId, partition]);
    }
  }
  return { unassigned, total };
}

/** Takes away what the member is not subscribed to or has beyond its quota; gives the room that is left. */
function trim(
  partitions: OpenPartitions,
  topicIds: ReadonlySet<string>,
  quota: number,
  unassigned: TopicPartition[],
): number {
  let room = quota;
  for (const [topicId, of] of [...partitions]) {
    if (!topicIds.has(topicId)) {
      partitions.delete(topicId);
      continue;
    }
    for (const partition of [...of]) {
      if (room > 0) room -= 1;
      else {
        removePartition(partitions, topicId, partition);
        unassigned.push([topicId, partition]);
      }
    }
  }
  return room;
}
