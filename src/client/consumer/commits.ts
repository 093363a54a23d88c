import type { Timer } from "../../clock.ts";
import { MillraceError } from "../../errors.ts";
import type { Cluster } from "../cluster.ts";
import { bounded } from "../deadline.ts";
import type { GroupOffsets } from "../group/group-offsets.ts";
import type { TopicPartitionOffset } from "../topic-partition.ts";
import type { AssignedPartition } from "./assigned-partition.ts";
import type { AssignedPartitions } from "./assigned-partitions.ts";
import type { CommitOptions } from "./consumer-batch.ts";
import type { ConsumerMetrics } from "./consumer-metrics.ts";

/** What commits work with; shared with the other parts of one consumer. */
export interface CommitParts {
  readonly cluster: Cluster;
  readonly assigned: AssignedPartitions;
  /** Undefined without a group: there is nobody to commit for. */
  readonly offsets: GroupOffsets | undefined;
  readonly groupId: string | undefined;
  readonly metrics: ConsumerMetrics;
  /** How often what is marked is committed by itself, in milliseconds; undefined for never. */
  readonly intervalMs: number | undefined;
}

/** Is told how a commit that nobody waited for went. */
export type OnCommit = (error: Error | undefined, offsets: readonly TopicPartitionOffset[]) => void;

/** Kafka's `default.api.timeout.ms`. */
const commitTimeoutMs = 60_000;
/** How many commits may stand in line, by hand and by themselves. */
const maxPendingCommits = 1_000;

/**
 * Commits offsets one request after the other, so that a commit never overtakes an earlier one; by
 * itself at an interval, as far as partitions are marked as done with.
 */
export class Commits {
  readonly #parts: CommitParts;
  #last: Promise<void> = Promise.resolve();
  #pending = 0;
  #timer: Timer | undefined;

  constructor(parts: CommitParts) {
    this.#parts = parts;
  }

  /** Commits these offsets, after the commits that are under way. */
  commit(offsets: readonly TopicPartitionOffset[], options: CommitOptions = {}): Promise<void> {
    const attempt = this.#attempt(offsets);
    if (this.#pending >= maxPendingCommits) {
      const message = `${attempt} was refused: ${maxPendingCommits} commits are under way already; wait for them`;
      return Promise.reject(new MillraceError("INVALID_STATE", message));
    }
    const { signal, timeoutMs = commitTimeoutMs } = options;
    const { clock } = this.#parts.cluster.host;
    const deadline = clock.elapsed() + timeoutMs;
    const committing = this.#last.then(() => {
      if (signal?.aborted) return undefined;
      return this.commitNow(offsets, {
        signal,
        timeoutMs: Math.max(1, deadline - clock.elapsed()),
      });
    });
    this.#pending += 1;
    const ended = () => {
      this.#pending -= 1;
    };
    this.#last = committing.then(ended, ended);
    return bounded(clock, committing, { attempt, timeoutMs, signal });
  }

  /**
   * Commits these offsets at once: those of partitions that are about to go must not stand in line
   * behind a commit that waits for the very rebalance.
   */
  async commitNow(
    offsets: readonly TopicPartitionOffset[],
    { signal, timeoutMs = commitTimeoutMs }: CommitOptions = {},
  ): Promise<void> {
    const attempt = this.#attempt(offsets);
    if (offsets.length === 0) return;
    const { assigned, metrics, offsets: group } = this.#parts;
    try {
      await group?.commit(offsets, { attempt, timeoutMs, signal });
    } catch (error) {
      metrics.failedCommits.add();
      throw error;
    }
    metrics.commits.add();
    for (const one of offsets) {
      const partition = assigned.get(one);
      if (partition) partition.committedOffset = one.offset;
    }
  }

  /** Commits these offsets without anybody waiting; the outcome goes to `onCommit`, or to the logger if it is bad. */
  commitSoon(offsets: readonly TopicPartitionOffset[], onCommit?: OnCommit): void {
    const { logger } = this.#parts.cluster;
    const tell: OnCommit =
      onCommit ??
      ((error) => {
        if (error) logger.warn({ error: error.message }, "offsets could not be committed");
      });
    this.commit(offsets).then(
      () => tell(undefined, offsets),
      (error: Error) => tell(error, offsets),
    );
  }

  /** Begins to commit what is marked at the interval. */
  start(): void {
    const { intervalMs, cluster, assigned, offsets } = this.#parts;
    if (intervalMs === undefined || offsets === undefined || this.#timer) return;
    const tick = () => {
      // A commit that is slower than the interval is not joined by others.
      const marked = markedOffsets(assigned);
      if (this.#pending === 0 && marked.length > 0) this.commitSoon(marked);
      this.#timer = cluster.host.clock.after(intervalMs, tick);
    };
    this.#timer = cluster.host.clock.after(intervalMs, tick);
  }

  /** No longer commits by itself; what is under way goes on. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** What is attempted, as it stands in errors. */
  #attempt(offsets: readonly TopicPartitionOffset[]): string {
    const { groupId } = this.#parts;
    const [first] = offsets;
    const what =
      offsets.length === 1 && first
        ? `offset ${first.offset} of ${first.topic}-${first.partition}`
        : `offsets of ${offsets.length} partitions`;
    if (groupId !== undefined) return `committing ${what} for group ${groupId}`;
    const message = `there is no group to commit ${what} for: give the consumer a groupId`;
    throw new MillraceError("INVALID_STATE", message);
  }
}

/** What is marked as done with and not committed yet. */
export function markedOffsets(partitions: Iterable<AssignedPartition>): TopicPartitionOffset[] {
  const offsets: TopicPartitionOffset[] = [];
  for (const { topic, partition, marked, committedOffset } of partitions) {
    if (marked && marked.offset !== committedOffset) offsets.push({ topic, partition, ...marked });
  }
  return offsets;
}
