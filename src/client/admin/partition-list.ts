import { partitionName, type TopicPartition } from "../topic-partition.ts";

/** The name under which a partition's outcome is found: "orders-3". */
export function keyOf({ topic, partition }: TopicPartition): string {
  return partitionName(topic, partition);
}

/** Groups partitions by their topic, as requests carry them. */
export function byTopic<P extends TopicPartition, T>(
  partitions: readonly P[],
  make: (topic: string, partitions: readonly P[]) => T,
): T[] {
  const groups = Map.groupBy(partitions, ({ topic }) => topic);
  return [...groups].map(([topic, group]) => make(topic, group));
}
