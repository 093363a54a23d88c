import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type AssignableTask, assignTasks, type TaskMember } from "./task-assignment.ts";

/** Sub-topologies by their numbers of tasks; every other one has state. */
const someTasks = fc
  .array(fc.nat(9), { minLength: 1, maxLength: 4 })
  .map((counts) => counts.flatMap((count, index) => tasksOf(index, count, index % 2 === 0)));

/** Processes of one to three threads, with what is on their disks. */
const someMembers = fc
  .array(
    fc.record({
      threads: fc.integer({ min: 1, max: 3 }),
      offsets: fc.dictionary(
        fc.tuple(fc.constantFrom(0, 2), fc.nat(8)).map((id) => id.join("_")),
        fc.constantFrom(100, 20_000, 20_500),
      ),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((processes) =>
    processes.flatMap(({ threads, offsets }, index) =>
      Array.from({ length: threads }, (_, thread) =>
        memberOf(`p${index}-t${thread}`, { processId: `p${index}`, offsets }),
      ),
    ),
  );

/** Members that run tasks, each task at most once. */
const someGroup = fc
  .tuple(someTasks, someMembers, fc.array(fc.nat(), { minLength: 36, maxLength: 36 }))
  .map(([tasks, members, choices]) => {
    const runner = (index: number) => (choices[index] ?? 0) % (members.length + 1);
    const running = members.map(({ memberId, processId, offsets }, member) => {
      const own = tasks.filter((_, index) => runner(index) === member).map(({ id }) => id);
      return { memberId, processId, offsets, running: new Set(own) };
    });
    return { tasks, members: running };
  });

describe("assigning tasks", () => {
  test("every task goes to exactly one member, and every member has its entry", () => {
    fc.assert(
      fc.property(someGroup, ({ tasks, members }) => {
        const assigned = assignTasks(tasks, members);
        const given = [...assigned.values()].flat().map(({ id }) => id);
        assert.deepEqual(given.sort(), tasks.map(({ id }) => id).sort());
        assert.deepEqual([...assigned.keys()].sort(), members.map((it) => it.memberId).sort());
      }),
    );
  });

  test("threads differ by at most one task, and by at most one with state", () => {
    fc.assert(
      fc.property(someGroup, ({ tasks, members }) => {
        const shares = [...assignTasks(tasks, members).values()];
        assert.ok(spread(shares.map((share) => share.length)) <= 1);
        assert.ok(spread(shares.map(statefulCount)) <= 1);
      }),
    );
  });

  test("processes of one size differ by at most one task, and by at most one with state", () => {
    fc.assert(
      fc.property(someGroup, fc.integer({ min: 1, max: 3 }), ({ tasks }, threads) => {
        const members = [0, 1, 2].flatMap((process) =>
          Array.from({ length: threads }, (_, thread) =>
            memberOf(`p${process}-t${thread}`, { processId: `p${process}` }),
          ),
        );
        const assigned = assignTasks(tasks, members);
        const byProcess = [0, 1, 2].map((process) =>
          [...assigned].filter(([id]) => id.startsWith(`p${process}`)).flatMap(([, all]) => all),
        );
        assert.ok(spread(byProcess.map((all) => all.length)) <= 1);
        assert.ok(spread(byProcess.map(statefulCount)) <= 1);
      }),
    );
  });

  test("what was assigned stays as it is when nobody comes or goes", () => {
    fc.assert(
      fc.property(someGroup, ({ tasks, members }) => {
        const first = assignTasks(tasks, members);
        assert.deepEqual(idsOf(assignTasks(tasks, runningAs(members, first))), idsOf(first));
      }),
    );
  });

  test("the order in which tasks and members are named makes no difference", () => {
    fc.assert(
      fc.property(someGroup, ({ tasks, members }) => {
        const reversed = assignTasks(tasks.toReversed(), members.toReversed());
        assert.deepEqual(idsOf(reversed), idsOf(assignTasks(tasks, members)));
      }),
    );
  });

  test("when a member leaves, the others keep what they have", () => {
    fc.assert(
      fc.property(someTasks, fc.integer({ min: 2, max: 6 }), (tasks, count) => {
        const members = strangers(count);
        const before = runningAs(members, assignTasks(tasks, members));
        const staying = before.slice(1);
        const after = assignTasks(tasks, staying);
        for (const { memberId, running } of staying) {
          const now = new Set(after.get(memberId)?.map(({ id }) => id));
          assert.deepEqual(
            [...running].filter((id) => !now.has(id)),
            [],
          );
        }
      }),
    );
  });

  test("when a member comes, no more tasks move than it gets", () => {
    fc.assert(
      fc.property(someTasks, fc.integer({ min: 1, max: 5 }), (all, count) => {
        const tasks = all.filter(({ isStateful }) => isStateful);
        const members = strangers(count);
        const before = runningAs(members, assignTasks(tasks, members));
        const newcomer = memberOf("z", {});
        const after = assignTasks(tasks, [...before, newcomer]);
        const moved = before.flatMap(({ memberId, running }) => {
          const now = new Set(after.get(memberId)?.map(({ id }) => id));
          return [...running].filter((id) => !now.has(id));
        });
        assert.equal(moved.length, after.get("z")?.length);
      }),
    );
  });

  test("as many tasks as the numbers allow find their state at hand", () => {
    fc.assert(
      fc.property(someGroup, ({ tasks, members }) => {
        const single = oneThreadEach(members);
        const stateful = tasks.filter(({ isStateful }) => isStateful);
        const assigned = assignTasks(stateful, single);
        const isAtHand = (member: TaskMember, task: AssignableTask) =>
          atHand(single, member, task.id);
        const found = single.reduce((sum, member) => {
          const own = assigned.get(member.memberId) ?? [];
          return sum + own.filter((task) => isAtHand(member, task)).length;
        }, 0);
        const seats = single.map((member) => assigned.get(member.memberId)?.length ?? 0);
        assert.equal(found, mostMatches(stateful, single, seats, isAtHand));
      }),
    );
  });

  test("a process that comes back gets the tasks whose state it has kept", () => {
    const tasks = tasksOf(0, 4, true);
    const kept = { "0_1": 9_000, "0_3": 9_500 };
    const busy = memberOf("a", {
      running: tasks,
      offsets: { "0_0": 1, "0_1": 9_900, "0_2": 1, "0_3": 9_900 },
    });
    const assigned = idsOf(assignTasks(tasks, [busy, memberOf("b", { offsets: kept })]));
    assert.deepEqual(assigned, { a: ["0_0", "0_2"], b: ["0_1", "0_3"] });
  });

  test("state that is too far behind is no better than a little of it, and a little better than none", () => {
    const [task] = tasksOf(0, 1, true);
    const members = [
      memberOf("a", {}),
      memberOf("b", { offsets: { "0_0": 10 } }),
      memberOf("c", { offsets: { "0_0": 50_000 } }),
    ];
    const holder = (all: readonly TaskMember[], lag?: number) => {
      const assigned = assignTasks([task as AssignableTask], all, { acceptableRecoveryLag: lag });
      return [...assigned].find(([, given]) => given.length > 0)?.[0];
    };
    assert.equal(holder(members), "c");
    assert.equal(holder(members.slice(0, 2)), "b");
    assert.equal(holder(members.slice(0, 1)), "a");
  });

  test("tasks of one sub-topology are dealt out among the members", () => {
    const tasks = [0, 1, 2].flatMap((subtopology) => tasksOf(subtopology, 4, subtopology > 0));
    for (const given of assignTasks(tasks, strangers(2)).values()) {
      const counts = [0, 1, 2].map((id) => given.filter((it) => it.subtopology === id).length);
      assert.deepEqual(counts, [2, 2, 2]);
    }
  });

  test("within a process a task stays with the thread that runs it", () => {
    const tasks = tasksOf(0, 4, true);
    const [one, two, three, four] = tasks as [AssignableTask, ...AssignableTask[]];
    const members = [
      memberOf("t1", { processId: "p", running: [two, four] as AssignableTask[] }),
      memberOf("t2", { processId: "p", running: [one, three] as AssignableTask[] }),
    ];
    assert.deepEqual(idsOf(assignTasks(tasks, members)), {
      t1: ["0_1", "0_3"],
      t2: ["0_0", "0_2"],
    });
  });

  test("nobody to assign to is an empty assignment", () => {
    assert.equal(assignTasks(tasksOf(0, 3, true), []).size, 0);
  });
});

function tasksOf(subtopology: number, count: number, isStateful: boolean): AssignableTask[] {
  return Array.from({ length: count }, (_, partition) => ({
    id: `${subtopology}_${partition}`,
    subtopology,
    partition,
    isStateful,
  }));
}

interface MemberTraits {
  readonly processId?: string;
  readonly running?: readonly AssignableTask[];
  readonly offsets?: { readonly [task: string]: number };
}

function memberOf(memberId: string, traits: MemberTraits): TaskMember {
  const { processId = memberId, running = [], offsets = {} } = traits;
  const ids = new Set(running.map(({ id }) => id));
  return { memberId, processId, running: ids, offsets: new Map(Object.entries(offsets)) };
}

function strangers(count: number): TaskMember[] {
  return Array.from({ length: count }, (_, index) => memberOf(`m${index}`, {}));
}

function oneThreadEach(members: readonly TaskMember[]): TaskMember[] {
  return [...Map.groupBy(members, ({ processId }) => processId).values()].flatMap((threads) =>
    threads.slice(0, 1),
  );
}

function runningAs(
  members: readonly TaskMember[],
  assigned: ReadonlyMap<string, readonly AssignableTask[]>,
): TaskMember[] {
  return members.map((member) => {
    const own = assigned.get(member.memberId) ?? [];
    return { ...member, running: new Set(own.map(({ id }) => id)) };
  });
}

function idsOf(assigned: ReadonlyMap<string, readonly AssignableTask[]>) {
  const entries = [...assigned].sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([id, all]) => [id, all.map((it) => it.id).sort()]));
}

function statefulCount(tasks: readonly AssignableTask[]): number {
  return tasks.filter(({ isStateful }) => isStateful).length;
}

function spread(numbers: readonly number[]): number {
  return Math.max(...numbers) - Math.min(...numbers);
}

/** Whether a member runs a task, or has state of it within 10,000 records of the best. */
function atHand(members: readonly TaskMember[], { running, offsets }: TaskMember, id: string) {
  const best = Math.max(...members.map((member) => member.offsets.get(id) ?? 0));
  const own = offsets.get(id) ?? 0;
  return running.has(id) || (own > 0 && own >= best - 10_000);
}

/** The size of the largest matching of tasks to members with so many seats: by flows, the plain way. */
function mostMatches(
  tasks: readonly AssignableTask[],
  members: readonly TaskMember[],
  seats: readonly number[],
  fits: (member: TaskMember, task: AssignableTask) => boolean,
): number {
  const chairs = members.flatMap((member, index) =>
    Array.from({ length: seats[index] ?? 0 }, () => member),
  );
  const sitter = new Map<number, AssignableTask>();
  const seat = (task: AssignableTask, seen: Set<number>): boolean =>
    chairs.some((member, chair) => {
      if (seen.has(chair) || !fits(member, task)) return false;
      seen.add(chair);
      const other = sitter.get(chair);
      if (other && !seat(other, seen)) return false;
      sitter.set(chair, task);
      return true;
    });
  return tasks.filter((task) => seat(task, new Set())).length;
}
