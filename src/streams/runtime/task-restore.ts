import type { Clock } from "../../clock.ts";
import type { TaskState } from "../stores/engine.ts";
import type { ChangelogRestore } from "./changelog-restore.ts";

/** What became of a task's restoration. */
export type RestoreOutcome =
  /** The stores have all that was in their changelogs when it began. */
  | "restored"
  /**
   * What the stores had before belongs to a log that is gone: records that they lack were deleted, or the
   * topic was made anew. The task has to be closed, its state removed, and both made anew.
   */
  | "stale";

/** Rows are committed once so many have been taken in, less or more by how long it took. */
const firstRowsPerCommit = 1_000;
const leastRowsPerCommit = 100;
const mostRowsPerCommit = 20_000;
/** How long a commit should hold the event loop, in milliseconds. */
const commitMs = 4;
/** Large rows are committed sooner. */
const pendingBytesPerCommit = 2 * 2 ** 20;

/**
 * The restoration of one task: which of its changelogs are under way, and when what was taken in is committed,
 * so that a crash loses little and no commit is long.
 */
export class TaskRestore {
  readonly taskId: string;
  readonly changelogs: readonly ChangelogRestore[];
  /** Settles when all is restored, or cannot be. */
  readonly outcome: Promise<RestoreOutcome>;
  readonly #clock: Clock;
  readonly #states: ReadonlySet<TaskState>;
  readonly #settle: (result: RestoreOutcome | { readonly error: unknown }) => void;
  #isOpen = true;
  #rowsPerCommit = firstRowsPerCommit;
  #committedRows = 0;

  constructor(taskId: string, changelogs: readonly ChangelogRestore[], clock: Clock) {
    this.taskId = taskId;
    this.changelogs = changelogs;
    this.#clock = clock;
    this.#states = new Set(changelogs.map(({ changelog }) => changelog.state));
    const { promise, resolve, reject } = Promise.withResolvers<RestoreOutcome>();
    this.outcome = promise;
    this.#settle = (result) => {
      if (typeof result === "string") resolve(result);
      else reject(result.error);
    };
  }

  /** Whether it is still under way: once it is not, its stores belong to others. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether so much was taken in since the last commit that another is due. */
  get isCommitDue(): boolean {
    if (this.#restored() - this.#committedRows >= this.#rowsPerCommit) return true;
    for (const state of this.#states) {
      if (state.pendingBytes() >= pendingBytesPerCommit) return true;
    }
    return false;
  }

  /** Makes what was taken in permanent, and how far that goes. */
  commit(): void {
    const rows = this.#restored() - this.#committedRows;
    const start = this.#clock.elapsed();
    for (const state of this.#states) {
      const own = this.changelogs.filter(({ changelog }) => changelog.state === state);
      state.commit(new Map(own.map(({ changelog, offset }) => [changelog.storeName, offset])));
    }
    this.#committedRows += rows;
    this.#adapt(rows, this.#clock.elapsed() - start);
  }

  /** Ends it when everything has been taken in; gives whether that is so. */
  finishIfDone(): boolean {
    if (!this.#isOpen || this.changelogs.some(({ isDone }) => !isDone)) return false;
    try {
      this.commit();
      this.#end("restored");
    } catch (error) {
      this.#end({ error });
    }
    return true;
  }

  /** Ends it because the log does not go with the stores. */
  endAsStale(): void {
    this.#end("stale");
  }

  /** Ends it with an error; what was taken in so far is kept for the next time, if that can be. */
  stop(error: unknown): void {
    if (!this.#isOpen) return;
    try {
      this.commit();
      this.#end({ error });
    } catch {
      // The error that stopped it matters more; what is not committed is restored again.
      this.#end({ error });
    }
  }

  /** Ends it with an error that concerns its stores, which are left as they were committed last. */
  fail(error: unknown): void {
    this.#end({ error });
  }

  #end(result: RestoreOutcome | { readonly error: unknown }): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#settle(result);
  }

  #restored(): number {
    let restored = 0;
    for (const changelog of this.changelogs) restored += changelog.restored;
    return restored;
  }

  #adapt(rows: number, tookMs: number): void {
    const isLong = tookMs > commitMs;
    // A short commit of few rows says nothing of one of many.
    if (!isLong && rows < this.#rowsPerCommit) return;
    const wanted = isLong ? this.#rowsPerCommit / 2 : this.#rowsPerCommit * 1.5;
    const bounded = Math.max(leastRowsPerCommit, Math.min(mostRowsPerCommit, wanted));
    this.#rowsPerCommit = Math.round(bounded);
  }
}
