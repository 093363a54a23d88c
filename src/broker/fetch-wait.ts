import type { Clock, Timer } from "../clock.ts";
import type { FetchTarget } from "./fetch-sessions.ts";
import type { Partition, PartitionWatcher } from "./partition.ts";

/** Until when, and for how much, a fetch waits. */
export interface FetchWaitOptions {
  /** The partitions that were found, each with its target. */
  readonly targets: ReadonlyMap<Partition, FetchTarget>;
  readonly minBytes: number;
  readonly maxWaitMs: number;
  /** Committed records only. */
  readonly committed: boolean;
  readonly clock: Clock;
  /** Calls when the client is gone; gives the way to call that off. */
  onClose(run: () => void): () => void;
}

/**
 * Waits until there are enough bytes to fetch, something happens to a partition that the client
 * should know, or the time is up (`DelayedFetch`): resolves with true, or with false once the client
 * is gone. Looks only at partitions that change, so waiting costs nothing.
 */
export function untilFetchable(options: FetchWaitOptions): Promise<boolean> {
  return new Promise((resolve) => new FetchWait(options, resolve).begin());
}

class FetchWait implements PartitionWatcher {
  readonly #options: FetchWaitOptions;
  readonly #resolve: (isWanted: boolean) => void;
  /** What was found in each partition when it was looked at last. */
  readonly #found = new Map<Partition, number>();
  #bytes = 0;
  #timer: Timer | undefined;
  #callOff: (() => void) | undefined;
  #isOver = false;

  constructor(options: FetchWaitOptions, resolve: (isWanted: boolean) => void) {
    this.#options = options;
    this.#resolve = resolve;
  }

  begin(): void {
    const { targets, clock, maxWaitMs, onClose } = this.#options;
    for (const partition of targets.keys()) {
      partition.watch(this);
      this.#look(partition);
    }
    this.#callOff = onClose(() => this.#end(false));
    this.#timer = clock.after(maxWaitMs, () => this.#end(true));
    this.#check();
  }

  changed(partition: Partition): void {
    if (this.#isOver) return;
    const target = this.#options.targets.get(partition);
    const isStale =
      target !== undefined &&
      target.currentLeaderEpoch >= 0 &&
      target.currentLeaderEpoch !== partition.leaderEpoch;
    const isTruncated = target !== undefined && target.fetchOffset < partition.log.logStartOffset;
    if (partition.isGone || isStale || isTruncated) {
      this.#end(true);
      return;
    }
    this.#look(partition);
    this.#check();
  }

  #look(partition: Partition): void {
    const { targets, committed, minBytes } = this.#options;
    const { fetchOffset, maxBytes } = targets.get(partition) as FetchTarget;
    const enough = Math.min(minBytes, maxBytes);
    const found = Math.min(partition.log.bytesAfter(fetchOffset, { committed, enough }), maxBytes);
    this.#bytes += found - (this.#found.get(partition) ?? 0);
    this.#found.set(partition, found);
  }

  #check(): void {
    if (this.#bytes >= this.#options.minBytes) this.#end(true);
  }

  #end(isWanted: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const partition of this.#options.targets.keys()) partition.unwatch(this);
    this.#timer?.cancel();
    this.#callOff?.();
    this.#resolve(isWanted);
  }
}
