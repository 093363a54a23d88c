import type { Timer } from "../../clock.ts";
import { type BrokerError, MillraceError } from "../../errors.ts";
import type { Cluster } from "../cluster.ts";
import { type Bound, bounded } from "../deadline.ts";
import type { GroupMetadata } from "../group-metadata.ts";
import type { TopicPartition } from "../topic-partition.ts";
import type { Standing } from "./group-offsets.ts";
import type { KnownTopics, Member, MemberEffect, MemberEvent, Subscription } from "./member.ts";
import { TopicWatch, type TopicWatcher } from "./topic-watch.ts";

/** What a membership tells its owner; one call at a time, and the next waits for its promise. */
export interface MembershipEvents {
  /**
   * Partitions are about to be given up: finish with them and commit. The group waits for the
   * promise, for as long as the rebalance timeout; heartbeats go on meanwhile.
   */
  revoked(partitions: readonly TopicPartition[]): Promise<void>;
  /** Partitions may belong to others already: their offsets cannot be committed any more. */
  lost(partitions: readonly TopicPartition[]): Promise<void>;
  /** Partitions have come in addition to those there are; none, where a rebalance brought nothing new. */
  assigned(partitions: readonly TopicPartition[], group: GroupMetadata): Promise<void>;
  /** The membership is over for good, e.g. fenced; what there was is lost by then. */
  failed(error: Error): void;
}

/** What a driver runs. */
export interface MemberParts<Request, Answer> {
  readonly cluster: Cluster;
  readonly groupId: string;
  readonly member: Member<Request, Answer>;
  /** Carries a request out; does not reject. */
  readonly carryOut: (request: Request) => Promise<Answer>;
  readonly events: MembershipEvents;
  readonly topics: readonly string[] | RegExp;
  readonly rebalanceTimeoutMs: number;
  /** Lets the connections go in the end. */
  readonly release: () => void;
}

/**
 * The shell around a member's state machine: brings it what happens, carries out what it decides,
 * and wakes it when it asks for it.
 */
