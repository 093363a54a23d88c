import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { GroupMember, TopicPartition } from "../../client/index.ts";
import { StreamsBuilder } from "../dsl/streams-builder.ts";
import { string } from "../serdes.ts";
import { StreamsAssignor, tasksOf } from "./streams-assignor.ts";
import { decodeTaskNote, encodeTaskNote } from "./task-note.ts";
import { TopologyPlan } from "./topology-plan.ts";

const text = { key: string, value: string };

/** Two sub-topologies: one without state that reads two topics, and one with state. */
function plan(): TopologyPlan {
  const builder = new StreamsBuilder();
  const words = builder.stream(["words", "phrases"], text);
  words.groupBy((word) => word, text).count({ store: "counts" });
  return new TopologyPlan(builder.build().builder, "app");
}

const counts = new Map([
  ["words", 5],
  ["phrases", 3],
  ["app-counts-repartition", 5],
  ["app-counts-changelog", 5],
]);

function assignor(offsets: ReadonlyMap<string, number> = new Map()): StreamsAssignor {
  return new StreamsAssignor({
    plan: plan(),
    processId: processId(1),
    internalTopics: { ensure: () => Promise.resolve(counts) },
    taskOffsets: () => offsets,
  });
}

function processId(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
}

function member(memberId: string, traits: Partial<GroupMember> = {}): GroupMember {
  const userData = encodeTaskNote({
    processId: processId(memberId.charCodeAt(0)),
    offsets: new Map(),
  });
  const plain = { groupInstanceId: null, topics: ["words"], ownedPartitions: [], rackId: null };
  return { memberId, ...plain, userData, generationId: 1, ...traits };
}

test("a task reads its partition of all its topics that have it, and is stateful where it has a changelog", () => {
  const tasks = tasksOf(plan(), counts);
  assert.deepEqual(tasks.map(({ id }) => id).sort(), allIds());
  const inputs = new Map(tasks.map(({ id, partitions }) => [id, partitions.map(nameOf)]));
  assert.deepEqual(inputs.get("0_2"), ["words-2", "phrases-2"]);
  assert.deepEqual(inputs.get("0_4"), ["words-4"]);
  assert.deepEqual(
    tasks.filter(({ isStateful }) => isStateful).map(({ subtopology }) => subtopology),
    [1, 1, 1, 1, 1],
  );
});

test("all partitions of a task go to one member", async () => {
  const members = ["a", "b", "c"].map((id) => member(id));
  const assigned = await assignor().assign(new Map(), members);
  const tasks = tasksOf(plan(), counts);
  const given = [...assigned.values()].flatMap(({ partitions }) => partitions.map(nameOf));
  assert.equal(given.length, new Set(given).size);
  assert.equal(given.length, tasks.flatMap(({ partitions }) => partitions).length);
  for (const { partitions } of tasks) {
    const holders = [...assigned].filter(([, own]) =>
      own.partitions.some((one) => partitions.map(nameOf).includes(nameOf(one))),
    );
    assert.equal(holders.length, 1);
  }
});

test("a task that moves is left out until it is given up", async () => {
  const everything = tasksOf(plan(), counts).flatMap(({ partitions }) => partitions);
  const before = [member("a", { ownedPartitions: everything }), member("b")];
  const first = await assignor().assign(new Map(), before);
  const kept = first.get("a")?.partitions ?? [];
  assert.ok(kept.length < everything.length);
  assert.deepEqual(first.get("b")?.partitions, []);
  const after = [member("a", { ownedPartitions: kept }), member("b")];
  const second = await assignor().assign(new Map(), after);
  assert.deepEqual(second.get("a")?.partitions, kept);
  assert.equal((second.get("b")?.partitions.length ?? 0) + kept.length, everything.length);
});

test("of two members that claim a task, the one with the newer generation keeps it", async () => {
  const task = tasksOf(plan(), counts).find(({ id }) => id === "1_0");
  const ownedPartitions = task?.partitions ?? [];
  const newer = [
    member("a", { ownedPartitions, generationId: 4 }),
    member("b", { ownedPartitions, generationId: 7 }),
  ];
  const assigned = await assignor().assign(new Map(), newer);
  assert.ok(
    assigned
      .get("b")
      ?.partitions.some(({ topic, partition }) => topic.startsWith("app-") && partition === 0),
  );
  const equal = newer.map((one) => ({ ...one, generationId: 7 }));
  const contested = await assignor().assign(new Map(), equal);
  const given = [...contested.values()].flatMap(({ partitions }) => partitions.map(nameOf));
  assert.ok(!given.includes("app-counts-repartition-0"));
});

