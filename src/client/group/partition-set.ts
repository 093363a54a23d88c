import { partitionName, type TopicPartition } from "../topic-partition.ts";

/** A set of partitions, in the order of topic and number; it does not change. */
export class PartitionSet implements Iterable<TopicPartition> {
  readonly #byName: ReadonlyMap<string, TopicPartition>;

  constructor(partitions: Iterable<TopicPartition> = []) {
    const sorted = [...partitions].sort(byTopicAndNumber);
    this.#byName = new Map(
      sorted.map((one) => [partitionName(one.topic, one.partition), one] as const),
    );
  }

  get size(): number {
    return this.#byName.size;
  }

  has({ topic, partition }: TopicPartition): boolean {
    return this.#byName.has(partitionName(topic, partition));
  }

  /** What is in this set and not in the other. */
  minus(other: PartitionSet): PartitionSet {
    return this.where((one) => !other.has(one));
  }

  /** What is in this set, in the other, or in both. */
  plus(other: PartitionSet): PartitionSet {
    return new PartitionSet([...this, ...other]);
  }

  /** Those that a predicate holds for. */
  where(keep: (partition: TopicPartition) => boolean): PartitionSet {
    return new PartitionSet([...this].filter(keep));
  }

  /** The names, such as `orders-3`, for logs and messages. */
  toString(): string {
    return [...this.#byName.keys()].join(", ");
  }

  [Symbol.iterator](): Iterator<TopicPartition> {
    return this.#byName.values();
  }
}

/** Orders partitions by topic, then by number, as Kafka does. */
export function byTopicAndNumber(left: TopicPartition, right: TopicPartition): number {
  if (left.topic !== right.topic) return left.topic < right.topic ? -1 : 1;
  return left.partition - right.partition;
}

/** Gathers partitions by topic, as the protocol's messages list them. */
export function groupedByTopic<T extends TopicPartition>(
  partitions: Iterable<T>,
): Map<string, T[]> {
  return Map.groupBy(partitions, ({ topic }) => topic);
}
