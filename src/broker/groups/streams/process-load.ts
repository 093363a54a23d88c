import type { Task } from "./tasks.ts";

/** How much one process, whose members share a state directory, has to do so far (`ProcessState`). */
export class ProcessLoad {
  readonly #members = new Map<string, { count: number; active: Task[]; standby: Task[] }>();
  readonly #tasks = new Set<string>();
  #count = 0;

  /** Tasks per member. */
  get load(): number {
    return this.#count / this.#members.size;
  }

  addMember(memberId: string): void {
    this.#members.set(memberId, { count: 0, active: [], standby: [] });
  }

  /** Whether one of the members has the task already, in any way. */
  hasTask(name: string): boolean {
    return this.#tasks.has(name);
  }

  /** How many tasks the member has. */
  countOf(memberId: string): number {
    return this.#members.get(memberId)?.count ?? 0;
  }

  tasksOf(memberId: string) {
    return this.#members.get(memberId);
  }

  /** Gives a task to one of the members; tells how many that one has then. */
  add(memberId: string, name: string, task: Task, kind: "active" | "standby"): number {
    const member = this.#members.get(memberId);
    if (member === undefined) return 0;
    this.#tasks.add(name);
    this.#count += 1;
    member.count += 1;
    member[kind].push(task);
    return member.count;
  }

  /** Gives a task to the member that has the fewest; tells how many that one has then. */
  addToLeastLoaded(name: string, task: Task, kind: "active" | "standby"): number {
    let best = "";
    let fewest = Number.POSITIVE_INFINITY;
    for (const [memberId, { count }] of this.#members) {
      if (count >= fewest) continue;
      best = memberId;
      fewest = count;
    }
    return this.add(best, name, task, kind);
  }
}
