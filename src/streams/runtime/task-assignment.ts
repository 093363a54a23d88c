/** A task that somebody has to run. */
export interface AssignableTask {
  readonly id: string;
  readonly subtopology: number;
  readonly partition: number;
  /** Whether it has state that is restored where it is not at hand. */
  readonly isStateful: boolean;
}

/** Who can run tasks: a thread of a process. */
export interface TaskMember {
  readonly memberId: string;
  /** Threads of one process share a disk. */
  readonly processId: string;
  /** The tasks it runs at present. */
  readonly running: ReadonlySet<string>;
  /** For tasks with state on the process's disk, how far that goes: the sum of offsets. */
  readonly offsets: ReadonlyMap<string, number>;
}

/** How tasks are assigned. */
export interface TaskAssignmentOptions {
  /** State that is at most so many records behind the best counts as caught up; 10,000 by default (`acceptable.recovery.lag`). */
  readonly acceptableRecoveryLag?: number | undefined;
}

/**
 * Shares tasks out among members: gives the tasks of each by its id. Each task has exactly one member. By process and
 * by thread, numbers differ by at most one for a thread, for tasks with state and for all; within that, tasks stay
 * where they run, and those that must move go to where their state is at hand or nearly so. What is left is dealt out so
 * that those of one sub-topology are apart. Depends on nothing but its arguments, and not on their order.
 */
export function assignTasks(
  tasks: readonly AssignableTask[],
  members: readonly TaskMember[],
  { acceptableRecoveryLag = 10_000 }: TaskAssignmentOptions = {},
): Map<string, readonly AssignableTask[]> {
  const assigned = new Map<string, readonly AssignableTask[]>();
  if (members.length === 0) return assigned;
  const byProcess = Map.groupBy(members, ({ processId }) => processId);
  const processes = [...byProcess].map(([id, threads]) => processPlace(id, threads));
  for (const process of share(tasks, processes, acceptableRecoveryLag)) {
    const threads = (byProcess.get(process.id) ?? []).map(threadPlace);
    for (const { id, given } of share(process.given, threads, acceptableRecoveryLag)) {
      assigned.set(id, given);
    }
  }
  return assigned;
}

/** A process, or a thread of one, while tasks are shared out. */
interface Place {
  readonly id: string;
  /** How many threads it has. */
  readonly size: number;
  readonly running: ReadonlySet<string>;
  readonly offsets: ReadonlyMap<string, number>;
  /** How many tasks it is to have once this round is over. */
  quota: number;
  readonly given: AssignableTask[];
}

function processPlace(id: string, threads: readonly TaskMember[]): Place {
  const running = new Set(threads.flatMap((thread) => [...thread.running]));
  const offsets = new Map<string, number>();
  for (const [task, offset] of threads.flatMap((thread) => [...thread.offsets])) {
    offsets.set(task, Math.max(offset, offsets.get(task) ?? 0));
  }
  return { id, size: threads.length, running, offsets, quota: 0, given: [] };
}

/** Among the threads of a process the disk makes no difference. */
function threadPlace({ memberId, running }: TaskMember): Place {
  return { id: memberId, size: 1, running, offsets: new Map(), quota: 0, given: [] };
}

/** Fills places: with stateful tasks first, so that those are spread evenly. */
function share(
  tasks: readonly AssignableTask[],
  places: readonly Place[],
  lag: number,
): readonly Place[] {
  const inOrder = places.toSorted((left, right) => (left.id < right.id ? -1 : 1));
  const sorted = tasks.toSorted(byPartition);
  for (const isStateful of [true, false]) {
    const round = sorted.filter((task) => task.isStateful === isStateful);
    new Round(round, inOrder, isStateful ? lag : undefined).run();
  }
  return inOrder;
}

/** Tasks of all sub-topologies in turn, so that a part of them has some of each. */
function byPartition(left: AssignableTask, right: AssignableTask): number {
  return left.partition - right.partition || left.subtopology - right.subtopology;
}

/** Shares out tasks of one kind. */
class Round {
  readonly #tasks: readonly AssignableTask[];
  readonly #places: readonly Place[];
  /** For each task the places that have its state at hand, the best ones first. */
  readonly #caughtUp: ReadonlyMap<AssignableTask, readonly Place[]>;
  readonly #placeOf = new Map<AssignableTask, Place>();
  /** How many tasks each place has from this round. */
  readonly #load = new Map<Place, AssignableTask[]>();
  readonly #room = new Map<Place, number>();

