import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../../test/manual-clock.ts";
import { BrokerError } from "../../errors.ts";
import { StreamsBuilder } from "../dsl/streams-builder.ts";
import { noHeaders } from "../message.ts";
import { int64, nullable, string } from "../serdes.ts";
import { SharedCacheBudget } from "../stores/cache-budget.ts";
import type { StoreEngine, TaskState } from "../stores/engine.ts";
import { memoryEngine } from "../stores/memory.ts";
import { CapturedOutput } from "../testing/captured-output.ts";
import { SingleRecord } from "../testing/single-record.ts";
import { ActiveTask } from "./active-task.ts";
import { changelogsOf } from "./changelog-restore.ts";
import { type CommitOutcome, commitTasks } from "./commit.ts";
import { InputWait } from "./input-wait.ts";
import { Task } from "./task.ts";
import { TaskStates } from "./task-states.ts";
import { TopologyPlan } from "./topology-plan.ts";

const place = { topic: "in", partition: 0 };
const changelog = "app-counts-changelog";

/** A task that counts behind a cache; what its commit does is written down in its order. */
class Scene {
  readonly did: string[] = [];
  /** How many records were written by the time that the event loop had each turn. */
  readonly turns: number[] = [];
  /** What is thrown in place of committing offsets, or of waiting for acknowledgements. */
  refusal: { readonly offsets?: Error; readonly flush?: Error } = {};
  readonly task: Task;
  readonly #active: ActiveTask;
  readonly #output = new CapturedOutput(1);
  #written = 0;

  private constructor(task: Task, active: ActiveTask) {
    this.task = task;
    this.#active = active;
  }

