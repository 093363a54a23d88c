import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../../test/manual-clock.ts";
import { StreamsBuilder } from "../dsl/streams-builder.ts";
import { noHeaders } from "../message.ts";
import { string } from "../serdes.ts";
import { memoryEngine } from "../stores/memory.ts";
import { CapturedOutput } from "../testing/captured-output.ts";
import { SingleRecord } from "../testing/single-record.ts";
import { ActiveTask } from "./active-task.ts";
import { InputWait } from "./input-wait.ts";
import { Slice } from "./slice.ts";
import { settingsOf } from "./streams-config.ts";
import { Task } from "./task.ts";
import { TaskStates } from "./task-states.ts";
import { TopologyPlan } from "./topology-plan.ts";

/** Tasks of a program that takes a while for each record, and tells whose records it has seen. */
class Scene {
  readonly clock = new ManualClock();
  readonly seen: string[] = [];
  readonly tasks: ActiveTask[] = [];
  readonly slice: Slice;
  readonly lags = new Map<string, number>();

  constructor({ maxTaskIdleMs = 0, msPerRecord = 1 } = {}) {
    const random = { float: () => 0, below: () => 0, bytes: () => Buffer.alloc(0), uuid: () => "" };
    const host = { clock: this.clock, random, network: {} as never };
    const common = { applicationId: "app", bootstrapServers: "localhost", host };
    const settings = settingsOf({ ...common, maxTaskIdleMs });
    this.slice = new Slice({ settings }, ({ topic }) => this.lags.get(topic));
    this.#builder.stream(["left", "right"], { key: string, value: string }).foreach((value) => {
      this.seen.push(value);
      this.clock.advance(msPerRecord);
    });
  }

  readonly #builder = new StreamsBuilder();

  async open(count: number): Promise<void> {
    const { builder } = this.#builder.build();
    const plan = new TopologyPlan(builder, "app");
    const [subtopology] = plan.subtopologies();
    assert.ok(subtopology);
    for (let partition = 0; partition < count; partition += 1) {
      const states = await TaskStates.open({ stores: [], directory: "", engine: memoryEngine });
      const inputs = ["left", "right"].map((topic) => ({ topic, partition }));
      const task = new Task({
        ...{ plan, subtopology, partition, inputs },
        ...{ memory: states.memory, persistent: states.persistent },
        output: new CapturedOutput(1),
        wallClock: () => this.clock.now(),
      });
      const active = new ActiveTask(task, states, inputs, [], new InputWait(0));
      active.run();
      this.tasks.push(active);
    }
  }

  add(partition: number, topic: string, count: number): void {
    for (let offset = 0; offset < count; offset += 1) {
      const value = Buffer.from(`${topic} ${partition}`);
      const record = { topic, partition, key: null, value, timestamp: offset, headers: noHeaders };
      this.tasks[partition]?.task.add(topic, partition, new SingleRecord(record, offset));
    }
  }

  run(isFree = () => true): string[] {
    const before = this.seen.length;
    this.slice.run(this.tasks, isFree);
    return this.seen.slice(before);
  }
}

test("a slice ends after some milliseconds, and all tasks have their turns over several", async () => {
  const scene = new Scene();
  await scene.open(4);
  for (let partition = 0; partition < 4; partition += 1) {
    scene.lags.set("right", 0);
    scene.add(partition, "left", 100);
  }
  const first = scene.run();
  assert.ok(first.length > 0 && first.length <= 16);
  assert.equal(scene.slice.isBusy, true);
  for (let slices = 0; slices < 10; slices += 1) scene.run();
  assert.equal(new Set(scene.seen).size, 4);
});

test("a slice ends early where there is no room for results", async () => {
  const scene = new Scene({ msPerRecord: 0 });
  await scene.open(1);
  scene.lags.set("right", 0);
  scene.add(0, "left", 1_000);
  assert.ok(scene.run(() => false).length < 1_000);
  assert.equal(scene.slice.isBusy, true);
  scene.run();
  assert.equal(scene.seen.length, 1_000);
  assert.equal(scene.slice.isBusy, false);
  assert.equal(scene.slice.processed, 1_000);
});

test("a task waits for records of another input that are known to be at the broker", async () => {
  const scene = new Scene({ msPerRecord: 0 });
  await scene.open(1);
  scene.add(0, "left", 3);
  scene.lags.set("right", 2);
  assert.deepEqual(scene.run(), []);
  assert.equal(scene.slice.isBusy, false);
  scene.add(0, "right", 2);
  // The last of the left may have a greater time than what comes on the right: that has to come first.
  assert.equal(scene.run().length, 4);
  scene.lags.set("right", 0);
  assert.deepEqual(scene.run(), ["left 0"]);
});
