import type { Timer } from "../../clock.ts";
import { Fetch, type ResponseOf, zeroUuid } from "../../protocol/index.ts";
import { Backoff } from "../backoff.ts";
import type { Cluster } from "../cluster.ts";
import { bounded } from "../deadline.ts";
import { mayPass } from "../retry.ts";
import type { AssignedPartition } from "./assigned-partition.ts";
import type { AssignedPartitions } from "./assigned-partitions.ts";
import type { BufferBudget } from "./buffer-budget.ts";
import type { ConsumerMetrics } from "./consumer-metrics.ts";
import { type PlannedFetch, planFetches } from "./fetch-plan.ts";
import { fetchBody, newestFetchVersion } from "./fetch-request.ts";
import { type FetchPartition, FetchSession, type SessionRequest } from "./fetch-session.ts";
import type { FetchSettlement, Settlement } from "./fetch-settlement.ts";
import type { LeaderWatch } from "./leader-watch.ts";
import type { ConsumerSettings } from "./settings.ts";

/** What a fetcher tells its consumer. */
export interface FetcherEvents {
  /** Something was fetched for a partition. */
  arrived(partition: AssignedPartition): void;
  /** The position of some partition is to be looked up or validated. */
  unsettled(): void;
  /** A partition has failed, or (without one) something that will not pass by itself. */
  failed(error: Error, partition?: AssignedPartition): void;
  /** Whether somebody waits for this very partition. */
  isAwaited(partition: AssignedPartition): boolean;
}

/** What a fetcher works with; shared with the other parts of one consumer. */
export interface FetcherParts {
  readonly cluster: Cluster;
  readonly settings: ConsumerSettings;
  readonly assigned: AssignedPartitions;
  readonly budget: BufferBudget;
  readonly settlement: FetchSettlement;
  readonly leaders: LeaderWatch;
  readonly metrics: ConsumerMetrics;
  readonly events: FetcherEvents;
  /** The lane of its requests, so that they hold up nobody else's. */
  readonly lane: string;
}

/** What a fetcher knows of one broker. */
interface Source {
  readonly session: FetchSession;
  readonly backoff: Backoff;
  isBusy: boolean;
  /** By the clock's `elapsed`. */
  retryAt: number;
}

type FetchAnswer = ResponseOf<typeof Fetch>;
/** How long ending the sessions may take, in milliseconds: the brokers forget them anyway. */
const endSessionsMs = 1_000;

/** Keeps fetches under way to the brokers that lead the assigned partitions, one to each. */
export class Fetcher {
  readonly #parts: FetcherParts;
  readonly #sources = new Map<number, Source>();
  readonly #backoffs = new WeakMap<AssignedPartition, Backoff>();
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(parts: FetcherParts) {
    this.#parts = parts;
  }