  /** With `asks`, a service is asked about each count. */
  static async open({ asks = false } = {}): Promise<Scene> {
    const builder = new StreamsBuilder();
    const stream = builder.stream("in", { key: string, value: string });
    const counts = stream.groupByKey().count({ store: "counts" });
    const ask = async (count: number | null) => {
      await Promise.resolve();
      scene.did.push("answered");
      return count;
    };
    if (asks)
      counts
        .toStream()
        .mapValuesAsync(ask)
        .to("out", { value: nullable(int64) });
    const plan = new TopologyPlan(builder.build().builder, "app");
    const [subtopology] = plan.subtopologies();
    assert.ok(subtopology);
    const { stores } = subtopology;
    const engine = noting((what) => scene.did.push(what));
    const states = await TaskStates.open({ stores, directory: "", engine });
    const task = new Task({
      ...{ plan, subtopology, partition: 0, inputs: [place] },
      ...{ memory: states.memory, persistent: states.persistent },
      output: { ...noOutput, send: (...record) => scene.#output.send(...record) },
      wallClock: () => 0,
      cache: new SharedCacheBudget(1e6),
    });
    const changelogs = changelogsOf(task, plan, subtopology, states);
    const active = new ActiveTask(task, states, [place], changelogs, new InputWait(0));
    const scene: Scene = new Scene(task, active);
    active.run();
    return scene;
  }

  process(records: number): void {
    for (let offset = 0; offset < records; offset += 1) {
      const bytes = Buffer.from(`key-${offset}`);
      const record = { ...place, key: bytes, value: bytes, timestamp: offset, headers: noHeaders };
      this.task.add("in", 0, new SingleRecord(record, offset));
    }
    this.task.processSome(records);
  }

  commit(): Promise<CommitOutcome> {
    const { did, refusal } = this;
    const clock = new ManualClock();
    const soon = (run: () => void) => {
      this.turns.push(this.#count());
      queueMicrotask(run);
    };
    return commitTasks([this.#active], {
      consumer: {
        commit: async (offsets = []) => {
          did.push(`offsets ${offsets.map(({ topic, offset }) => `${topic} ${offset}`)}`);
          if (refusal.offsets) throw refusal.offsets;
        },
      },
      output: {
        pressure: undefined,
        flush: async () => {
          did.push(`acknowledged ${this.#count()} changes`);
          if (refusal.flush) throw refusal.flush;
        },
        writtenEnd: (topic) => (topic === changelog ? this.#written : undefined),
      },
      clock: Object.assign(clock, { soon }),
      signal: new AbortController().signal,
    });
  }

  #count(): number {
    this.#written += this.#output.take().length;
    return this.#written;
  }
}

test("what caches hold is acknowledged, then offsets are committed, and the state last, at its changelog's end", async () => {
  const scene = await Scene.open();
  scene.process(3);
  assert.equal(await scene.commit(), "committed");
  assert.deepEqual(scene.did, [
    "acknowledged 3 changes",
    "offsets in 3",
    "write",
    "state counts 3",
  ]);
  assert.equal(scene.task.needsCommit, false);
});

test("calls that rows of a cache begin at a commit are answered, and the answers acknowledged, before it goes on", async () => {
  const scene = await Scene.open({ asks: true });
  scene.process(2);
  assert.deepEqual(scene.did, []);
  await scene.commit();
  assert.deepEqual(scene.did.slice(0, 4), [
    "answered",
    "answered",
    "acknowledged 4 changes",
    "offsets in 2",
  ]);
});

test("where changes are not acknowledged, neither offsets nor state are committed", async () => {
  const scene = await Scene.open();
  scene.process(3);
  const flush = new Error("no broker has them");
  scene.refusal = { flush };
  await assert.rejects(scene.commit(), flush);
  assert.deepEqual(scene.did, ["acknowledged 3 changes"]);
});

test("a commit that the group is not ready for leaves the state as it was, and is made up for later", async () => {
  const scene = await Scene.open();
  scene.process(3);
  scene.refusal = { offsets: new BrokerError("REBALANCE_IN_PROGRESS", "the group rebalances") };
  assert.equal(await scene.commit(), "postponed");
  assert.deepEqual(scene.did, ["acknowledged 3 changes", "offsets in 3"]);
  assert.equal(scene.task.needsCommit, true);
  scene.refusal = {};
  assert.equal(await scene.commit(), "committed");
  assert.equal(scene.did.at(-1), "state counts 3");
});

test("offsets that are refused for good fail the commit", async () => {
  const scene = await Scene.open();
  scene.process(1);
  const offsets = new BrokerError("GROUP_AUTHORIZATION_FAILED", "no");
  scene.refusal = { offsets };
  await assert.rejects(scene.commit(), offsets);
  assert.equal(scene.did.includes("state counts 1"), false);
});

test("the event loop has its turn every few hundred rows while caches and state are written", async () => {
  const scene = await Scene.open();
  scene.process(1_800);
  await scene.commit();
  const whileFlushing = scene.turns.filter((written) => written < 1_800);
  assert.deepEqual(whileFlushing, [500, 1_000, 1_500]);
  const writes = scene.did.filter((one) => one === "write").length;
  assert.equal(scene.turns.length - whileFlushing.length, writes - 1);
  assert.ok(writes > 1);
});

const noOutput = {
  partitions: () => 1,
  later: (_topic: string, write: () => void) => write(),
  failed({ error }: { readonly error: unknown }): void {
    throw error;
  },
};

/** The engine in memory as if it were a slow one, with three slices to write ahead of a commit. */
function noting(note: (what: string) => void): StoreEngine {
  return {
    name: "noting",
    isPersistent: true,
    open: (): TaskState => {
      const state = memoryEngine.open();
      let slices = 0;
      return {
        isPersistent: true,
        rows: (name) => state.rows(name),
        drop: (name) => state.drop(name),
        names: () => state.names(),
        offset: (store) => state.offset(store),
        write(maxRows) {
          note("write");
          slices += 1;
          return state.rows("counts").approximateCount() <= slices * maxRows;
        },
        commit(offsets) {
          note(`state ${[...offsets].map(([store, offset]) => `${store} ${offset}`)}`);
          state.commit(offsets);
        },
        snapshot: (lease) => state.snapshot(lease),
        pendingBytes: () => 0,
        close: () => state.close(),
      };
    },
  };
}
