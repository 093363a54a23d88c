import type { ConfiguredSubtopologies } from "./configured-topology.ts";
import { ProcessLoad } from "./process-load.ts";
import { type Task, type TaskSet, type Tasks, taskName } from "./tasks.ts";

/** A member to whom tasks can be assigned. */
export interface AssignableMember {
  readonly id: string;
  readonly processId: string;
  /** What it was to have by the last target assignment. */
  readonly previous: Tasks;
}

/**
 * Shares tasks out (`StickyTaskAssignor`): each active task to one member, and standby tasks of what
 * has state to as many other processes as there are, up to `numStandbyReplicas`. Tasks stay where they
 * were, as active or standby task, unless that would give a member more than its share. The same input
 * gives the same result, whatever the order of members. There must be at least one member.
 */
export function assignTasks(
  members: readonly AssignableMember[],
  subtopologies: ConfiguredSubtopologies,
  numStandbyReplicas: number,
): ReadonlyMap<string, Tasks> {
  const sorted = members.toSorted((left, right) => (left.id < right.id ? -1 : 1));
  const assignment = new TaskAssignment(sorted, subtopologies, numStandbyReplicas);
  assignment.assignActive(tasksOf(subtopologies, () => true));
  const isStateful = (id: string) => subtopologies.get(id)?.changelogTopics.length !== 0;
  if (numStandbyReplicas > 0) assignment.assignStandby(tasksOf(subtopologies, isStateful));
  return assignment.targets();
}

function tasksOf(
  subtopologies: ConfiguredSubtopologies,
  isWanted: (subtopology: string) => boolean,
): Task[] {
  return [...subtopologies].flatMap(([subtopology, { taskCount }]) =>
    isWanted(subtopology)
      ? Array.from({ length: taskCount }, (_, partition) => ({ subtopology, partition }))
      : [],
  );
}

/** A member's share: lowers as members fill up, so that what remains is spread evenly over the rest. */
class Quota {
  #tasks: number;
  #members: number;
  perMember: number;

  constructor(tasks: number, members: number) {
    this.#tasks = tasks;
    this.#members = members;
    this.perMember = Math.ceil(tasks / members);
  }

  /** A member has reached `count` tasks. */
  reached(count: number): void {
    if (count !== this.perMember) return;
    this.#tasks -= count;
    this.#members -= 1;
    this.perMember = this.#members === 0 ? 0 : Math.ceil(this.#tasks / this.#members);
  }
}

class TaskAssignment {
  readonly #members: readonly AssignableMember[];
  readonly #numStandbyReplicas: number;
  readonly #processes = new Map<string, ProcessLoad>();
  readonly #previousActive = new Map<string, AssignableMember>();
  readonly #previousStandby = new Map<string, AssignableMember[]>();
  readonly #activeQuota: Quota;
  readonly #quota: Quota;

  constructor(
    members: readonly AssignableMember[],
    subtopologies: ConfiguredSubtopologies,
    numStandbyReplicas: number,
  ) {
    this.#members = members;
    this.#numStandbyReplicas = numStandbyReplicas;
    for (const member of members) this.#join(member);
    let active = 0;
    let all = 0;
    for (const { taskCount, changelogTopics } of subtopologies.values()) {
      active += taskCount;
      all += taskCount * (changelogTopics.length > 0 ? 1 + numStandbyReplicas : 1);
    }
    this.#activeQuota = new Quota(active, members.length);
    this.#quota = new Quota(all, members.length);
  }

