import { brokerErrorNumber, isRetriable } from "../../broker-error-code.ts";
import { type Fetch, type ResponseOf, zeroUuid } from "../../protocol/index.ts";
import { Backoff } from "../backoff.ts";
import type { Cluster } from "../cluster.ts";
import { refusal } from "../refusal.ts";
import { mayPass } from "../retry.ts";
import type { AssignedPartition } from "./assigned-partition.ts";
import type { AssignedPartitions } from "./assigned-partitions.ts";
import type { FetchSession } from "./fetch-session.ts";
import { whyHomeless } from "./leader-requests.ts";

/** What a watch tells its consumer. */
export interface LeaderEvents {
  /** The metadata has been asked for again, with or without success. */
  refreshed(): void;
  /** A partition cannot be read, or the cluster not be asked, and that will not pass by itself. */
  failed(error: Error, partition?: AssignedPartition): void;
}

/** Knows who leads the assigned partitions, and asks the cluster again when nobody seems to. */
export class LeaderWatch {
  readonly #cluster: Cluster;
  readonly #assigned: AssignedPartitions;
  readonly #events: LeaderEvents;
  readonly #backoff: Backoff;
  readonly #closing = new AbortController();
  /** Partitions without a leader: how often the metadata had been asked for when that was seen first. */
  readonly #homeless = new Map<AssignedPartition, number>();
  #refreshes = 0;
  #isRefreshing = false;
  #isUnreachable = false;
  #refreshedAt = Number.NEGATIVE_INFINITY;
  #waitMs = 0;

  constructor(cluster: Cluster, assigned: AssignedPartitions, events: LeaderEvents) {
    const { retryBackoffMs, retryBackoffMaxMs } = cluster.settings;
    this.#cluster = cluster;
    this.#assigned = assigned;
    this.#events = events;
    this.#backoff = new Backoff(retryBackoffMs, retryBackoffMaxMs, cluster.host.random);
  }

  /** The broker that leads a partition, whose epoch the partition is told of; undefined while there is none. */
  leaderOf(partition: AssignedPartition): number | undefined {
    const { topic, partition: index, name } = partition;
    const known = this.#cluster.metadata.partition(topic, index);
    if (known && known.leader >= 0) {
      partition.followTopic(this.#cluster.metadata.topic(topic)?.id ?? zeroUuid);
      partition.followLeader(known.leaderEpoch);
      this.#homeless.delete(partition);
      return known.leader;
    }
    const reason = whyHomeless(this.#cluster, topic, index);
    if (isRetriable(reason)) {
      this.#warn(partition, reason);
      this.refresh();
      return undefined;
    }
    const error = refusal(brokerErrorNumber(reason), `looking up the leader of ${name}`);
    partition.fail(error);
    this.#events.failed(error, partition);
    return undefined;
  }

  /** Takes in the leaders that a fetch's answer names in place of those that were asked (KIP-951). */
  learn(session: FetchSession, answer: ResponseOf<typeof Fetch>): void {
    const { metadata } = this.#cluster;
    for (const { nodeId: id, host, port, rack } of answer.nodeEndpoints) {
      metadata.addBroker({ id, host, port, rack });
    }
    for (const topic of answer.responses) {
      for (const { partitionIndex, errorCode, currentLeader } of topic.partitions) {
        if (errorCode === 0 || currentLeader.leaderId < 0) continue;
        const { leaderId, leaderEpoch } = currentLeader;
        if (!metadata.broker(leaderId)) continue;
        const name = session.topicOf(topic);
        if (name) metadata.updateLeader(name, partitionIndex, leaderId, leaderEpoch);
      }
    }
  }

  /** Has the metadata asked for again: one request at a time, and not faster than the back-off allows. */
  refresh(): void {
    if (this.#isRefreshing || this.#closing.signal.aborted) return;
    this.#isRefreshing = true;
    void this.#refresh();
  }

  /** Stops asking. */
  close(): void {
    this.#closing.abort();
  }

  async #refresh(): Promise<void> {
    const { clock } = this.#cluster.host;
    const { signal } = this.#closing;
    try {
      const wait = this.#refreshedAt + this.#waitMs - clock.elapsed();
      if (wait > 0) await clock.sleep(wait, signal);
      else if (-wait > this.#cluster.settings.retryBackoffMaxMs) this.#backoff.reset();
      const topics = [...this.#assigned].map(({ topic }) => topic);
      for (const one of this.#homeless.keys())
        if (one.tenure === "gone") this.#homeless.delete(one);
      await this.#cluster.refresh([...new Set(topics)]);
      this.#isUnreachable = false;
    } catch (error) {
      if (signal.aborted) return;
      if (!mayPass(error)) this.#events.failed(error as Error);
      else this.#unreachable(error as Error);
    } finally {
      this.#isRefreshing = false;
      this.#refreshes += 1;
      this.#refreshedAt = clock.elapsed();
      this.#waitMs = this.#backoff.next();
    }
    if (!signal.aborted) this.#events.refreshed();
  }

  /** Says once that no broker can be asked, however often that is tried. */
  #unreachable({ message: error }: Error): void {
    const { logger } = this.#cluster;
    if (this.#isUnreachable) logger.debug({ error }, "the cluster is still out of reach");
    else logger.warn({ error }, "the cluster is out of reach; trying again");
    this.#isUnreachable = true;
  }

  /** Says once that a partition has no leader, if asking has not helped. */
  #warn(partition: AssignedPartition, reason: string): void {
    const seenAt = this.#homeless.get(partition);
    if (seenAt === undefined) this.#homeless.set(partition, this.#refreshes);
    if (seenAt === undefined || seenAt >= this.#refreshes) return;
    this.#homeless.set(partition, Number.POSITIVE_INFINITY);
    const fields = { partition: partition.name, reason };
    this.#cluster.logger.warn(fields, "no broker leads the partition at present; asking again");
  }
}
