import { partitionName, type TopicPartition } from "../topic-partition.ts";
import { AssignedPartition } from "./assigned-partition.ts";

/** The partitions a consumer reads at present, and the order in which what is buffered is handed out. */
export class AssignedPartitions implements Iterable<AssignedPartition> {
  // The order is that of asking: who got something goes to the end (KIP-41's fairness).
  readonly #byName = new Map<string, AssignedPartition>();
  readonly #ready = new Set<AssignedPartition>();

  get size(): number {
    return this.#byName.size;
  }

  [Symbol.iterator](): MapIterator<AssignedPartition> {
    return this.#byName.values();
  }

  /** The partition with this `topic-partition`, if it is assigned. */
  byName(name: string): AssignedPartition | undefined {
    return this.#byName.get(name);
  }

  get({ topic, partition }: TopicPartition): AssignedPartition | undefined {
    return this.#byName.get(partitionName(topic, partition));
  }

  /** Takes a partition in; one that is there already stays as it is. */
  add(partition: TopicPartition): AssignedPartition {
    const known = this.get(partition);
    if (known) return known;
    const added = new AssignedPartition(partition);
    this.#byName.set(added.name, added);
    return added;
  }

  /** Lets go of a partition and of what is buffered for it. */
  remove(partition: AssignedPartition): void {
    partition.tenure = "gone";
    partition.dropBuffered();
    this.#byName.delete(partition.name);
    this.#ready.delete(partition);
  }

  /** Takes note that something was fetched for a partition. */
  arrived(partition: AssignedPartition): void {
    this.#ready.add(partition);
    this.#byName.delete(partition.name);
    this.#byName.set(partition.name, partition);
  }

  /** The partition whose turn it is to hand something out; each in turn. */
  nextDeliverable(): AssignedPartition | undefined {
    for (const partition of this.#ready) {
      if (!partition.hasBuffered) {
        this.#ready.delete(partition);
      } else if (partition.isDeliverable) {
        this.#ready.delete(partition);
        this.#ready.add(partition);
        return partition;
      }
    }
    return undefined;
  }
}
