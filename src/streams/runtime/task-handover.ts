import type { RebalanceEvent, TopicPartition } from "../../client/index.ts";
import type { ActiveTask } from "./active-task.ts";
import type { TaskFactory } from "./task-factory.ts";
import type { TaskFeed } from "./task-feed.ts";
import type { TaskRegistry } from "./task-registry.ts";

/** What a {@link TaskHandover} works with. */
export interface TaskHandoverParts {
  readonly registry: TaskRegistry;
  readonly factory: Pick<TaskFactory, "taskIdOf">;
  readonly feed: Pick<TaskFeed, "forget">;
  /** Commits what tasks have processed. */
  readonly commit: (tasks: readonly ActiveTask[]) => Promise<unknown>;
}

/** Carries the group's decisions out: gives tasks up after a last commit, and takes others over. */
export class TaskHandover {
  readonly #parts: TaskHandoverParts;

  constructor(parts: TaskHandoverParts) {
    this.#parts = parts;
  }

  async carryOut({ event, partitions }: RebalanceEvent): Promise<void> {
    const { registry, feed } = this.#parts;
    if (event === "assigned") {
      const others = await this.#giveUp(this.#growing(partitions), true);
      await registry.assign([...others, ...partitions]);
      return;
    }
    feed.forget(partitions);
    const inputs = await this.#giveUp(registry.readers(partitions), event === "revoked");
    await registry.assign(inputs.filter((input) => !partitions.some((one) => isSame(one, input))));
  }

  /** Closes tasks, after a commit where they are still this member's; gives their inputs. */
  async #giveUp(tasks: readonly ActiveTask[], isOwn: boolean): Promise<TopicPartition[]> {
    if (tasks.length === 0) return [];
    if (isOwn) await this.#parts.commit(tasks.filter(({ state }) => state.name === "running"));
    await this.#parts.registry.close(tasks);
    return tasks.flatMap(({ inputs }) => inputs);
  }

  /** The tasks that are there and get further inputs. */
  #growing(partitions: readonly TopicPartition[]): ActiveTask[] {
    const ids = new Set(partitions.map((one) => this.#parts.factory.taskIdOf(one)));
    return this.#parts.registry.all.filter(({ id }) => ids.has(id));
  }
}

function isSame(one: TopicPartition, other: TopicPartition): boolean {
  return one.topic === other.topic && one.partition === other.partition;
}