  /** Sends what can be sent now. To be called whenever something has changed. */
  pump(): void {
    if (this.#isClosed) return;
    const { settings, budget } = this.#parts;
    const byLeader = this.#byLeader();
    const situation = {
      byLeader,
      isIdle: (broker: number) => this.#isIdle(broker),
      isAwaited: (one: AssignedPartition) => this.#parts.events.isAwaited(one),
    };
    let plan = planFetches({ ...situation, freeBytes: budget.freeBytes }, settings);
    if (plan.missingBytes > 0 && this.#makeRoom(plan.missingBytes)) {
      plan = planFetches({ ...situation, freeBytes: budget.freeBytes }, settings);
    }
    for (const fetch of plan.fetches) void this.#fetch(fetch);
  }

  /** Ends all fetches and, as far as the brokers can be reached, their sessions. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#timer?.cancel();
    const { cluster, lane } = this.#parts;
    const ending = [...this.#sources].map(([broker, { session }]) => {
      const request = session.close();
      return request && this.#send(broker, request, { maxBytes: 0, maxWaitMs: 0 });
    });
    const bound = { attempt: "ending fetch sessions", timeoutMs: endSessionsMs };
    await bounded(cluster.host.clock, Promise.allSettled(ending), bound).catch(() => {});
    cluster.closeLane(lane);
  }

  /** The partitions that can be fetched, by the broker that leads them. */
  #byLeader(): Map<number, AssignedPartition[]> {
    const { cluster, assigned, leaders, events } = this.#parts;
    const now = cluster.host.clock.elapsed();
    const byLeader = new Map<number, AssignedPartition[]>();
    let isUnsettled = false;
    let wakeAt = Number.POSITIVE_INFINITY;
    for (const partition of assigned) {
      if (!partition.isFetchable) continue;
      if (partition.retryAt > now) {
        wakeAt = Math.min(wakeAt, partition.retryAt);
        continue;
      }
      const leader = leaders.leaderOf(partition);
      if (!partition.isFetchable) isUnsettled = true;
      if (leader === undefined || !partition.isFetchable) continue;
      const led = byLeader.get(leader);
      if (led) led.push(partition);
      else byLeader.set(leader, [partition]);
    }
    for (const broker of byLeader.keys()) {
      const retryAt = this.#sources.get(broker)?.retryAt ?? 0;
      if (retryAt > now) wakeAt = Math.min(wakeAt, retryAt);
    }
    this.#wakeAt(wakeAt, now);
    if (isUnsettled) queueMicrotask(() => events.unsettled());
    if (cluster.isStale) leaders.refresh();
    return byLeader;
  }

