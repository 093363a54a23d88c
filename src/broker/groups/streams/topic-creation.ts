import { BrokerError } from "../../../errors.ts";
import type { TopicToCreate } from "../../metadata/topic-to-create.ts";
import type { InternalTopic } from "./configured-topology.ts";

/** The most failures that are remembered; the oldest make room, as in Kafka. */
const maxFailures = 1000;

/** Makes topics: the controller. */
export interface TopicMaker {
  /** Throws a `BrokerError` where the topic cannot be made. */
  createTopic(topic: TopicToCreate): unknown;
}

/**
 * Makes the internal topics that streams groups need, and remembers for a while which could not be
 * made, so that not every heartbeat of every member tries again (`AutoTopicCreationManager`).
 */
export class TopicCreation {
  readonly #maker: TopicMaker;
  readonly #failures = new Map<string, { readonly message: string; readonly until: number }>();

  constructor(maker: TopicMaker) {
    this.#maker = maker;
  }

  /**
   * Makes the topics, but for those that failed a short while ago; gives the failures of all of them
   * that could not be made. A failure is remembered for `backoffMs`; `now` is the clock's `elapsed`.
   */
  create(
    topics: readonly InternalTopic[],
    now: number,
    backoffMs: number,
  ): ReadonlyMap<string, string> {
    const failures = new Map<string, string>();
    for (const topic of topics) {
      const failure = this.#failures.get(topic.name);
      const isRecent = failure !== undefined && failure.until > now;
      const message = isRecent ? failure.message : this.#tryCreate(topic);
      if (message === undefined) continue;
      failures.set(topic.name, message);
      if (!isRecent) this.#remember(topic.name, message, now + backoffMs);
    }
    return failures;
  }

  /** The message of what went wrong; undefined where all went well. */
  #tryCreate({ name, partitions, replicationFactor, configs }: InternalTopic): string | undefined {
    try {
      this.#maker.createTopic({
        name,
        numPartitions: partitions,
        replicationFactor: replicationFactor === 0 ? -1 : replicationFactor,
        configs,
      });
      return undefined;
    } catch (error) {
      if (error instanceof BrokerError) return error.message;
      throw error;
    }
  }

  #remember(topic: string, message: string, until: number): void {
    this.#failures.delete(topic);
    this.#failures.set(topic, { message, until });
    for (const oldest of this.#failures.keys()) {
      if (this.#failures.size <= maxFailures) break;
      this.#failures.delete(oldest);
    }
  }
}