export class MemberDriver<Request, Answer extends { readonly type: string }>
  implements Standing, TopicWatcher
{
  readonly #parts: MemberParts<Request, Answer>;
  readonly #watch: TopicWatch;
  readonly #queue: MemberEvent<Answer>[] = [];
  readonly #ended = Promise.withResolvers<void>();
  readonly #waiting = new Set<{ readonly stale: GroupMetadata; readonly resolve: () => void }>();
  readonly #onClusterClosed = () => {
    const text = `the membership in group ${this.#parts.groupId} has ended: the client was closed`;
    this.#tell({ type: "abandon", error: new MillraceError("CLOSED", text) });
  };
  #isHandling = false;
  #hasStarted = false;
  #hasEnded = false;
  #timer: Timer | undefined;
  #wakeAt = Number.POSITIVE_INFINITY;

  constructor(parts: MemberParts<Request, Answer>) {
    this.#parts = parts;
    this.#watch = new TopicWatch(parts.cluster, parts.topics, this);
  }

  get group(): GroupMetadata | undefined {
    return this.#parts.member.group;
  }

  get isRebalancing(): boolean {
    return !this.#hasEnded && this.#parts.member.isRebalancing;
  }

  get watchedTopics(): readonly string[] {
    return this.#parts.member.watchedTopics;
  }

  get lacksMetadata(): boolean {
    return this.#parts.member.lacksMetadata;
  }

  owns(partition: TopicPartition): boolean {
    return this.#parts.member.owns(partition);
  }

  /** Joins, and stays until `close`. */
  start(): void {
    if (this.#hasStarted || this.#hasEnded) return;
    this.#hasStarted = true;
    const { closed } = this.#parts.cluster;
    closed.addEventListener("abort", this.#onClusterClosed, { once: true });
    if (closed.aborted) this.#onClusterClosed();
    else this.#watch.start();
  }

  rejoin(reason: string): void {
    this.#tell({ type: "rejoin", reason });
  }

  updateTopics(topics: readonly string[] | RegExp): void {
    this.#watch.update(topics);
  }

  subscribed(subscription: Subscription): void {
    this.#tell({ type: "subscribed", ...subscription });
  }

  learned(topics: KnownTopics): void {
    this.#tell({ type: "metadata", ...topics });
  }

  denied(error: BrokerError): void {
    this.#tell({ type: "abandon", error });
  }

  refused(error: BrokerError, group: GroupMetadata): void {
    this.#tell({ type: "commit-refused", error, group });
  }

  settled(stale: GroupMetadata, bound: Bound): Promise<void> {
    if (this.#isSettled(stale)) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = { stale, resolve };
    this.#waiting.add(waiting);
    const { clock } = this.#parts.cluster.host;
    return bounded(clock, promise, bound).finally(() => this.#waiting.delete(waiting));
  }

  /** Gives partitions up and leaves, if it is to leave; what takes longer than the bound is left undone. */
  async close(leave: boolean, timeoutMs: number): Promise<void> {
    const { cluster, groupId } = this.#parts;
    this.#tell({ type: "close", leave });
    const bound = { attempt: `leaving group ${groupId}`, timeoutMs };
    try {
      await bounded(cluster.host.clock, this.#ended.promise, bound);
    } catch (error) {
      cluster.logger.warn({ groupId, error }, "the group was left in a hurry");
      this.#tell({ type: "abandon", error: undefined });
    }
  }

  /** Events are taken one after the other, also those that come up while one is being handled. */
  #tell(event: MemberEvent<Answer>): void {
    this.#queue.push(event);
    if (this.#isHandling) return;
    this.#isHandling = true;
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) this.#handle(next);
    this.#isHandling = false;
    if (this.#hasEnded) return;
    this.#watch.check();
    this.#setTimer();
    this.#resolveSettled();
  }

  #handle(event: MemberEvent<Answer>): void {
    const { member, cluster } = this.#parts;
    try {
      for (const effect of member.handle(event, cluster.host.clock.elapsed())) this.#act(effect);
    } catch (error) {
      // An assignor of the user's failed, or what the leader sent cannot be read.
      if (event.type === "abandon") this.#end(error as Error);
      else this.#queue.unshift({ type: "abandon", error: error as Error });
    }
  }

  #act(effect: MemberEffect<Request>): void {
    switch (effect.do) {
      case "ask":
        void this.#parts.carryOut(effect.request).then(
          (answer) => this.#tell(answer),
          (error) => this.#tell({ type: "abandon", error }),
        );
        return;
      case "end":
        this.#end(effect.error);
        return;
      default:
        void this.#handOver(effect);
    }
  }

  async #handOver(effect: Extract<MemberEffect<Request>, { partitions: unknown }>): Promise<void> {
    const { events, cluster, groupId, rebalanceTimeoutMs: timeoutMs } = this.#parts;
    const partitions = [...effect.partitions];
    const fields = { groupId, partitions: effect.partitions.toString() };
    cluster.logger.info({ ...fields, generation: this.group?.generationId }, sentences[effect.do]);
    const run = (): Promise<void> => {
      if (effect.do === "assign") return events.assigned(partitions, effect.group);
      return effect.do === "revoke" ? events.revoked(partitions) : events.lost(partitions);
    };
    try {
      const bound = { attempt: "handing partitions over", timeoutMs };
      await bounded(cluster.host.clock, Promise.try(run), bound);
    } catch (error) {
      cluster.logger.error(
        { ...fields, error },
        "handing partitions over failed; the group goes on",
      );
    }
    this.#tell({ type: "handed-over" });
  }

  #setTimer(): void {
    const { wakeAt } = this.#parts.member;
    if (wakeAt === this.#wakeAt) return;
    this.#timer?.cancel();
    this.#wakeAt = wakeAt;
    if (!Number.isFinite(wakeAt)) return;
    const { clock } = this.#parts.cluster.host;
    this.#timer = clock.after(Math.max(0, wakeAt - clock.elapsed()), () => {
      this.#wakeAt = Number.POSITIVE_INFINITY;
      this.#tell({ type: "tick" });
    });
  }

  #isSettled(stale: GroupMetadata): boolean {
    if (this.#hasEnded || !this.group) return true;
    return this.group !== stale && !this.isRebalancing;
  }

  #resolveSettled(): void {
    for (const { stale, resolve } of this.#waiting) if (this.#isSettled(stale)) resolve();
  }

  #end(error: Error | undefined): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const { cluster, events, release } = this.#parts;
    cluster.closed.removeEventListener("abort", this.#onClusterClosed);
    this.#watch.stop();
    this.#timer?.cancel();
    release();
    this.#resolveSettled();
    this.#ended.resolve();
    if (error) events.failed(error);
  }
}

const sentences = {
  assign: "partitions were assigned to this member",
  revoke: "this member gives partitions up",
  lose: "this member has lost its place in the group, and its partitions with it",
} satisfies Record<MemberEffect<unknown>["do"] & ("assign" | "revoke" | "lose"), string>;
