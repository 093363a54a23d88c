import type { Clock, Timer } from "../clock.ts";
import type { Logger } from "../log.ts";
import type { Random } from "../random.ts";
import { cleaningNeed } from "./log/cleaning-range.ts";
import { cleanLog } from "./log/log-cleaner.ts";
import type { LogDirectory } from "./log/log-directory.ts";
import type { PartitionLog } from "./log/partition-log.ts";
import type { Partition } from "./partition.ts";

/** What the upkeep works with. */
export interface UpkeepOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly directory: LogDirectory;
  /** All partitions as they are now. */
  partitions(): Iterable<Partition>;
  /** `log.retention.check.interval.ms`. */
  readonly retentionCheckMs: number;
  /** `log.cleaner.backoff.ms`. */
  readonly cleanerBackoffMs: number;
  /** `log.flush.offset.checkpoint.interval.ms`. */
  readonly checkpointMs: number;
}

/** What the upkeep has done since the start. */
export interface UpkeepTotals {
  readonly deletedBytes: number;
  readonly compactions: number;
  readonly compactedBytesBefore: number;
  readonly compactedBytesAfter: number;
}

/** Something to wait for before work goes on, or nothing but other people's turns. */
type Pause = Promise<void> | undefined;
type Work = Generator<Pause, void, void>;

/** How long one piece of work may keep others from their turn. */
const sliceMs = 5;

/**
 * What logs need as time goes by: retention, compaction and checkpoints (`LogManager`, `LogCleaner`).
 * Works in slices of a few milliseconds, so that clients get their turns in between.
 */
export class LogUpkeep {
  readonly #options: UpkeepOptions;
  readonly #timers = new Map<string, Timer>();
  /** Work that is under way and has paused. */
  readonly #working = new Set<Work>();
  #isClosed = false;
  #deletedBytes = 0;
  #compactions = 0;
  #bytesBefore = 0;
  #bytesAfter = 0;

  constructor(options: UpkeepOptions) {
    this.#options = options;
  }

  /** Begins to keep the time; call it once. */
  start(): void {
    const { retentionCheckMs, cleanerBackoffMs, checkpointMs } = this.#options;
    this.#repeat("retention", retentionCheckMs, () => this.#retain());
    this.#repeat("compaction", cleanerBackoffMs, () => this.#compact());
    this.#repeat("checkpoint", checkpointMs, () => this.#checkpoint());
  }

  get totals(): UpkeepTotals {
    return {
      deletedBytes: this.#deletedBytes,
      compactions: this.#compactions,
      compactedBytesBefore: this.#bytesBefore,
      compactedBytesAfter: this.#bytesAfter,
    };
  }

  /** Stops; may be called twice. */
  close(): void {
    this.#isClosed = true;
    for (const work of this.#working) stop(work);
    this.#working.clear();
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  /** Does a kind of work again and again, with a pause from the end of one round to the next. */
  #repeat(kind: string, pauseMs: number, work: () => Work): void {
    const { clock, logger } = this.#options;
    const next = () => {
      if (this.#isClosed) return;
      this.#timers.set(
        kind,
        clock.after(pauseMs, () => this.#work(work(), next, onError)),
      );
    };
    const onError = (error: unknown) =>
      logger.error({ error }, `the ${kind} of logs failed; it is tried again later`);
    next();
  }

  #work(work: Work, onEnd: () => void, onError: (error: unknown) => void): void {
    const { clock } = this.#options;
    const go = (advance: () => IteratorResult<Pause, void>) => {
      const endsAt = clock.elapsed() + sliceMs;
      try {
        for (let step = advance(); !step.done; step = work.next()) {
          const pause = step.value;
          if (pause !== undefined) {
            pause.then(next, (error) => go(() => work.throw(error)));
            return;
          }
          if (clock.elapsed() < endsAt) continue;
          clock.soon(next);
          return;
        }
      } catch (error) {
        onError(error);
      }
      this.#working.delete(work);
      onEnd();
    };
    const next = () => {
      if (this.#working.has(work)) go(() => work.next());
    };
    this.#working.add(work);
    next();
  }

  *#checkpoint(): Work {
    yield;
    this.#options.directory.checkpoint();
  }

  *#retain(): Work {
    const { clock } = this.#options;
    for (const partition of [...this.#options.partitions()]) {
      if (!partition.isGone) {
        try {
          this.#deletedBytes += partition.log.applyRetention(clock.now());
        } catch (error) {
          this.#failed("retention", partition.log, error);
        }
      }
      yield;
    }
  }

  /** Compacts the log that needs it most, until none does. */
  *#compact(): Work {
    const { clock } = this.#options;
    // Each at most once a round, whatever its need says afterwards: a round must end.
    const done = new Set<PartitionLog>();
    for (;;) {
      let dirtiest: Partition | undefined;
      let ratio = -1;
      for (const partition of [...this.#options.partitions()]) {
        const { log, isGone } = partition;
        if (isGone || !log.config.compacts || done.has(log)) continue;
        const need = cleaningNeed(log, clock.now());
        if (need.isDue && need.dirtyRatio > ratio) {
          dirtiest = partition;
          ratio = need.dirtyRatio;
        }
        yield;
      }
      if (dirtiest === undefined) return;
      done.add(dirtiest.log);
      try {
        yield* this.#clean(dirtiest);
      } catch (error) {
        if (!dirtiest.isGone) this.#failed("compaction", dirtiest.log, error);
      }
    }
  }

  *#clean(partition: Partition): Work {
    const { clock, random } = this.#options;
    const steps = cleanLog(partition.log, { now: clock.now(), random });
    try {
      for (;;) {
        const step = steps.next();
        if (step.done) {
          this.#compactions += 1;
          this.#bytesBefore += step.value.bytesBefore;
          this.#bytesAfter += step.value.bytesAfter;
          return;
        }
        yield step.value;
        // A topic that is deleted meanwhile takes its files away from under the work.
        if (partition.isGone) return;
      }
    } finally {
      steps.return({ bytesBefore: 0, bytesAfter: 0 });
    }
  }

  #failed(kind: string, { topic, partition }: PartitionLog, error: unknown): void {
    this.#options.logger.error({ topic, partition, error }, `the ${kind} of a log failed`);
  }
}

/** Has half-done work tidied up; it is its own fault if that fails. */
function stop(work: Work): void {
  try {
    work.return();
  } catch {
    // What it leaves behind is removed when the log is opened the next time.
  }
}
