import type { Member } from "./member.ts";
import { type AnyTaskSet, type EpochTasks, taskName } from "./tasks.ts";

/**
 * Which processes have which tasks, those included that they are still giving up. A process counts
 * rather than a member, since the members of one share a state directory: a task must not be there
 * twice, whatever its kind.
 */
export class TaskOwners {
  readonly #active = new Map<string, Set<string>>();
  readonly #standby = new Map<string, Set<string>>();
  readonly #warmup = new Map<string, Set<string>>();

  /** Takes in all tasks of a member. */
  add({ assigned, pendingRevocation, processId }: Member): void {
    for (const tasks of [assigned, pendingRevocation]) {
      for (const [owners, list] of this.#byKind(tasks)) {
        for (const task of namesOf(list)) {
          const processes = owners.get(task) ?? new Set();
          owners.set(task, processes.add(processId));
        }
      }
    }
  }

  /** Takes all tasks of a member out; those that another process has by now stay that one's. */
  remove({ assigned, pendingRevocation, processId }: Member): void {
    for (const tasks of [assigned, pendingRevocation]) {
      for (const [owners, list] of this.#byKind(tasks)) {
        for (const task of namesOf(list)) {
          const processes = owners.get(task);
          processes?.delete(processId);
          if (processes?.size === 0) owners.delete(task);
        }
      }
    }
  }

  /** Whether nobody has the task as an active one, and the process not as any other. */
  isFreeAsActive(subtopology: string, partition: number, processId: string): boolean {
    const task = taskName({ subtopology, partition });
    return (
      !this.#active.has(task) &&
      this.#standby.get(task)?.has(processId) !== true &&
      this.#warmup.get(task)?.has(processId) !== true
    );
  }

  /** Whether the process does not have the task in any way. */
  isFreeInProcess(subtopology: string, partition: number, processId: string): boolean {
    const task = taskName({ subtopology, partition });
    return (
      this.#active.get(task)?.has(processId) !== true &&
      this.#standby.get(task)?.has(processId) !== true &&
      this.#warmup.get(task)?.has(processId) !== true
    );
  }

  #byKind({ active, standby, warmup }: EpochTasks) {
    return [
      [this.#active, active],
      [this.#standby, standby],
      [this.#warmup, warmup],
    ] as const;
  }
}

function* namesOf(tasks: AnyTaskSet): Iterable<string> {
  for (const [subtopology, partitions] of tasks) {
    for (const partition of partitions.keys()) yield taskName({ subtopology, partition });
  }
}
