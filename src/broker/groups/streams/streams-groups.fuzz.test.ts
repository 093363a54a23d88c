import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { internal, joining, StreamsScene, topologyWith } from "../../../../test/streams-scene.ts";
import { BrokerError } from "../../../errors.ts";
import { describeGroup } from "./description.ts";
import type { HeartbeatAnswer } from "./heartbeat.ts";
import { taskName } from "./tasks.ts";

const topology = topologyWith({
  "0": { sourceTopics: ["in"], repartitionSinkTopics: ["app-repartition"] },
  "1": {
    repartitionSourceTopics: [internal("app-repartition")],
    stateChangelogTopics: [internal("app-changelog")],
  },
});

type TaskList = { readonly subtopologyId: string; readonly partitions: readonly number[] }[];

/** A member as it sees itself: it gives tasks up when it is told to, some heartbeats later. */
interface Thread {
  readonly id: string;
  readonly process: string;
  epoch: number;
  told: { active: TaskList; standby: TaskList };
  held: { active: TaskList; standby: TaskList };
  isIn: boolean;
}

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("join" as const), who: fc.nat(4) }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant("beat" as const), who: fc.nat(4) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("obey" as const), who: fc.nat(4) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("lose" as const), who: fc.nat(4) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("leave" as const), who: fc.nat(4) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("pass" as const), who: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("grow" as const), who: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("standbys" as const), who: fc.nat(2) }) },
);

const nothing = { active: [], standby: [] };

class Application {
  readonly scene = new StreamsScene({
    "streams.initial.rebalance.delay.ms": "0",
    "streams.assignment.interval.ms": "0",
  });
  readonly threads: Thread[] = ["a", "b", "c", "d", "e"].map((id, index) => ({
    id,
    process: `p${index % 3}`,
    epoch: 0,
    told: nothing,
    held: nothing,
    isIn: false,
  }));
  #partitions = 2;

  constructor() {
    for (const topic of ["in", "app-repartition", "app-changelog"]) this.scene.topic(topic, 2);
  }

  do(action: string, who: number): void {
    const thread = this.threads[who % this.threads.length] as Thread;
    switch (action) {
      case "join":
        this.#send(thread, { ...joining(thread.id, topology), processId: thread.process });
        break;
      case "beat":
      case "lose":
        if (thread.isIn) this.#beat(thread, action === "lose");
        break;
      case "obey":
        // What it was told to have it takes up, the rest it lets go of, before it says so.
        thread.held = thread.told;
        break;
      case "leave":
        if (thread.isIn) this.#send(thread, { memberId: thread.id, memberEpoch: -1 });
        thread.isIn = false;
        thread.held = nothing;
        break;
      case "pass":
        this.scene.pass(who * 1000);
        break;
      case "grow":
        this.#partitions += 1;
        for (const topic of ["in", "app-repartition", "app-changelog"]) {
          this.scene.topic(topic, this.#partitions);
        }
        break;
      default:
        this.scene.settings.set("streams.num.standby.replicas", `${who}`);
    }
  }

  #beat(thread: Thread, isLost: boolean): void {
    const request = {
      memberId: thread.id,
      memberEpoch: thread.epoch,
      activeTasks: thread.held.active.map(copy),
      standbyTasks: thread.held.standby.map(copy),
      warmupTasks: [],
    };
    this.#send(thread, request, isLost);
  }

  #send(thread: Thread, request: Parameters<StreamsScene["beat"]>[0], isLost = false): void {
    try {
      if (request.memberEpoch === 0) thread.held = nothing;
      const answer = this.scene.beat(request);
      if (!isLost) this.#hear(thread, answer);
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      assert.match(error.code, /FENCED_MEMBER_EPOCH|UNKNOWN_MEMBER_ID|GROUP_ID_NOT_FOUND/);
      // One that is fenced has to give up all it has before it comes again.
      thread.isIn = false;
      thread.held = nothing;
    }
  }

  #hear(thread: Thread, { memberEpoch, activeTasks, standbyTasks }: HeartbeatAnswer): void {
    thread.isIn = memberEpoch >= 0;
    thread.epoch = memberEpoch;
    if (activeTasks == null || standbyTasks == null) return;
    thread.told = { active: activeTasks.map(copy), standby: standbyTasks.map(copy) };
    // A task that it has and is no longer to have stays until it obeys; it never has one it was not told.
    thread.held = {
      active: both(thread.held.active, thread.told.active),
      standby: both(thread.held.standby, thread.told.standby),
    };
  }
}

function copy({ subtopologyId, partitions }: TaskList[number]) {
  return { subtopologyId, partitions: [...partitions] };
}

function both(left: TaskList, right: TaskList): TaskList {
  const tasks = new Map<string, Set<number>>();
  for (const { subtopologyId, partitions } of [...left, ...right]) {
    tasks.set(subtopologyId, new Set([...(tasks.get(subtopologyId) ?? []), ...partitions]));
  }
  return [...tasks].map(([subtopologyId, partitions]) => ({
    subtopologyId,
    partitions: [...partitions],
  }));
}

/** All tasks that the group's book has with someone, those on their way out included. */
function bookedTasks(application: Application, kind: "active" | "standby") {
  const found: { readonly task: string; readonly process: string }[] = [];
  for (const member of application.scene.group?.members.values() ?? []) {
    for (const tasks of [member.assigned, member.pendingRevocation]) {
      for (const [subtopology, partitions] of tasks[kind]) {
        for (const partition of partitions.keys()) {
          found.push({ task: taskName({ subtopology, partition }), process: member.processId });
        }
      }
    }
  }
  return found;
}

test("no active task is ever with two members, and no task twice in one process", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const application = new Application();
      for (const { do: action, who } of steps) {
        application.do(action, who);
        const active = bookedTasks(application, "active");
        assert.equal(new Set(active.map(({ task }) => task)).size, active.length);
        const all = [...active, ...bookedTasks(application, "standby")];
        const places = new Set(all.map(({ task, process }) => `${task} ${process}`));
        assert.equal(places.size, all.length);
      }
    }),
    { numRuns: 200 },
  );
});

test("the log alone gives the same groups", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const application = new Application();
      for (const { do: action, who } of steps) application.do(action, who);
      const { scene } = application;
      const replayed = scene.replayed().groups.get("app");
      assert.equal(replayed === undefined, scene.group === undefined);
      if (replayed === undefined) return;
      for (const group of [scene.group, replayed]) group.configured = undefined;
      assert.deepEqual(describeGroup(replayed), describeGroup(scene.group));
      assert.deepEqual(replayed.metadata, scene.group.metadata);
    }),
    { numRuns: 100 },
  );
});

test("a group whose members do as they are told settles with every task assigned", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const application = new Application();
      application.do("join", 0);
      for (const { do: action, who } of steps) application.do(action, who);
      for (const index of application.threads.keys()) application.do("join", index);
      for (let round = 0; round < 12; round += 1) {
        for (const index of application.threads.keys()) {
          application.do("obey", index);
          application.do("beat", index);
        }
      }
      const { group, topics } = application.scene;
      assert.equal(group.state, "Stable");
      const partitions = topics.get("in")?.partitions.length ?? 0;
      assert.equal(bookedTasks(application, "active").length, 2 * partitions);
    }),
    { numRuns: 100 },
  );
});
