import type { ChangelogToRestore } from "./changelog-restore.ts";
import type { InputWait } from "./input-wait.ts";
import type { Task } from "./task.ts";
import type { TaskStates } from "./task-states.ts";

/** Where an active task stands. */
export type ActiveTaskState =
  /** Its stores are being brought up to date; the signal calls that off. */
  | { readonly name: "restoring"; readonly controller: AbortController }
  | { readonly name: "running" }
  | { readonly name: "closed" };

/** A partition, by its topic's full name. */
export interface Input {
  readonly topic: string;
  readonly partition: number;
}

/** A task that this instance has been assigned, with the state that it owns. */
export class ActiveTask {
  readonly task: Task;
  readonly states: TaskStates;
  readonly inputs: readonly Input[];
  readonly changelogs: readonly ChangelogToRestore[];
  state: ActiveTaskState = { name: "restoring", controller: new AbortController() };
  /** Decides whether it goes on without records of all its inputs. */
  readonly wait: InputWait;

  constructor(
    task: Task,
    states: TaskStates,
    inputs: readonly Input[],
    changelogs: readonly ChangelogToRestore[],
    wait: InputWait,
  ) {
    this.task = task;
    this.states = states;
    this.inputs = inputs;
    this.changelogs = changelogs;
    this.wait = wait;
  }

  get id(): string {
    return this.task.taskId;
  }

  /** Opens the nodes, now that the stores are as they were left. */
  run(): void {
    this.task.initialize();
    this.state = { name: "running" };
  }

  /**
   * Ends nodes, stores and state as they were committed last. The state is closed even where a node's end
   * throws, and the first error is thrown then. May be called twice.
   */
  async close(): Promise<void> {
    const { state } = this;
    if (state.name === "closed") return;
    this.state = { name: "closed" };
    if (state.name === "restoring") state.controller.abort();
    try {
      this.task.close();
    } finally {
      await this.states.close();
    }
  }
}
