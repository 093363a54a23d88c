import type { Partitions } from "../assignment.ts";
import type { Assignor, AssignorInput } from "./assignor.ts";

/**
 * Gives each member a run of neighbouring partitions of each topic (`RangeAssignor`), so that topics
 * with as many partitions and the same subscribers are shared out alike and can be joined. Static
 * members come first, by instance id, so that they keep their places when they return.
 */
export const range: Assignor = (input) => {
  const memberIds = sortedMemberIds(input);
  const shares = new Map<string, Share>();
  for (const topicIds of memberIds.map((id) => input.members.get(id)?.topicIds ?? [])) {
    for (const topicId of topicIds) {
      const share = shares.get(topicId);
      if (share === undefined) {
        shares.set(topicId, { count: input.partitionCount(topicId), members: 1, given: 0, at: 0 });
      } else share.members += 1;
    }
  }
  const assignment = new Map<string, Partitions>();
  for (const id of memberIds) {
    const partitions = new Map<string, Set<number>>();
    for (const topicId of input.members.get(id)?.topicIds ?? []) {
      const run = nextRun(shares.get(topicId));
      if (run.size > 0) partitions.set(topicId, run);
    }
    assignment.set(id, partitions);
  }
  return assignment;
};

/** How a topic is shared out: `given` of its `members` have their run, up to partition `at`. */
interface Share {
  readonly count: number;
  members: number;
  given: number;
  at: number;
}

/** The next run: the first members get one more where it does not come out even. */
function nextRun(share: Share | undefined): Set<number> {
  const run = new Set<number>();
  if (share === undefined) return run;
  const isLarger = share.given < share.count % share.members;
  const end = share.at + Math.floor(share.count / share.members) + (isLarger ? 1 : 0);
  for (; share.at < end; share.at += 1) run.add(share.at);
  share.given += 1;
  return run;
}

function sortedMemberIds({ members }: AssignorInput): string[] {
  const instanceId = (id: string) => members.get(id)?.instanceId ?? null;
  return [...members.keys()].sort((left, right) => {
    const ours = instanceId(left);
    const theirs = instanceId(right);
    if (ours !== null && theirs !== null) return compare(ours, theirs);
    if (ours !== null) return -1;
    return theirs === null ? compare(left, right) : 1;
  });
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
