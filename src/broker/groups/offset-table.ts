import type { OffsetPlace } from "./committed-offset.ts";

/** Something kept for each partition of each group, found by group, topic and partition. */
export class OffsetTable<Entry> {
  readonly #groups = new Map<string, Map<string, Map<number, Entry>>>();

  get({ group, topic, partition }: OffsetPlace): Entry | undefined {
    return this.#groups.get(group)?.get(topic)?.get(partition);
  }

  /** What is kept for one group, by topic and partition. */
  of(group: string): ReadonlyMap<string, ReadonlyMap<number, Entry>> | undefined {
    return this.#groups.get(group);
  }

  groups(): IterableIterator<string> {
    return this.#groups.keys();
  }

  set({ group, topic, partition }: OffsetPlace, entry: Entry): void {
    const topics = this.#groups.get(group) ?? new Map<string, Map<number, Entry>>();
    const partitions = topics.get(topic) ?? new Map<number, Entry>();
    partitions.set(partition, entry);
    topics.set(topic, partitions);
    this.#groups.set(group, topics);
  }

  delete({ group, topic, partition }: OffsetPlace): void {
    const topics = this.#groups.get(group);
    const partitions = topics?.get(topic);
    if (topics === undefined || partitions === undefined) return;
    partitions.delete(partition);
    if (partitions.size === 0) topics.delete(topic);
    if (topics.size === 0) this.#groups.delete(group);
  }

  *entries(): Generator<readonly [place: OffsetPlace, entry: Entry]> {
    for (const [group, topics] of this.#groups) {
      for (const [topic, partitions] of topics) {
        for (const [partition, entry] of partitions) yield [{ group, topic, partition }, entry];
      }
    }
  }
}