  assignActive(tasks: readonly Task[]): void {
    const rest = tasks
      .toSorted(byPartition)
      .filter((task) => !this.#offerActive(task, this.#previousActive.get(taskName(task))));
    const fresh = rest.filter((task) => {
      const previous = this.#leastLoaded(this.#previousStandby.get(taskName(task)) ?? []);
      return !this.#offerActive(task, previous);
    });
    for (const task of fresh.toSorted(bySubtopology)) {
      const process = leastLoadedOf(this.#processes.values());
      if (process === undefined) continue;
      this.#countActive(process.addToLeastLoaded(taskName(task), task, "active"));
    }
  }

  assignStandby(tasks: readonly Task[]): void {
    const rest: { readonly task: Task; readonly replicas: number }[] = [];
    for (const task of tasks.toSorted(byPartition).reverse()) {
      let placed = 0;
      while (placed < this.#numStandbyReplicas && this.#offerStandby(task)) placed += 1;
      const replicas = this.#numStandbyReplicas - placed;
      if (replicas > 0) rest.push({ task, replicas });
    }
    rest.sort((left, right) => bySubtopology(right.task, left.task));
    for (const { task, replicas } of rest) {
      const name = taskName(task);
      for (let replica = 0; replica < replicas; replica += 1) {
        const candidates = [...this.#processes.values()].filter((one) => !one.hasTask(name));
        const process = leastLoadedOf(candidates);
        // There are more replicas wanted than processes to hold them.
        if (process === undefined) break;
        this.#quota.reached(process.addToLeastLoaded(name, task, "standby"));
      }
    }
  }

  targets(): ReadonlyMap<string, Tasks> {
    return new Map(
      this.#members.map(({ id, processId }) => {
        const { active = [], standby = [] } = this.#processes.get(processId)?.tasksOf(id) ?? {};
        return [id, { active: setOf(active), standby: setOf(standby), warmup: new Map() }];
      }),
    );
  }

  #join(member: AssignableMember): void {
    const process = this.#processes.get(member.processId) ?? new ProcessLoad();
    this.#processes.set(member.processId, process);
    process.addMember(member.id);
    for (const task of tasksIn(member.previous.active)) {
      this.#previousActive.set(taskName(task), member);
    }
    for (const task of tasksIn(member.previous.standby)) {
      const name = taskName(task);
      const others = this.#previousStandby.get(name) ?? [];
      this.#previousStandby.set(name, [...others, member]);
    }
  }

  /** Gives an active task to one who had it, if that does not exceed its share. */
  #offerActive(task: Task, member: AssignableMember | undefined): boolean {
    if (member === undefined) return false;
    const process = this.#processOf(member);
    if (process.countOf(member.id) >= this.#activeQuota.perMember) return false;
    this.#countActive(process.add(member.id, taskName(task), task, "active"));
    return true;
  }

  /** Gives a standby task to one who had it, as active task or standby, if that does not exceed its share. */
  #offerStandby(task: Task): boolean {
    const name = taskName(task);
    const active = this.#previousActive.get(name);
    const standby = this.#leastLoaded(
      (this.#previousStandby.get(name) ?? []).filter((one) => !this.#processOf(one).hasTask(name)),
    );
    for (const member of [active, standby]) {
      if (member === undefined) continue;
      const process = this.#processOf(member);
      if (process.hasTask(name) || process.countOf(member.id) >= this.#quota.perMember) continue;
      this.#quota.reached(process.add(member.id, name, task, "standby"));
      return true;
    }
    return false;
  }

  #countActive(count: number): void {
    this.#activeQuota.reached(count);
    this.#quota.reached(count);
  }

  /** As Kafka has it, a member takes the place of an earlier one only where it and its process both have less to do. */
  #leastLoaded(members: readonly AssignableMember[]): AssignableMember | undefined {
    let [best] = members;
    for (const member of members) {
      if (best === undefined) break;
      const process = this.#processOf(member);
      const bestProcess = this.#processOf(best);
      const isLess = process.load < bestProcess.load;
      if (isLess && process.countOf(member.id) < bestProcess.countOf(best.id)) best = member;
    }
    return best;
  }

  #processOf({ processId }: AssignableMember): ProcessLoad {
    return this.#processes.get(processId) as ProcessLoad;
  }
}

function leastLoadedOf(processes: Iterable<ProcessLoad>): ProcessLoad | undefined {
  let best: ProcessLoad | undefined;
  for (const process of processes) {
    if (best === undefined || process.load < best.load) best = process;
  }
  return best;
}

function* tasksIn(tasks: TaskSet): Iterable<Task> {
  for (const [subtopology, partitions] of tasks) {
    for (const partition of partitions) yield { subtopology, partition };
  }
}

function setOf(tasks: readonly Task[]): TaskSet {
  const bySubtopologyId = new Map<string, Set<number>>();
  for (const { subtopology, partition } of tasks) {
    const partitions = bySubtopologyId.get(subtopology) ?? new Set();
    bySubtopologyId.set(subtopology, partitions.add(partition));
  }
  return bySubtopologyId;
}

function byPartition(left: Task, right: Task): number {
  return left.partition - right.partition || compare(left.subtopology, right.subtopology);
}

function bySubtopology(left: Task, right: Task): number {
  return compare(left.subtopology, right.subtopology) || left.partition - right.partition;
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
