import { brokerErrorNumber, isRetriable } from "../../broker-error-code.ts";
import type { Cluster } from "../cluster.ts";
import {
  GroupOffsets,
  joinGroup,
  type Membership,
  type MembershipEvents,
} from "../group/membership.ts";
import { refusal } from "../refusal.ts";
import { bytes, type Deserializer } from "../serde.ts";
import type { TopicPartition } from "../topic-partition.ts";
import type { AssignedPartition } from "./assigned-partition.ts";
import { AssignedPartitions } from "./assigned-partitions.ts";
import { BufferBudget } from "./buffer-budget.ts";
import { Commits, markedOffsets } from "./commits.ts";
import type { BatchOwner, CommitOptions, ConsumerBatch } from "./consumer-batch.ts";
import { ConsumerMetrics } from "./consumer-metrics.ts";
import { Delivery } from "./delivery.ts";
import { FetchSettlement } from "./fetch-settlement.ts";
import { Fetcher } from "./fetcher.ts";
import { LeaderWatch } from "./leader-watch.ts";
import type { ConsumerOptions } from "./options.ts";
import { PositionLookup } from "./position-lookup.ts";
import { PositionPolicy } from "./position-policy.ts";
import { Rebalance } from "./rebalance.ts";
import { type ConsumerSettings, consumerSettings } from "./settings.ts";

/** How a consumer is closed. */
export interface CloseOptions {
  /**
   * Whether the member leaves its group, so that others get its partitions at once. By default all
   * do but static ones, which keep theirs when they return within the session (KIP-345).
   */
  readonly leave?: boolean | undefined;
  /** How long it may take, in milliseconds; `closeTimeoutMs` by default. */
  readonly timeoutMs?: number | undefined;
}

/**
 * All that goes on behind a consumer: membership, positions, fetches, commits. Each part does one
 * thing and tells the others through here.
 */
export class Reading<K, V> implements BatchOwner<K, V> {
  /** Tells the consumers of one process apart in the names of their lanes. */
  static #made = 0;

  readonly cluster: Cluster;
  readonly settings: ConsumerSettings;
  readonly terms: ConsumerSettings;
  readonly key: Deserializer<K>;
  readonly value: Deserializer<V>;
  readonly reusesBuffers: boolean;
  readonly assigned = new AssignedPartitions();
  readonly metrics = new ConsumerMetrics();
  readonly delivery: Delivery<K, V>;
  readonly commits: Commits;
  readonly offsets: GroupOffsets | undefined;
  readonly membership: Membership | undefined;
  readonly #options: ConsumerOptions<K, V>;
  readonly #leaders: LeaderWatch;
  readonly #lookup: PositionLookup;
  readonly #fetcher: Fetcher;
  readonly #rebalance: Rebalance;
  readonly #refusedTopics = new Set<string>();
  #state: "new" | "started" | "closed" = "new";
  #forgetMetadata = () => {};
  readonly #failed = (error: Error, partition?: AssignedPartition) =>
    this.delivery.fail(error, partition);

  constructor(cluster: Cluster, options: ConsumerOptions<K, V>) {
    const settings = consumerSettings(options);
    this.cluster = cluster;
    this.settings = settings;
    this.terms = settings;
    this.key = options.key ?? (bytes as Deserializer<unknown> as Deserializer<K>);
    this.value = options.value ?? (bytes as Deserializer<unknown> as Deserializer<V>);
    const copies = this.key.copies === true && this.value.copies === true;
    this.reusesBuffers = options.reuseBuffers ?? copies;
    this.#options = options;
    const { assigned, metrics } = this;
    const { clock } = cluster.host;
    const taken = () => this.#fetcher.pump();
    const retry = () => this.proceed();
    this.delivery = new Delivery({ clock, assigned, owner: this, metrics, taken, retry });
    this.#rebalance = this.#newRebalance();
    this.membership = membershipOf(cluster, options, this.#rebalance);
    const { groupId, isAutoCommitted } = settings;
    const offsets =
      this.membership?.offsets ??
      (groupId === undefined ? undefined : new GroupOffsets(cluster, groupId));
    this.offsets = offsets;
    const intervalMs = isAutoCommitted ? settings.autoCommitIntervalMs : undefined;
    this.commits = new Commits({ cluster, assigned, offsets, groupId, metrics, intervalMs });
    const policy = new PositionPolicy(settings.autoOffsetReset, () => clock.now());
    const settled = () => {
      // What was buffered before a validation can be handed out again, though nothing more arrives.
      this.delivery.wake();
      this.#fetcher.pump();
    };
    const lookupEvents = { settled, failed: this.#failed };
    this.#lookup = new PositionLookup({
      cluster,
      settings,
      assigned,
      offsets,
      policy,
      events: lookupEvents,
    });
    const leaderEvents = { refreshed: () => this.proceed(), failed: this.#failed };
    this.#leaders = new LeaderWatch(cluster, assigned, leaderEvents);
    this.#fetcher = this.#newFetcher(policy);
    for (const partition of options.assignment ?? []) assigned.add(partition);
  }

  /** Joins the group, or begins with the partitions that were named. May be called again. */
  start(): void {
    if (this.#state !== "new") return;
    this.#state = "started";
    this.#forgetMetadata = this.cluster.onMetadata(() => {
      this.#checkTopics();
      this.proceed();
    });
    this.membership?.start();
    this.commits.start();
    this.proceed();
  }

