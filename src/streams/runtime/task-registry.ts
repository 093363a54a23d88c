import type { CommittedPlace, Consumer, TopicPartition } from "../../client/index.ts";
import { MillraceError } from "../../errors.ts";
import type { ActiveTask, Input } from "./active-task.ts";
import { decodeOffsetMetadata } from "./offset-metadata.ts";
import type { Restoration } from "./restoration.ts";
import type { StateDirectory } from "./state-directory.ts";
import type { StreamsSettings } from "./streams-config.ts";
import type { TaskFactory } from "./task-factory.ts";
import type { RestoreOutcome } from "./task-restore.ts";

/** What a {@link TaskRegistry} works with. */
export interface TaskRegistryParts {
  readonly settings: StreamsSettings;
  readonly factory: TaskFactory;
  readonly directory: StateDirectory;
  readonly restoration: Pick<Restoration, "restore">;
  readonly consumer: Pick<
    Consumer,
    "committed" | "pause" | "resume" | "seek" | "seekToBeginning" | "seekToEnd" | "seekToTime"
  >;
  /** Calls off what is asked of the group. */
  readonly signal: AbortSignal;
  /** Hears that a task's stores are restored, or why not; what is to follow is {@link TaskRegistry.restored}. */
  readonly onRestored: (
    task: ActiveTask,
    outcome: RestoreOutcome | { readonly error: unknown },
  ) => void;
  /** Hears how far the state of a task that was closed goes: the sum of its changelogs' offsets. */
  readonly onClosed: (task: ActiveTask) => void;
}

/** The tasks of one thread, from their assignment to their end. */
export class TaskRegistry {
  readonly #parts: TaskRegistryParts;
  readonly #tasks = new Map<string, ActiveTask>();
  readonly #byInput = new Map<string, ActiveTask>();
  #running: readonly ActiveTask[] = [];

  constructor(parts: TaskRegistryParts) {
    this.#parts = parts;
  }

  /** All tasks, those that are being restored included. */
  get all(): readonly ActiveTask[] {
    return [...this.#tasks.values()];
  }

  /** The tasks that process records. */
  get running(): readonly ActiveTask[] {
    return this.#running;
  }

  /** Whether some task is not restored yet. */
  get isRestoring(): boolean {
    return this.#running.length < this.#tasks.size;
  }

  /** The task that reads a partition; undefined where none does, or not yet. */
  reader(partition: TopicPartition): ActiveTask | undefined {
    return this.#byInput.get(nameOf(partition));
  }

  /** The tasks that read some of these partitions. */
  readers(partitions: readonly TopicPartition[]): ActiveTask[] {
    return [...new Set(partitions.flatMap((one) => this.reader(one) ?? []))];
  }

  /**
   * Makes the tasks that partitions belong to, as far as they are not there, and begins to restore their stores.
   * A task that gets further inputs is made anew: it must have been closed before.
   */
  async assign(partitions: readonly TopicPartition[]): Promise<void> {
    const { factory, consumer, signal } = this.#parts;
    if (partitions.length === 0) return;
    const inputs = Map.groupBy(partitions, (one) => factory.taskIdOf(one));
    const found = await consumer.committed(partitions, { signal });
    const committed = new Map(found.map((place) => [nameOf(place), place]));
    for (const [taskId, own] of inputs) {
      const known = this.#tasks.get(taskId);
      if (known) throw new MillraceError("INVALID_STATE", `task ${taskId} was not closed`);
      for (const one of own) {
        const { offset = -1 } = committed.get(nameOf(one)) ?? {};
        if (offset >= 0) consumer.seek({ ...one, offset });
        else this.#reset(one);
      }
      await this.#open(own as [Input, ...Input[]], committed);
    }
  }

  /** Lets a task run whose stores have been restored. */
  restored(active: ActiveTask): void {
    if (active.state.name !== "restoring") return;
    active.run();
    this.#parts.consumer.resume(active.inputs);
    this.#update();
  }

  /** Makes a task anew without the state that it had: it does not go with its changelog. */
  async startOver(active: ActiveTask): Promise<void> {
    if (active.state.name === "closed") return;
    const { inputs, id } = active;
    await this.close([active]);
    this.#parts.directory.remove(id);
    await this.assign(inputs);
  }

  /** Closes tasks as they were committed last, and forgets them. Throws the first error, once all are closed. */
  async close(tasks: readonly ActiveTask[]): Promise<void> {
    let failure: { readonly error: unknown } | undefined;
    for (const active of tasks) {
      this.#tasks.delete(active.id);
      for (const input of active.inputs) this.#byInput.delete(nameOf(input));
      this.#update();
      this.#parts.onClosed(active);
      try {
        await active.close();
      } catch (error) {
        failure ??= { error };
      }
      this.#parts.directory.release(active.id);
    }
    if (failure) throw failure.error;
  }

  async #open(
    inputs: readonly [Input, ...Input[]],
    committed: ReadonlyMap<string, CommittedPlace>,
  ): Promise<void> {
    const { factory, consumer, restoration, onRestored } = this.#parts;
    const active = await factory.make(inputs);
    for (const input of inputs) {
      const { metadata = "" } = committed.get(nameOf(input)) ?? {};
      active.task.resume(input.topic, decodeOffsetMetadata(metadata));
      this.#byInput.set(nameOf(input), active);
    }
    this.#tasks.set(active.id, active);
    if (active.changelogs.length === 0) {
      this.restored(active);
      return;
    }
    consumer.pause(inputs);
    const { state, id, changelogs } = active;
    const signal = state.name === "restoring" ? state.controller.signal : undefined;
    restoration.restore({ taskId: id, changelogs }, { signal }).then(
      (outcome) => onRestored(active, outcome),
      (error) => onRestored(active, { error }),
    );
  }

  /** Goes where the source of the topic says; an internal topic has nothing that was not meant for this application. */
  #reset(input: Input): void {
    const { factory, consumer, settings } = this.#parts;
    const { offsetReset } = factory.sourceOf(input.topic);
    const isInternal = factory.isRepartitionTopic(input.topic);
    const policy = isInternal ? "earliest" : (offsetReset ?? settings.consumer.autoOffsetReset);
    if (policy === "earliest") consumer.seekToBeginning([input]);
    else if (policy === "latest") consumer.seekToEnd([input]);
    else if (typeof policy === "object") {
      const { host } = settings;
      consumer.seekToTime(Math.max(0, host.clock.now() - policy.durationMs), [input]);
    } else {
      const message = `there is no committed offset for ${input.topic}-${input.partition}, and its offsetReset is "none": choose where the source is to begin`;
      throw new MillraceError("NO_OFFSET", message);
    }
  }

  #update(): void {
    this.#running = [...this.#tasks.values()].filter(({ state }) => state.name === "running");
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}