test("whoever runs a task gets what is added to its inputs", async () => {
  const all = tasksOf(plan(), counts).flatMap(({ partitions }) => partitions);
  const owned = all.filter((one) => nameOf(one) !== "phrases-1");
  const members = [member("a", { ownedPartitions: owned })];
  const assigned = await assignor().assign(new Map(), members);
  assert.deepEqual(assigned.get("a")?.partitions.map(nameOf).sort(), all.map(nameOf).sort());
});

test("a member tells who it is, and what state it has", () => {
  const offsets = new Map([["1_3", 77]]);
  const note = decodeTaskNote(Buffer.from(assignor(offsets).subscriptionUserData()));
  assert.deepEqual(note, { processId: processId(1), offsets });
});

test("a member whose note makes no sense counts as a process without state", async () => {
  const members = [member("a", { userData: null }), member("b", { userData: Buffer.of(9) })];
  const assigned = await assignor().assign(new Map(), members);
  assert.deepEqual(
    [...assigned.values()].map(({ partitions }) => partitions.length > 0),
    [true, true],
  );
});

test("whoever comes and goes, a few rebalances later all tasks run, nobody runs another's, and numbers are even", async () => {
  const steps = fc.array(
    fc.record({
      members: fc.subarray(["a", "b", "c", "d"], { minLength: 1 }),
      settles: fc.boolean(),
    }),
    { minLength: 1, maxLength: 6 },
  );
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const group = new SimulatedGroup();
      for (const { members, settles } of all) {
        group.become(members);
        if (settles) await group.settle();
        else await group.rebalance();
      }
      await group.settle();
      assert.deepEqual(group.running(), allIds());
      assert.ok(group.spread() <= 1);
    }),
  );
});

/** A group whose members do what cooperative ones do: give up what was not assigned, then take up what was. */
class SimulatedGroup {
  #generation = 0;
  readonly #tasks = tasksOf(plan(), counts);
  readonly #owned = new Map<string, readonly TopicPartition[]>();
  /** What each member has had on its disk, as its offset. */
  readonly #disks = new Map<string, Map<string, number>>();

  become(members: readonly string[]): void {
    for (const id of [...this.#owned.keys()]) if (!members.includes(id)) this.#owned.delete(id);
    for (const id of members) if (!this.#owned.has(id)) this.#owned.set(id, []);
  }

  /** Gives whether somebody had to give something up, and so asks for another rebalance. */
  async rebalance(): Promise<boolean> {
    const members = [...this.#owned].map(([id, ownedPartitions]) => {
      const offsets = this.#disks.get(id) ?? new Map();
      const userData = encodeTaskNote({ processId: processId(id.charCodeAt(0)), offsets });
      return member(id, { ownedPartitions, generationId: this.#generation, userData });
    });
    const assigned = await assignor().assign(new Map(), members);
    this.#generation += 1;
    let gaveUp = false;
    for (const { memberId, ownedPartitions } of members) {
      const given = assigned.get(memberId)?.partitions ?? [];
      this.#refuseTheft(memberId, given, members);
      const names = new Set(given.map(nameOf));
      gaveUp ||= ownedPartitions.some((one) => !names.has(nameOf(one)));
      this.#owned.set(memberId, given);
    }
    this.#work();
    return gaveUp;
  }

  async settle(): Promise<void> {
    for (let round = 0; round < 5; round++) if (!(await this.rebalance())) return;
    assert.fail("the group does not come to rest");
  }

  running(): string[] {
    return [...this.#owned.keys()].flatMap((id) => this.#tasksAt(id)).sort();
  }

  spread(): number {
    const numbers = [...this.#owned.keys()].map((id) => this.#tasksAt(id).length);
    return Math.max(...numbers) - Math.min(...numbers);
  }

  #refuseTheft(
    id: string,
    given: readonly TopicPartition[],
    members: readonly GroupMember[],
  ): void {
    const others = members.filter(({ memberId }) => memberId !== id);
    const theirs = new Set(others.flatMap((it) => it.ownedPartitions.map(nameOf)));
    assert.deepEqual(
      given.map(nameOf).filter((name) => theirs.has(name)),
      [],
    );
  }

  #work(): void {
    for (const id of this.#owned.keys()) {
      const disk = this.#disks.get(id) ?? new Map<string, number>();
      this.#disks.set(id, disk);
      const stateful = this.#tasksAt(id).filter((task) => task.startsWith("1_"));
      for (const task of stateful) disk.set(task, this.#generation * 6_000);
    }
  }

  #tasksAt(id: string): string[] {
    const names = new Set(this.#owned.get(id)?.map(nameOf));
    const own = this.#tasks.filter(({ partitions }) =>
      partitions.some((one) => names.has(nameOf(one))),
    );
    return own.map((task) => task.id);
  }
}

function allIds(): string[] {
  return [0, 1].flatMap((subtopology) => [0, 1, 2, 3, 4].map((part) => `${subtopology}_${part}`));
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}