  /** Reads these partitions and no others, without a group's consent. */
  assign(partitions: readonly TopicPartition[]): void {
    const wanted = new Set(partitions.map((one) => this.assigned.add(one)));
    const given = [...this.assigned].filter((one) => !wanted.has(one));
    const marked = markedOffsets(given);
    if (marked.length > 0) this.commits.commitSoon(marked);
    for (const partition of given) this.assigned.remove(partition);
    this.delivery.wake();
    this.proceed();
  }

  /** Has positions looked up and fetches sent, as far as there is need. */
  proceed(): void {
    if (this.#state !== "started") return;
    this.#lookup.update();
    this.#fetcher.pump();
  }

  /** Takes a batch back from a loop or a poll whose owner has gone on to the next one. */
  finish(batch: ConsumerBatch<K, V>): void {
    if (this.settings.isAutoCommitted) this.markBehind(batch);
    batch.release();
    this.delivery.putDown(batch);
  }

  /** Takes a batch back from a loop that was left: whether it is done with, nobody knows. */
  putDown(batch: ConsumerBatch<K, V>): void {
    batch.leave();
    this.delivery.putDown(batch);
  }

  markBehind(batch: ConsumerBatch<K, V>): void {
    if (batch.isCurrent) this.assigned.get(batch)?.mark(batch.end);
  }

  async commitBehind(batch: ConsumerBatch<K, V>, options: CommitOptions): Promise<void> {
    const { topic, partition } = batch;
    const end = this.assigned.get(batch)?.beyondGap(batch.end) ?? batch.end;
    await this.commits.commit([{ topic, partition, ...end }], options);
    this.markBehind(batch);
    this.delivery.putDown(batch);
  }

  /** Resolves once no batch is in the hands of a loop any more. */
  async untilFree(): Promise<void> {
    while (this.delivery.isInHand()) await this.delivery.changed;
  }

  /** Ends everything: gives partitions up, commits what is marked, leaves the group. */
  async close({ leave, timeoutMs }: CloseOptions & { timeoutMs: number }): Promise<void> {
    const isMember = this.membership !== undefined && this.#state === "started";
    this.#state = "closed";
    this.delivery.end();
    this.delivery.forgetHands();
    this.commits.stop();
    this.#forgetMetadata();
    this.#lookup.close();
    this.#leaders.close();
    const fetchesEnd = this.#fetcher.close();
    if (isMember) await this.membership?.close({ leave, timeoutMs });
    else await this.#commitLast(timeoutMs);
    for (const partition of [...this.assigned]) this.assigned.remove(partition);
    this.delivery.wake();
    await fetchesEnd;
  }

  async #commitLast(timeoutMs: number): Promise<void> {
    const marked = markedOffsets(this.assigned);
    if (marked.length === 0) return;
    await this.commits.commitNow(marked, { timeoutMs }).catch((error: Error) => {
      const fields = { error: error.message, offsets: marked.length };
      this.cluster.logger.warn(fields, "offsets could not be committed on closing");
    });
  }

  #newRebalance(): Rebalance {
    return new Rebalance({
      cluster: this.cluster,
      assigned: this.assigned,
      commit: (offsets, bounds) => this.commits.commitNow(offsets, bounds),
      rebalanceTimeoutMs: this.settings.rebalanceTimeoutMs,
      onRebalance: this.#options.onRebalance,
      delivery: this.delivery,
      proceed: () => this.proceed(),
    });
  }

  #newFetcher(policy: PositionPolicy): Fetcher {
    const { cluster, settings, assigned, metrics } = this;
    const { logger } = cluster;
    const { isolation } = settings;
    const budget = new BufferBudget(settings.maxBufferedBytes);
    const reuse = this.reusesBuffers ? (part: Buffer) => cluster.frames.give(part) : undefined;
    metrics.gauge("buffered-bytes", () => budget.heldBytes);
    Reading.#made += 1;
    return new Fetcher({
      cluster,
      settings,
      assigned,
      budget,
      settlement: new FetchSettlement({ assigned, budget, isolation, policy, reuse, logger }),
      leaders: this.#leaders,
      metrics,
      events: {
        arrived: () => this.delivery.arrived(),
        unsettled: () => this.#lookup.update(),
        failed: this.#failed,
        isAwaited: (partition) => this.delivery.isAwaited(partition),
      },
      lane: `consumer-${Reading.#made}/fetch`,
    });
  }

  /** Tells once of subscribed topics that cannot be read, for reasons that will not pass by themselves. */
  #checkTopics(): void {
    const { topics } = this.#options;
    if (!topics || topics instanceof RegExp) return;
    for (const topic of topics) {
      const code = this.cluster.metadata.errorOf(topic);
      if (code === undefined || isRetriable(code)) {
        this.#refusedTopics.delete(topic);
      } else if (!this.#refusedTopics.has(topic)) {
        this.#refusedTopics.add(topic);
        this.delivery.fail(refusal(brokerErrorNumber(code), `subscribing to topic ${topic}`));
      }
    }
  }
}

/** The membership that subscribing needs; undefined where partitions are named. */
function membershipOf<K, V>(
  cluster: Cluster,
  options: ConsumerOptions<K, V>,
  events: MembershipEvents,
): Membership | undefined {
  const { groupId, topics } = options;
  if (groupId === undefined || topics === undefined) return undefined;
  return joinGroup(cluster, { ...options, groupId, topics }, events);
}
