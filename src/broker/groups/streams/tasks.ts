/** One task: a partition of a subtopology. */
export interface Task {
  readonly subtopology: string;
  readonly partition: number;
}

/** Tasks: the partitions of each subtopology. */
export type TaskSet = ReadonlyMap<string, ReadonlySet<number>>;

/** Tasks with the epoch in which each was assigned, by subtopology and partition. */
export type EpochTaskSet = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** Tasks as requests, answers and records list them. */
export interface TaskIds {
  readonly subtopologyId: string;
  readonly partitions: readonly number[];
}

/** The tasks that one member is to have, or says that it has (`TasksTuple`). */
export interface Tasks {
  readonly active: TaskSet;
  readonly standby: TaskSet;
  readonly warmup: TaskSet;
}

/**
 * The tasks that one member has by the coordinator's book (`TasksTupleWithEpochs`). Only active tasks
 * commit offsets, so only they need epochs to tell late commits by.
 */
export interface EpochTasks {
  readonly active: EpochTaskSet;
  readonly standby: TaskSet;
  readonly warmup: TaskSet;
}

/** What sets and maps of partitions have in common. */
export interface PartitionKeys {
  readonly size: number;
  has(partition: number): boolean;
  keys(): Iterable<number>;
}

/** Tasks with epochs or without. */
export type AnyTaskSet = ReadonlyMap<string, PartitionKeys>;

/** No tasks at all. */
export const noTasks: Tasks & EpochTasks = {
  active: new Map(),
  standby: new Map(),
  warmup: new Map(),
};

/** A text that no other task has, and that Kafka Streams shows too. */
export function taskName({ subtopology, partition }: Task): string {
  return `${subtopology}_${partition}`;
}

/** Whether there are no tasks of any kind. */
export function isWithoutTasks({ active, standby, warmup }: Tasks | EpochTasks): boolean {
  return active.size === 0 && standby.size === 0 && warmup.size === 0;
}

/** Reads a list of tasks; a subtopology that is listed twice has the partitions of its last place. */
export function taskSetOf(list: readonly TaskIds[]): TaskSet {
  return new Map(
    list.map(({ subtopologyId, partitions }) => [subtopologyId, new Set(partitions)] as const),
  );
}

/** Lists tasks in the order of subtopologies and partitions, as Kafka's records have them. */
export function listTasks(tasks: AnyTaskSet): { subtopologyId: string; partitions: number[] }[] {
  return [...tasks]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([subtopologyId, partitions]) => ({
      subtopologyId,
      partitions: [...partitions.keys()].sort((left, right) => left - right),
    }));
}

/** Whether at least one task is in both, as one of the same kind. */
export function haveCommonTask(left: Tasks, right: EpochTasks): boolean {
  return (
    intersects(left.active, right.active) ||
    intersects(left.standby, right.standby) ||
    intersects(left.warmup, right.warmup)
  );
}

/** Whether both are the same tasks of the same kinds, assigned in the same epochs where they have any. */
export function areSameTasks<T extends Tasks | EpochTasks>(left: T, right: T): boolean {
  return (
    isSameSet(left.active, right.active) &&
    isSameSet(left.standby, right.standby) &&
    isSameSet(left.warmup, right.warmup)
  );
}

/** All tasks of both; where both have an epoch for a task, that of `right` holds. */
export function mergeTasks(left: EpochTasks, right: EpochTasks): EpochTasks {
  const active = new Map(left.active);
  for (const [subtopology, epochs] of right.active) {
    active.set(subtopology, new Map([...(active.get(subtopology) ?? []), ...epochs]));
  }
  return {
    active,
    standby: mergeSets(left.standby, right.standby),
    warmup: mergeSets(left.warmup, right.warmup),
  };
}

function mergeSets(left: TaskSet, right: TaskSet): TaskSet {
  const merged = new Map(left);
  for (const [subtopology, partitions] of right) {
    merged.set(subtopology, new Set([...(merged.get(subtopology) ?? []), ...partitions]));
  }
  return merged;
}

function intersects(left: AnyTaskSet, right: AnyTaskSet): boolean {
  for (const [subtopology, partitions] of left) {
    const others = right.get(subtopology);
    if (others === undefined) continue;
    for (const partition of partitions.keys()) if (others.has(partition)) return true;
  }
  return false;
}

function isSameSet(left: AnyTaskSet, right: AnyTaskSet): boolean {
  if (left.size !== right.size) return false;
  for (const [subtopology, partitions] of left) {
    const others = right.get(subtopology);
    if (others === undefined || others.size !== partitions.size) return false;
    for (const partition of partitions.keys()) {
      if (!others.has(partition)) return false;
      if (epochIn(partitions, partition) !== epochIn(others, partition)) return false;
    }
  }
  return true;
}

function epochIn(partitions: PartitionKeys, partition: number): number | undefined {
  return partitions instanceof Map ? partitions.get(partition) : undefined;
}