  /** Without a lag, state plays no part. */
  constructor(tasks: readonly AssignableTask[], places: readonly Place[], lag: number | undefined) {
    this.#tasks = tasks;
    this.#places = places;
    this.#caughtUp = new Map(
      tasks.map((task) => [task, lag === undefined ? [] : caughtUpPlaces(task, places, lag)]),
    );
    for (const place of places) this.#load.set(place, []);
  }

  run(): void {
    this.#setQuotas();
    for (const place of this.#places) this.#room.set(place, place.quota - place.given.length);
    this.#keep();
    for (const task of this.#open()) this.#bring(task, new Set());
    const byState = (task: AssignableTask) => Math.max(...this.#offsets(task), 0);
    for (const task of this.#open().sort((left, right) => byState(right) - byState(left))) {
      this.#put(task, this.#nearest(task) ?? this.#emptiest(task));
    }
    for (const [place, tasks] of this.#load) place.given.push(...tasks);
  }

  /** Hands out seats one by one to whoever has the fewest for its size; in doubt to who has tasks that could stay, then to who has few. */
  #setQuotas(): void {
    const claims = new Map(this.#places.map((place) => [place, this.#claimsOf(place)]));
    const surplus = (place: Place, of: "running" | "caughtUp") =>
      (claims.get(place)?.[of] ?? 0) - (place.quota - place.given.length);
    for (const place of this.#places) place.quota = place.given.length;
    for (const _ of this.#tasks) {
      let best = this.#places[0] as Place;
      for (const place of this.#places) {
        const difference =
          (best.quota + 1) / best.size - (place.quota + 1) / place.size ||
          surplus(place, "running") - surplus(best, "running") ||
          surplus(place, "caughtUp") - surplus(best, "caughtUp") ||
          best.running.size / best.size - place.running.size / place.size;
        if (difference > 0) best = place;
      }
      best.quota += 1;
    }
  }

  #claimsOf(place: Place): { readonly running: number; readonly caughtUp: number } {
    const running = this.#tasks.filter(({ id }) => place.running.has(id)).length;
    const caughtUp = this.#tasks.filter((task) => this.#caughtUp.get(task)?.includes(place)).length;
    return { running, caughtUp };
  }

  /** Leaves tasks where they run, as far as there is room; first those whose state is nowhere else. */
  #keep(): void {
    for (const place of this.#places) {
      const elsewhere = (task: AssignableTask) =>
        (this.#caughtUp.get(task) ?? []).filter((other) => other !== place).length;
      const running = this.#tasks.filter(({ id }) => place.running.has(id));
      for (const task of running.sort((left, right) => elsewhere(left) - elsewhere(right))) {
        if (!this.#placeOf.has(task) && this.#hasRoom(place)) this.#put(task, place);
      }
    }
  }

  /**
   * Brings a task to a place that has its state; where there is no room, another task makes some that has its state
   * elsewhere as well: an augmenting path, so that as many tasks as can be find their state. Gives whether it could.
   */
  #bring(task: AssignableTask, tried: Set<Place>): boolean {
    const candidates = this.#caughtUp.get(task) ?? [];
    const free = candidates.find((place) => this.#hasRoom(place));
    if (free) {
      this.#put(task, free);
      return true;
    }
    for (const place of candidates) {
      if (tried.has(place)) continue;
      tried.add(place);
      for (const other of [...(this.#load.get(place) ?? [])]) {
        if (!this.#bring(other, tried)) continue;
        this.#put(task, place);
        return true;
      }
    }
    return false;
  }

  /** The place with room that has most of the task's state; undefined where none has any. */
  #nearest(task: AssignableTask): Place | undefined {
    if (!task.isStateful) return undefined;
    let nearest: Place | undefined;
    for (const place of this.#places) {
      const offset = place.offsets.get(task.id) ?? 0;
      if (this.#hasRoom(place) && offset > (nearest?.offsets.get(task.id) ?? 0)) nearest = place;
    }
    return nearest;
  }

  /** The place with room that has fewest tasks of the same sub-topology for its size, then most room. */
  #emptiest({ subtopology }: AssignableTask): Place {
    const kin = (place: Place) =>
      (this.#load.get(place) ?? []).filter((one) => one.subtopology === subtopology).length /
      place.size;
    const room = (place: Place) => (this.#room.get(place) ?? 0) / place.size;
    const free = this.#places.filter((place) => this.#hasRoom(place));
    return free.reduce((best, place) => {
      const difference = kin(best) - kin(place) || room(place) - room(best);
      return difference > 0 ? place : best;
    });
  }

  #open(): AssignableTask[] {
    return this.#tasks.filter((task) => !this.#placeOf.has(task));
  }

  #offsets({ id }: AssignableTask): number[] {
    return this.#places.map(({ offsets }) => offsets.get(id) ?? 0);
  }

  #hasRoom(place: Place): boolean {
    return (this.#room.get(place) ?? 0) > 0;
  }

  /** Puts a task at a place, and takes it from where it was. */
  #put(task: AssignableTask, place: Place): void {
    const former = this.#placeOf.get(task);
    if (former) {
      const tasks = this.#load.get(former) ?? [];
      tasks.splice(tasks.indexOf(task), 1);
      this.#room.set(former, (this.#room.get(former) ?? 0) + 1);
    }
    this.#placeOf.set(task, place);
    this.#load.get(place)?.push(task);
    this.#room.set(place, (this.#room.get(place) ?? 0) - 1);
  }
}

/** The places whose state of a task is at most `lag` records behind the best, the best first; running counts as best. */
function caughtUpPlaces(task: AssignableTask, places: readonly Place[], lag: number): Place[] {
  const best = Math.max(...places.map(({ offsets }) => offsets.get(task.id) ?? 0));
  const offsetAt = ({ running, offsets }: Place) =>
    running.has(task.id) ? Number.POSITIVE_INFINITY : (offsets.get(task.id) ?? 0);
  return places
    .filter((place) => offsetAt(place) > 0 && offsetAt(place) >= best - lag)
    .sort((left, right) => byNumber(offsetAt(right), offsetAt(left)));
}

/** Orders numbers that may be infinite. */
function byNumber(left: number, right: number): number {
  return left === right ? 0 : left < right ? -1 : 1;
}
