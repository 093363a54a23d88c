import type { ActiveTask } from "./active-task.ts";
import type { EmptyInput } from "./input-wait.ts";
import type { StreamsSettings } from "./streams-config.ts";

/**
 * For how long records are processed before the event loop has its turn, in milliseconds: longer, and the answers to
 * fetches are not taken in quickly enough; shorter, and the turns themselves begin to cost.
 */
const sliceMs = 2;
/** How many records a task processes before it is the next one's turn. */
const firstTurn = 16;
const longestTurn = 512;

/** What a {@link Slice} works with. */
export interface SliceParts {
  readonly settings: StreamsSettings;
}

/** Processes records for a few milliseconds, each task in its turn, and says what there is to wait for after it. */
export class Slice {
  /** How many records were processed so far. */
  processed = 0;
  /** Whether the last slice ended before its work did. */
  isBusy = false;
  readonly #parts: SliceParts;
  readonly #lagOf: (input: EmptyInput) => number | undefined;
  #recordsPerTurn = firstTurn;
  #turn = 0;

  constructor(parts: SliceParts, lagOf: (input: EmptyInput) => number | undefined) {
    this.#parts = parts;
    this.#lagOf = lagOf;
  }

  /** Processes what waits for tasks until the time is up, or `isFree` says that there is no room for results. */
  run(tasks: readonly ActiveTask[], isFree: () => boolean): void {
    const { clock } = this.#parts.settings.host;
    let now = clock.elapsed();
    const end = now + sliceMs;
    for (let idle = 0; idle < tasks.length; ) {
      // Where the last slice ended: else those at the end would starve while those before them are busy.
      this.#turn = (this.#turn + 1) % tasks.length;
      const active = tasks[this.#turn] as ActiveTask;
      if (active.task.asyncWork.hasReady) active.task.asyncWork.release();
      const processed = this.#isReady(active, now)
        ? active.task.processSome(this.#recordsPerTurn)
        : 0;
      idle = processed === 0 ? idle + 1 : 0;
      if (processed === 0) continue;
      this.processed += processed;
      const before = now;
      now = clock.elapsed();
      this.#adapt(now - before);
      if (now < end && isFree()) continue;
      this.isBusy = true;
      return;
    }
    this.isBusy = false;
  }

  /** Runs the punctuations that are due by the clock. */
  punctuate(tasks: readonly ActiveTask[]): void {
    for (const { task } of tasks) task.punctuateWallClock();
  }

  /** For how long nothing becomes due by itself. */
  idleMs(tasks: readonly ActiveTask[]): number {
    const { clock } = this.#parts.settings.host;
    let idleMs = Number.POSITIVE_INFINITY;
    for (const { task, wait } of tasks) {
      // A commit that waited for calls has made room, and answers may have come since the last slice.
      const { hasReady, isFull } = task.asyncWork;
      if (hasReady || (task.isComplete && !isFull)) return 0;
      const punctuation = task.nextWallClockPunctuation;
      if (punctuation !== undefined) idleMs = Math.min(idleMs, punctuation - clock.now());
      if (task.hasRecords && wait.deadline < Number.POSITIVE_INFINITY) {
        idleMs = Math.min(idleMs, wait.deadline - clock.elapsed());
      }
    }
    return Math.ceil(idleMs);
  }

  #isReady({ task, wait }: ActiveTask, now: number): boolean {
    if (!task.hasRecords || task.asyncWork.isFull) return false;
    if (task.isComplete) return true;
    return wait.isOver({ empty: task.emptyInputs, lagOf: this.#lagOf, now });
  }

  /** A turn should be short beside a slice, and long beside a look at the clock. */
  #adapt(tookMs: number): void {
    if (tookMs > sliceMs / 4) this.#recordsPerTurn = Math.max(1, this.#recordsPerTurn >>> 1);
    else if (tookMs < sliceMs / 16 && this.#recordsPerTurn < longestTurn) this.#recordsPerTurn *= 2;
  }
}
