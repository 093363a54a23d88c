import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ConfiguredSubtopologies } from "./configured-topology.ts";
import { type AssignableMember, assignTasks } from "./task-assignor.ts";
import { areSameTasks, listTasks, noTasks, type Tasks, taskName } from "./tasks.ts";

const changelog = { name: "changelog", partitions: 1, replicationFactor: 0, configs: new Map() };

function subtopologies(
  ...parts: readonly { readonly taskCount: number; readonly isStateful: boolean }[]
): ConfiguredSubtopologies {
  return new Map(
    parts.map(({ taskCount, isStateful }, index) => [
      `${index}`,
      {
        taskCount,
        sourceTopics: new Set(["in"]),
        repartitionSourceTopics: [],
        repartitionSinkTopics: new Set<string>(),
        changelogTopics: isStateful ? [changelog] : [],
      },
    ]),
  );
}

function names(tasks: Tasks["active"]): string[] {
  return listTasks(tasks).flatMap(({ subtopologyId, partitions }) =>
    partitions.map((partition) => taskName({ subtopology: subtopologyId, partition })),
  );
}

const part = fc.record({ taskCount: fc.integer({ min: 1, max: 12 }), isStateful: fc.boolean() });
const parts = fc.array(part, { minLength: 1, maxLength: 4 });
const processes = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 9 });
const replicas = fc.integer({ min: 0, max: 3 });

function membersOf(
  processIds: readonly number[],
  previous: ReadonlyMap<string, Tasks> = new Map(),
): AssignableMember[] {
  return processIds.map((process, index) => ({
    id: `m${index}`,
    processId: `p${process}`,
    previous: previous.get(`m${index}`) ?? noTasks,
  }));
}

test("each active task has one member, and its standbys are in other processes, as many as can be", () => {
  fc.assert(
    fc.property(parts, processes, processes, replicas, (given, before, after, numReplicas) => {
      const topology = subtopologies(...given);
      const previous = assignTasks(membersOf(before), topology, numReplicas);
      const members = membersOf(after, previous);
      const targets = assignTasks(members, topology, numReplicas);
      const holders = new Map<string, { readonly process: string; readonly kind: string }[]>();
      for (const { id, processId } of members) {
        const { active, standby } = targets.get(id) ?? noTasks;
        for (const [kind, tasks] of Object.entries({ active, standby })) {
          for (const task of names(tasks)) {
            holders.set(task, [...(holders.get(task) ?? []), { process: processId, kind }]);
          }
        }
      }
      const processCount = new Set(after).size;
      for (const [index, { taskCount, isStateful }] of given.entries()) {
        const standbys = isStateful ? Math.min(numReplicas, processCount - 1) : 0;
        for (let partition = 0; partition < taskCount; partition += 1) {
          const found = holders.get(`${index}_${partition}`) ?? [];
          assert.equal(found.filter(({ kind }) => kind === "active").length, 1);
          assert.equal(found.length, 1 + standbys);
          assert.equal(new Set(found.map(({ process }) => process)).size, found.length);
        }
      }
      const count = given.reduce((sum, { taskCount }) => sum + taskCount, 0);
      const actives = [...targets.values()].flatMap(({ active }) => names(active));
      assert.equal(actives.length, count);
    }),
  );
});

test("active tasks are spread evenly over members that have a process each", () => {
  fc.assert(
    fc.property(parts, fc.integer({ min: 1, max: 9 }), (given, count) => {
      const topology = subtopologies(...given);
      const ids = Array.from({ length: count }, (_, index) => index);
      const targets = assignTasks(membersOf(ids), topology, 0);
      const counts = [...targets.values()].map(({ active }) => names(active).length);
      assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, `${counts}`);
    }),
  );
});

test("nothing moves where nothing has changed", () => {
  fc.assert(
    fc.property(parts, fc.integer({ min: 1, max: 6 }), (given, count) => {
      const topology = subtopologies(...given);
      const ids = Array.from({ length: count }, (_, index) => index);
      const first = assignTasks(membersOf(ids), topology, 0);
      const second = assignTasks(membersOf(ids, first), topology, 0);
      for (const [id, tasks] of first) assert.ok(areSameTasks(tasks, second.get(id) ?? noTasks));
    }),
  );
});

test("the order of members does not matter", () => {
  fc.assert(
    fc.property(parts, processes, replicas, (given, ids, numReplicas) => {
      const topology = subtopologies(...given);
      const members = membersOf(ids);
      const targets = assignTasks(members, topology, numReplicas);
      const others = assignTasks(members.toReversed(), topology, numReplicas);
      for (const [id, tasks] of targets) assert.ok(areSameTasks(tasks, others.get(id) ?? noTasks));
    }),
  );
});

test("a member that joins takes no more than its share, and the others keep the rest", () => {
  const topology = subtopologies({ taskCount: 6, isStateful: true });
  const before = assignTasks(membersOf([0, 1]), topology, 0);
  const after = assignTasks(membersOf([0, 1, 2], before), topology, 0);
  assert.equal(names(after.get("m2")?.active ?? new Map()).length, 2);
  for (const id of ["m0", "m1"]) {
    const kept = names(after.get(id)?.active ?? new Map());
    const had = names(before.get(id)?.active ?? new Map());
    assert.equal(kept.length, 2);
    assert.ok(kept.every((task) => had.includes(task)));
  }
});

test("a standby task becomes active where the process that was is gone", () => {
  const topology = subtopologies({ taskCount: 2, isStateful: true });
  const before = assignTasks(membersOf([0, 1, 2]), topology, 1);
  const orphan = "0_1";
  const holder = [...before].find(([, { active }]) => names(active).includes(orphan))?.[0];
  const heir = [...before].find(([, { standby }]) => names(standby).includes(orphan))?.[0];
  const left = membersOf([0, 1, 2], before).filter(({ id }) => id !== holder);
  const after = assignTasks(left, topology, 1);
  assert.ok(names(after.get(heir ?? "")?.active ?? new Map()).includes(orphan));
});
