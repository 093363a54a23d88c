import { brokerErrorNumber } from "../../broker-error-code.ts";
import type { Timer } from "../../clock.ts";
import type { BrokerError } from "../../errors.ts";
import { Backoff } from "../backoff.ts";
import type { Cluster } from "../cluster.ts";
import { refusal } from "../refusal.ts";
import type { KnownTopics, Subscription } from "./member.ts";

/** Whom a {@link TopicWatch} works for. */
export interface TopicWatcher {
  /** The topics besides those asked for whose metadata should be kept up to date. */
  readonly watchedTopics: readonly string[];
  /** Whether it waits for metadata that is missing. */
  readonly lacksMetadata: boolean;
  /** What the subscription comes to has changed, or is known for the first time. */
  subscribed(subscription: Subscription): void;
  /** The cluster has told about topics. */
  learned(topics: KnownTopics): void;
  /** The cluster will not let the member have a topic that it asks for by name. */
  denied(error: BrokerError): void;
}

/**
 * Keeps a member's subscription and the cluster's topics together: finds the topics that match a
 * pattern, asks for metadata again when it is old, and soon when some is missing. Internal topics
 * match no pattern. Patterns are matched here in both group protocols, so that they mean the same.
 */
export class TopicWatch {
  readonly #cluster: Cluster;
  readonly #watcher: TopicWatcher;
  readonly #backoff: Backoff;
  #wanted: readonly string[] | RegExp;
  #resolved: string | undefined;
  #hasSeenAll = false;
  #refreshedAt: number | undefined;
  #timer: Timer | undefined;
  #isHurried = false;
  #isRefreshing = false;
  #stopListening: (() => void) | undefined;

  constructor(cluster: Cluster, wanted: readonly string[] | RegExp, watcher: TopicWatcher) {
    this.#cluster = cluster;
    this.#wanted = wanted;
    this.#watcher = watcher;
    const { retryBackoffMs, retryBackoffMaxMs } = cluster.settings;
    this.#backoff = new Backoff(retryBackoffMs, retryBackoffMaxMs, cluster.host.random);
  }

  start(): void {
    this.#stopListening = this.#cluster.onMetadata(() => this.#onMetadata());
    this.#watcher.learned(this.#topics);
    this.update(this.#wanted);
  }

  /** Replaces what is subscribed to. */
  update(wanted: readonly string[] | RegExp): void {
    this.#wanted = wanted;
    if (!this.#stopListening) return;
    this.#resolve();
    this.check();
  }

  /** Looks whether metadata has to be asked for, and when; to be called when the watcher has changed. */
  check(): void {
    if (!this.#stopListening || this.#isRefreshing) return;
    const { clock } = this.#cluster.host;
    const now = clock.elapsed();
    const isUrgent = this.#isUrgent;
    // A refresh that is due soon anyway is not put off time and again.
    if (isUrgent && this.#isHurried) return;
    const dueAt = isUrgent ? now + this.#urgentWait() : this.#nextRegular(now);
    this.#timer?.cancel();
    this.#isHurried = isUrgent;
    if (!Number.isFinite(dueAt)) return;
    this.#timer = clock.after(Math.max(0, dueAt - now), () => void this.#refresh());
  }

  stop(): void {
    this.#stopListening?.();
    this.#stopListening = undefined;
    this.#timer?.cancel();
  }

  /** Whether something is missing that may be there at the next look. */
  get #isUrgent(): boolean {
    if (this.#wanted instanceof RegExp && !this.#hasSeenAll) return true;
    const { metadata } = this.#cluster;
    return this.#watcher.lacksMetadata || this.#watched.some((topic) => !metadata.topic(topic));
  }

  /** What is asked for by name, and what else the watcher needs. */
  get #watched(): readonly string[] {
    const { watchedTopics } = this.#watcher;
    if (this.#wanted instanceof RegExp) return watchedTopics;
    return [...new Set([...this.#wanted, ...watchedTopics])];
  }

  #urgentWait(): number {
    return this.#refreshedAt === undefined ? 0 : this.#backoff.next();
  }

  #nextRegular(now: number): number {
    this.#backoff.reset();
    const isIdle = !(this.#wanted instanceof RegExp) && this.#watched.length === 0;
    if (isIdle) return Number.POSITIVE_INFINITY;
    return (this.#refreshedAt ?? now) + this.#cluster.settings.metadataMaxAgeMs;
  }

  async #refresh(): Promise<void> {
    this.#isRefreshing = true;
    this.#isHurried = false;
    const isPattern = this.#wanted instanceof RegExp;
    try {
      await this.#cluster.refresh(isPattern ? "all" : this.#watched);
      if (isPattern) this.#hasSeenAll = true;
      this.#resolve();
      this.#reportDenied();
    } catch (error) {
      // The network may be back at the next try.
      this.#cluster.logger.debug({ error }, "asking for the metadata of a group's topics failed");
    }
    this.#refreshedAt = this.#cluster.host.clock.elapsed();
    this.#isRefreshing = false;
    this.check();
  }

  #reportDenied(): void {
    if (this.#wanted instanceof RegExp) return;
    for (const topic of this.#wanted) {
      const code = this.#cluster.metadata.errorOf(topic);
      if (code !== "TOPIC_AUTHORIZATION_FAILED" && code !== "INVALID_TOPIC_EXCEPTION") continue;
      this.#watcher.denied(refusal(brokerErrorNumber(code), `subscribing to topic ${topic}`));
    }
  }

  #onMetadata(): void {
    this.#resolve();
    this.#watcher.learned(this.#topics);
    this.check();
  }

  #resolve(): void {
    const subscription = this.#subscription();
    if (!subscription) return;
    const key = JSON.stringify([this.#wanted.toString(), subscription.topics]);
    if (key === this.#resolved) return;
    this.#resolved = key;
    this.#watcher.subscribed(subscription);
  }

  /** Undefined as long as it is not known what matches. */
  #subscription(): Subscription | undefined {
    const wanted = this.#wanted;
    if (!(wanted instanceof RegExp)) {
      const topics = [...new Set(wanted)].sort();
      return { topics, accepts: (topic) => topics.includes(topic) };
    }
    if (!this.#hasSeenAll) return undefined;
    // A pattern with the flags g or y would go on from its last match.
    const pattern = new RegExp(wanted.source, wanted.flags.replace(/[gy]/g, ""));
    const accepts = (topic: string) => pattern.test(topic);
    const candidates = this.#cluster.metadata.topics.filter(({ isInternal }) => !isInternal);
    return {
      topics: candidates
        .map(({ name }) => name)
        .filter(accepts)
        .sort(),
      accepts,
    };
  }

  get #topics(): KnownTopics {
    const { metadata } = this.#cluster;
    return {
      partitionCount: (topic) => metadata.topic(topic)?.partitions.length ?? 0,
      topicName: (id) => metadata.topicName(id),
    };
  }
}
