/** Partitions by the id of their topic. No topic has an empty set. */
export type Partitions = ReadonlyMap<string, ReadonlySet<number>>;

/** Partitions by the id of their topic, each with the epoch since which the member has it (KIP-1251). */
export type PartitionEpochs = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** Partitions as requests and records have them. */
export type PartitionList = readonly {
  readonly topicId: string;
  readonly partitions: readonly number[];
}[];

/** No partitions. */
export const noPartitions: Partitions = new Map();

/** No partitions, with epochs. */
export const noPartitionEpochs: PartitionEpochs = new Map();

/** Makes partitions of a list; topics that occur twice are merged. */
export function partitionsOf(list: PartitionList): Partitions {
  const partitions = new Map<string, Set<number>>();
  for (const one of list) {
    if (one.partitions.length === 0) continue;
    const known = partitions.get(one.topicId) ?? new Set();
    for (const partition of one.partitions) known.add(partition);
    partitions.set(one.topicId, known);
  }
  return partitions;
}

/** The list that requests and records have, partitions in ascending order. */
export function partitionList(
  partitions: Partitions | PartitionEpochs,
): { topicId: string; partitions: number[] }[] {
  return [...partitions].map(([topicId, of]) => ({
    topicId,
    partitions: [...of.keys()].sort((left, right) => left - right),
  }));
}

/** Gives all partitions the same epoch. */
export function withEpoch(
  partitions: Partitions | PartitionEpochs,
  epoch: number,
): PartitionEpochs {
  return new Map(
    [...partitions].map(([topicId, of]) => [
      topicId,
      new Map([...of.keys()].map((partition) => [partition, epoch])),
    ]),
  );
}

/** Whether two hold the same partitions. */
export function isSamePartitions(left: Partitions, right: Partitions): boolean {
  if (left.size !== right.size) return false;
  for (const [topicId, partitions] of left) {
    const others = right.get(topicId);
    if (others === undefined || others.size !== partitions.size) return false;
    for (const partition of partitions) if (!others.has(partition)) return false;
  }
  return true;
}

/** Whether two hold the same partitions since the same epochs. */
export function isSamePartitionEpochs(left: PartitionEpochs, right: PartitionEpochs): boolean {
  if (left === right) return true;
  if (left.size !== right.size) return false;
  for (const [topicId, epochs] of left) {
    const others = right.get(topicId);
    if (others === undefined || others.size !== epochs.size) return false;
    for (const [partition, epoch] of epochs) if (others.get(partition) !== epoch) return false;
  }
  return true;
}

/** Whether all of the listed partitions are among these. */
export function containsAll(partitions: PartitionEpochs, list: PartitionList): boolean {
  return list.every(({ topicId, partitions: some }) => {
    const known = partitions.get(topicId);
    return known !== undefined && some.every((partition) => known.has(partition));
  });
}

/** Whether any of the listed partitions is among these. */
export function containsAny(partitions: PartitionEpochs, list: PartitionList): boolean {
  return list.some(({ topicId, partitions: some }) => {
    const known = partitions.get(topicId);
    return known !== undefined && some.some((partition) => known.has(partition));
  });
}