  #wakeAt(moment: number, now: number): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (!Number.isFinite(moment)) return;
    this.#timer = this.#parts.cluster.host.clock.after(moment - now, () => this.pump());
  }

  #isIdle(broker: number): boolean {
    const source = this.#sources.get(broker);
    return (
      !source || (!source.isBusy && source.retryAt <= this.#parts.cluster.host.clock.elapsed())
    );
  }

  /**
   * Lets go of what is buffered for those who do not ask for it, so that others do not go without:
   * what is paused first, and what nobody waits for if somebody does wait in vain.
   */
  #makeRoom(missingBytes: number): boolean {
    const { assigned, budget, events } = this.#parts;
    const isStarving = [...assigned].some((one) => !one.hasBuffered && events.isAwaited(one));
    const candidates = [...assigned].filter(
      (one) => one.hasBuffered && (one.isPaused || (isStarving && !events.isAwaited(one))),
    );
    candidates.sort((left, right) => Number(right.isPaused) - Number(left.isPaused));
    const wanted = budget.freeBytes + missingBytes;
    for (const partition of candidates) {
      if (budget.freeBytes >= wanted) break;
      partition.dropBuffered();
    }
    return candidates.length > 0;
  }

  async #fetch({ broker, partitions, maxBytes, maxWaitMs }: PlannedFetch): Promise<void> {
    const { cluster, budget, metrics } = this.#parts;
    const { clock } = cluster.host;
    const source = this.#source(broker);
    source.isBusy = true;
    budget.reserve(maxBytes);
    const startedAt = clock.elapsed();
    try {
      const request = source.session.request(partitions.map((one) => this.#asked(one)));
      const answer = await this.#send(broker, request, { maxBytes, maxWaitMs });
      metrics.fetches.add();
      metrics.fetchLatency.record(clock.elapsed() - startedAt);
      budget.unreserve(maxBytes);
      if (!this.#isClosed) this.#answered(broker, source, answer);
    } catch (error) {
      budget.unreserve(maxBytes);
      if (!this.#isClosed) this.#failed(broker, source, error as Error);
    }
    source.isBusy = false;
    this.pump();
  }

  #send(
    broker: number,
    request: SessionRequest,
    { maxBytes, maxWaitMs }: { readonly maxBytes: number; readonly maxWaitMs: number },
  ): Promise<FetchAnswer> {
    const { cluster, settings, lane } = this.#parts;
    const { fetchMinBytes: minBytes, isolation } = settings;
    const terms = { maxBytes, maxWaitMs, minBytes, isolation };
    return cluster.request(broker, Fetch, (version) => fetchBody(request, terms, version), {
      // Once closed, the long polls still under way must not hold up the end of the session.
      lane: this.#isClosed ? undefined : lane,
      timeoutMs: cluster.settings.requestTimeoutMs + maxWaitMs,
      newest: newestFetchVersion(request),
    });
  }

  #asked(partition: AssignedPartition): FetchPartition {
    const { topic, partition: index, name, fetchPosition, leaderEpoch } = partition;
    const { cluster, settings } = this.#parts;
    return {
      name,
      topic,
      partition: index,
      topicId: cluster.metadata.topic(topic)?.id ?? zeroUuid,
      fetchOffset: fetchPosition?.offset ?? 0,
      lastFetchedEpoch: fetchPosition?.leaderEpoch ?? -1,
      currentLeaderEpoch: leaderEpoch,
      maxBytes: settings.maxPartitionFetchBytes,
    };
  }

  #answered(broker: number, source: Source, answer: FetchAnswer): void {
    const { cluster, leaders, metrics, settlement } = this.#parts;
    const now = cluster.host.clock.elapsed();
    source.retryAt = now + answer.throttleTimeMs;
    const verdict = source.session.answered(answer);
    if (verdict.name === "restart") {
      cluster.logger.debug({ reason: verdict.reason }, "the fetch session begins anew");
      source.retryAt = Math.max(source.retryAt, now + source.backoff.next());
      if (verdict.isMoved) leaders.refresh();
      return;
    }
    source.backoff.reset();
    leaders.learn(source.session, answer);
    const react = (partition: AssignedPartition, settlement: Settlement) =>
      this.#react(broker, partition, settlement);
    metrics.fetchSize.record(settlement.settle(source.session, answer, react));
  }

  #react(broker: number, partition: AssignedPartition, settlement: Settlement): void {
    const { events } = this.#parts;
    switch (settlement.name) {
      case "arrived":
        this.#backoffs.delete(partition);
        this.#parts.assigned.arrived(partition);
        events.arrived(partition);
        return;
      case "nothing":
        this.#backoffs.delete(partition);
        return;
      case "unsettled":
        events.unsettled();
        return;
      case "retry":
        this.#retryLater(broker, partition, settlement.isMoved);
        return;
      case "failed":
        events.failed(settlement.error, partition);
        return;
      default:
        settlement satisfies never;
    }
  }

  #retryLater(broker: number, partition: AssignedPartition, isMoved: boolean): void {
    const { cluster, leaders } = this.#parts;
    const { host, settings, metadata } = cluster;
    const leader = metadata.partition(partition.topic, partition.partition)?.leader ?? -1;
    // The answer itself may have told who leads now (KIP-951).
    if (isMoved && leader >= 0 && leader !== broker) return;
    let backoff = this.#backoffs.get(partition);
    if (!backoff) {
      backoff = new Backoff(settings.retryBackoffMs, settings.retryBackoffMaxMs, host.random);
      this.#backoffs.set(partition, backoff);
    }
    partition.retryAt = host.clock.elapsed() + backoff.next();
    if (isMoved) leaders.refresh();
  }

  #failed(broker: number, source: Source, error: Error): void {
    const { cluster, leaders, metrics, events } = this.#parts;
    metrics.failedFetches.add();
    source.session.failed();
    source.retryAt = cluster.host.clock.elapsed() + source.backoff.next();
    if (!mayPass(error)) {
      events.failed(error);
      return;
    }
    cluster.logger.debug({ broker, error: error.message }, "a fetch found no answer");
    leaders.refresh();
  }

  #source(broker: number): Source {
    let source = this.#sources.get(broker);
    if (!source) {
      const { settings, host } = this.#parts.cluster;
      const { retryBackoffMs, retryBackoffMaxMs } = settings;
      const backoff = new Backoff(retryBackoffMs, retryBackoffMaxMs, host.random);
      source = { session: new FetchSession(), backoff, isBusy: false, retryAt: 0 };
      this.#sources.set(broker, source);
    }
    return source;
  }
}
