import type { Client, Consumer, ConsumerBatch, TopicPartition } from "../../client/index.ts";
import { MillraceError } from "../../errors.ts";
import type { ChangelogRestore, ChangelogToRestore } from "./changelog-restore.ts";
import { boundsOf, type LogBounds, type OnStale, planRestore } from "./restore-plan.ts";
import type { RestoreProgress } from "./restore-progress.ts";
import type { StreamsSettings } from "./streams-config.ts";
import { type RestoreOutcome, TaskRestore } from "./task-restore.ts";

/** What {@link Restoration} works with. */
export interface RestorationOptions {
  readonly client: Client;
  readonly settings: Pick<
    StreamsSettings,
    "applicationId" | "restoreConsumer" | "onRestore" | "host" | "logger"
  >;
}

/** A task whose stores are to be restored: they are open, and nothing has been written to them yet. */
export interface TaskToRestore {
  readonly taskId: string;
  readonly changelogs: readonly ChangelogToRestore[];
}

/** For how long records are taken in before the event loop has its turn, in milliseconds. */
const sliceMs = 4;
/** After how long without records the positions are looked at: a log can end in markers that nobody is given. */
const pollMs = 100;

/**
 * Restores the stores of tasks from their changelogs, of many tasks at a time and beside those that run, with
 * one consumer: each from the offset that its rows stand for up to the log's end as of the start. What was
 * taken in is committed now and then, so that an interrupted restoration goes on where it was.
 */
export class Restoration {
  readonly #options: RestorationOptions;
  readonly #tasks = new Set<TaskRestore>();
  readonly #active = new Map<string, { task: TaskRestore; changelog: ChangelogRestore }>();
  #made: Consumer | undefined;
  #running: Promise<void> | undefined;
  #sliceEnd = 0;
  readonly #closing = new AbortController();

  constructor(options: RestorationOptions) {
    this.#options = options;
  }

  /** How many records are still to be taken in, over all tasks. */
  get remaining(): number {
    let remaining = 0;
    for (const { changelog } of this.#active.values()) {
      remaining += changelog.endOffset - changelog.offset;
    }
    return remaining;
  }

  /**
   * Restores a task's stores. Rejects with ABORTED when the signal aborts, with CLOSED when the restoration is
   * closed, and with what went wrong; from then on nothing is written to the stores any more.
   */
  async restore(
    { taskId, changelogs }: TaskToRestore,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<RestoreOutcome> {
    if (changelogs.length === 0) return "restored";
    // Two stores can have one source topic for their changelog: they are restored one after the other.
    for (const round of roundsOf(changelogs)) {
      const found = await planRestore(this.#consumer(), round, { signal, onStale: this.#warn });
      this.#refuseIfEnded(taskId, signal);
      if (!found) return "stale";
      const task = new TaskRestore(taskId, found, this.#options.settings.host.clock);
      const outcome = await this.#run(task, signal);
      if (outcome !== "restored") return outcome;
    }
    return "restored";
  }

  /** Ends what is under way, and closes the consumer. May be called twice. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const task of this.#tasks) {
      task.stop(new MillraceError("CLOSED", `restoring task ${task.taskId} was given up`));
    }
    await this.#made?.close();
    await this.#running;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  async #run(task: TaskRestore, signal: AbortSignal | undefined): Promise<RestoreOutcome> {
    const onAbort = () => {
      task.stop(abortedError(task.taskId, signal));
      this.#leave(task);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#tasks.add(task);
    try {
      this.#enter(task);
      return await task.outcome;
    } finally {
      signal?.removeEventListener("abort", onAbort);
      this.#tasks.delete(task);
      this.#leave(task);
    }
  }

  #enter(task: TaskRestore): void {
    for (const changelog of task.changelogs) {
      this.#tell("started", task, changelog);
      if (changelog.isDone) this.#tell("ended", task, changelog);
      else this.#active.set(nameOf(changelog.changelog), { task, changelog });
    }
    if (task.finishIfDone()) return;
    this.#assign();
    for (const { changelog, startOffset, isDone } of task.changelogs) {
      const { topic, partition } = changelog;
      if (!isDone) this.#consumer().seek({ topic, partition, offset: startOffset });
    }
    this.#running ??= this.#pump();
  }

  #leave(task: TaskRestore): void {
    let hasLeft = false;
    for (const changelog of task.changelogs) {
      if (!this.#active.delete(nameOf(changelog.changelog))) continue;
      hasLeft = true;
      this.#tell("suspended", task, changelog);
    }
    if (hasLeft && !this.#isClosed) this.#assign();
  }

  #assign(): void {
    const partitions = [...this.#active.values()].map(({ changelog }) => changelog.changelog);
    this.#consumer().assign(partitions.map(({ topic, partition }) => ({ topic, partition })));
  }

  async #pump(): Promise<void> {
    try {
      while (this.#active.size > 0 && !this.#isClosed) {
        const batches = await this.#poll();
        for (const batch of batches) {
          try {
            await this.#take(batch);
          } finally {
            batch.release();
          }
        }
        this.#finish();
      }
    } catch (error) {
      for (const task of this.#tasks) task.stop(error);
    } finally {
      this.#running = undefined;
    }
  }

  async #poll(): Promise<ConsumerBatch[]> {
    try {
      return await this.#consumer().poll({ keep: true, timeoutMs: pollMs });
    } catch (error) {
      const { code } = error as { readonly code?: string };
      const isOutside = code === "NO_OFFSET" || code === "LOG_TRUNCATED";
      if (!isOutside || !(await this.#endStale())) throw error;
      return [];
    }
  }

  /** Ends the tasks whose positions are not in their logs any more; gives whether there are any. */
  async #endStale(): Promise<boolean> {
    const active = [...this.#active.values()];
    const changelogs = active.map(({ changelog }) => changelog.changelog);
    const bounds = await boundsOf(this.#consumer(), changelogs, this.#closing.signal);
    let isAny = false;
    for (const [index, { task, changelog }] of active.entries()) {
      const { start, end } = bounds[index] as LogBounds;
      const { offset: from } = changelog;
      if (from >= start && from <= end) continue;
      isAny = true;
      this.#warn(changelog.changelog, { from, start, end });
      task.endAsStale();
      this.#leave(task);
    }
    return isAny;
  }

  async #take(batch: ConsumerBatch): Promise<void> {
    const active = this.#active.get(nameOf(batch));
    if (!active || !batch.isCurrent) return;
    const { task, changelog } = active;
    const { clock } = this.#options.settings.host;
    try {
      const cursor = batch.cursor();
      const isOver = () => clock.elapsed() >= this.#sliceEnd || task.isCommitDue;
      for (;;) {
        if (task.isCommitDue) await this.#turn();
        if (task.isOpen && task.isCommitDue) {
          task.commit();
          await this.#turn();
        } else if (clock.elapsed() >= this.#sliceEnd) {
          await this.#turn();
        }
        if (!task.isOpen) return;
        if (changelog.take(cursor, isOver)) break;
      }
      changelog.passTo(batch.nextOffset);
      this.#tell("batch", task, changelog);
    } catch (error) {
      task.fail(error);
      this.#leave(task);
    }
  }

  /** Ends what has come to its end. Everything that was handed out has been taken in by now. */
  #finish(): void {
    const done = [...this.#active.values()].filter(({ changelog }) => {
      const { topic, partition } = changelog.changelog;
      const position = this.#isClosed ? undefined : this.#made?.position({ topic, partition });
      // What lies between may have been markers, or compacted away: nobody is given those.
      if (position !== undefined) changelog.passTo(position);
      return changelog.isDone;
    });
    if (done.length === 0) return;
    for (const { task, changelog } of done) {
      this.#active.delete(nameOf(changelog.changelog));
      this.#tell("ended", task, changelog);
    }
    this.#assign();
    for (const { task } of done) task.finishIfDone();
  }

  /** Gives the event loop its turn. */
  async #turn(): Promise<void> {
    const { clock } = this.#options.settings.host;
    await new Promise<void>((resolve) => clock.soon(resolve));
    this.#sliceEnd = clock.elapsed() + sliceMs;
  }

