/** The part of an answer that says what became of each partition of a topic. */
export interface TopicAnswer {
  readonly name: string;
  readonly topicId: string;
  readonly partitions: { partitionIndex: number; errorCode: number }[];
}

/**
 * Gathers what became of each partition, topic by topic in the order of the first mention; a topic
 * that is told twice is answered once, as Kafka's response builders do.
 */
export class PartitionAnswers {
  readonly topics: TopicAnswer[] = [];
  readonly #byKey = new Map<string, TopicAnswer>();
  readonly #key: "name" | "topicId";

  /** Tells topics apart by their names, or by their ids. */
  constructor(key: "name" | "topicId" = "name") {
    this.#key = key;
  }

  add(
    topic: { readonly name: string; readonly topicId?: string },
    partitionIndex: number,
    errorCode: number,
  ): void {
    const { name, topicId = "" } = topic;
    const key = this.#key === "name" ? name : topicId;
    let answer = this.#byKey.get(key);
    if (answer === undefined) {
      answer = { name, topicId, partitions: [] };
      this.#byKey.set(key, answer);
      this.topics.push(answer);
    }
    answer.partitions.push({ partitionIndex, errorCode });
  }
}
