import type { Partitions } from "../assignment.ts";

/** A member as an assignor sees it. */
export interface AssignorMember {
  readonly instanceId: string | null;
  /** The topics it is subscribed to, by id; all of them exist. */
  readonly topicIds: ReadonlySet<string>;
  /** Its part of the last target assignment. */
  readonly previous: Partitions;
}

/** What an assignor shares out, and to whom. */
export interface AssignorInput {
  readonly members: ReadonlyMap<string, AssignorMember>;
  /** Whether all members are subscribed to the same topics. */
  readonly isHomogeneous: boolean;
  partitionCount(topicId: string): number;
}

/** Shares the partitions of topics out to the members that are subscribed to them: each to exactly one. */
export type Assignor = (input: AssignorInput) => Map<string, Partitions>;

/** Partitions that an assignor is about to change. */
export type OpenPartitions = Map<string, Set<number>>;

/** A copy that can be changed. */
export function copyOf(partitions: Partitions): OpenPartitions {
  return new Map([...partitions].map(([topicId, of]) => [topicId, new Set(of)]));
}

/** Adds one partition. */
export function addPartition(to: OpenPartitions, topicId: string, partition: number): void {
  const known = to.get(topicId);
  if (known === undefined) to.set(topicId, new Set([partition]));
  else known.add(partition);
}

/** Takes one partition away, and its topic with the last. */
export function removePartition(from: OpenPartitions, topicId: string, partition: number): void {
  const known = from.get(topicId);
  known?.delete(partition);
  if (known?.size === 0) from.delete(topicId);
}