  #consumer(): Consumer {
    if (this.#isClosed) throw new MillraceError("CLOSED", "the restoration was closed");
    const { client, settings } = this.#options;
    this.#made ??= client.consumer({
      ...settings.restoreConsumer,
      assignment: [],
      // For what the application has committed; a consumer whose partitions are assigned joins no group.
      groupId: settings.applicationId,
      enableAutoCommit: false,
      autoOffsetReset: "none",
      reuseBuffers: true,
    });
    return this.#made;
  }

  #refuseIfEnded(taskId: string, signal: AbortSignal | undefined): void {
    if (signal?.aborted) throw abortedError(taskId, signal);
    if (this.#isClosed) throw new MillraceError("CLOSED", `restoring task ${taskId} was given up`);
  }

  readonly #warn: OnStale = ({ topic, partition, storeName }, offsets) => {
    const fields = { topic, partition, store: storeName, ...offsets };
    this.#options.settings.logger.warn(fields, "a store does not go with its changelog any more");
  };

  #tell(event: RestoreProgress["event"], task: TaskRestore, restore: ChangelogRestore): void {
    const { onRestore } = this.#options.settings;
    if (!onRestore) return;
    const { startOffset, offset, endOffset, restored } = restore;
    const { topic, partition, storeName } = restore.changelog;
    const { taskId } = task;
    const place = { taskId, storeName, topic, partition };
    onRestore({ event, ...place, startOffset, offset, endOffset, restored });
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}

function abortedError(taskId: string, signal: AbortSignal | undefined): MillraceError {
  const message = `restoring task ${taskId} was aborted`;
  return new MillraceError("ABORTED", message, { cause: signal?.reason });
}

/** Parts in which no partition occurs twice. */
function roundsOf(changelogs: readonly ChangelogToRestore[]): ChangelogToRestore[][] {
  const rounds: ChangelogToRestore[][] = [];
  const counts = new Map<string, number>();
  for (const changelog of changelogs) {
    const name = nameOf(changelog);
    const round = counts.get(name) ?? 0;
    counts.set(name, round + 1);
    rounds[round] ??= [];
    rounds[round].push(changelog);
  }
  return rounds;
}
