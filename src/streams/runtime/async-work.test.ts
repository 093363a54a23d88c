import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { AnsweringService } from "../../../test/answering-service.ts";
import { ManualClock } from "../../../test/manual-clock.ts";
import { VirtualClock } from "../../../test/virtual-clock.ts";
import type { Clock } from "../../clock.ts";
import { systemRandom } from "../../random.ts";
import type { KStream } from "../dsl/kstream.ts";
import { StreamsBuilder } from "../dsl/streams-builder.ts";
import { string } from "../serdes.ts";
import { memoryEngine } from "../stores/memory.ts";
import { CapturedOutput } from "../testing/captured-output.ts";
import { SingleRecord } from "../testing/single-record.ts";
import { TopologyTestDriver } from "../testing/topology-test-driver.ts";
import { hopping } from "../windows.ts";
import { Task } from "./task.ts";
import { TopologyPlan } from "./topology-plan.ts";

/** A task whose operators ask a service, on a clock that stands still unless another is given. */
class TaskScene implements Disposable {
  readonly service = new AnsweringService<string>();
  readonly output = new CapturedOutput(1);
  readonly task: Task;
  wakes = 0;
  #offset = 0;

  constructor(
    define: (stream: KStream<string, string>, service: AnsweringService<string>) => void,
    clock: Clock = new ManualClock(),
  ) {
    const builder = new StreamsBuilder();
    define(builder.stream("in", { key: string, value: string }), this.service);
    const plan = new TopologyPlan(builder.build().builder, "app");
    this.task = new Task({
      plan,
      subtopology: plan.whole(),
      partition: 0,
      inputs: [{ topic: "in", partition: 0 }],
      output: this.output,
      wallClock: () => clock.now(),
      host: { clock, random: systemRandom },
      onReady: () => {
        this.wakes += 1;
      },
      memory: memoryEngine.open(""),
      persistent: memoryEngine.open(""),
    });
    this.task.initialize();
  }

  /** Hands records to the task and lets it take as many as it wants. */
  process(...values: readonly string[]): void {
    for (const value of values) {
      const bytes = Buffer.from(value);
      const record = { topic: "in", partition: 0, key: bytes, value: bytes };
      const raw = { ...record, timestamp: 1, headers: [] };
      this.task.add("in", 0, new SingleRecord(raw, this.#offset));
      this.#offset += 1;
    }
    while (this.task.process());
  }

  written(): string[] {
    return this.output.take().map(({ value }) => `${value}`);
  }

  [Symbol.dispose](): void {
    this.task.close();
  }
}

function asking(stream: KStream<string, string>, service: AnsweringService<string>) {
  return stream.mapValuesAsync((value) => service.ask(value), { value: string, concurrency: 2 });
}

test("a task with nothing under way has nothing to drain", () => {
  using scene = new TaskScene((stream) => stream.to("out"));
  scene.process("a");
  assert.equal(scene.task.asyncWork.drain(), undefined);
});

test("draining waits for every call, also for those that results on their way begin", async () => {
  using scene = new TaskScene((stream, service) =>
    asking(asking(stream, service), service).to("out"),
  );
  scene.process("a");
  let isDrained = false;
  const drained = scene.task.asyncWork.drain()?.then(() => {
    isDrained = true;
  });
  await scene.service.answer("a", "b");
  assert.equal(isDrained, false);
  await scene.service.answer("b", "c");
  await drained;
  assert.deepEqual(scene.written(), ["c"]);
  assert.equal(scene.task.asyncWork.pending, 0);
});

test("a task takes no record while as many calls are under way as may be, and its position stays", async () => {
  using scene = new TaskScene((stream, service) => asking(stream, service).to("out"));
  scene.process("a", "b", "c");
  assert.equal(scene.task.asyncWork.isFull, true);
  assert.equal(scene.task.positions()[0]?.offset, 2);
  await scene.service.answer("b", "B");
  scene.task.asyncWork.release();
  assert.equal(scene.task.asyncWork.isFull, false);
  assert.equal(scene.task.process(), true);
  assert.deepEqual(scene.service.open, ["a", "c"]);
});

test("the thread is woken once for any number of results that wait", async () => {
  using scene = new TaskScene((stream, service) => asking(stream, service).to("out"));
  scene.process("a", "b");
  await scene.service.answer("a", "A");
  await scene.service.answer("b", "B");
  assert.equal(scene.wakes, 1);
  assert.deepEqual(scene.written(), []);
  scene.task.asyncWork.release();
  assert.deepEqual(scene.written(), ["A", "B"]);
  assert.equal(scene.wakes, 1);
});

test("rows that leave a cache at a commit are called for under the record that wrote them", async () => {
  const keys: string[] = [];
  const builder = new StreamsBuilder();
  builder
    .table("in", { key: string, value: string, store: "rows" })
    .toStream()
    .foreachAsync(async (value, _key, { idempotencyKey }) => {
      keys.push(`${value} ${idempotencyKey.split("/")[2]}`);
    });
  using driver = new TopologyTestDriver(builder.build(), { keepsCaches: true });
  const input = driver.createInputTopic("in", { key: string, value: string });
  input.pipe("a", "1");
  input.pipe("b", "2");
  input.pipe("a", "3");
  driver.commit();
  await driver.settle();
  assert.deepEqual(keys.sort(), ["2 in-0-1", "3 in-0-2"]);
});

test("windows that one record wrote are called for under keys of their own", async () => {
  const keys: string[] = [];
  const builder = new StreamsBuilder();
  builder
    .stream("in", { key: string, value: string })
    .groupByKey()
    .windowedBy(hopping({ size: 10, advance: 5, grace: 0 }))
    .count({ store: "counts" })
    .toStream()
    .foreachAsync(async (_count, _window, { idempotencyKey }) => {
      keys.push(idempotencyKey);
    });
  using driver = new TopologyTestDriver(builder.build(), { keepsCaches: true });
  driver.createInputTopic("in", { key: string, value: string }).pipe("a", "1", 7);
  driver.commit();
  await driver.settle();
  assert.equal(keys.length, 2);
  const [first, second] = keys.map((key) => key.split("/"));
  assert.deepEqual(first?.slice(0, 4), second?.slice(0, 4));
  assert.notEqual(first?.[4], second?.[4]);
});

test("a task that is closed aborts its calls, drops their results and rejects who drains it", async () => {
  const signals: AbortSignal[] = [];
  const scene = new TaskScene((stream, service) =>
    stream
      .mapValuesAsync((value, _key, { signal }) => {
        signals.push(signal);
        return service.ask(value);
      })
      .to("out", { value: string }),
  );
  scene.process("a");
  const drained = scene.task.asyncWork.drain();
  scene.task.close();
  await assert.rejects(drained as Promise<void>, { code: "CLOSED" });
  assert.equal(signals[0]?.aborted, true);
  await scene.service.answer("a", "A");
  await setImmediate();
  assert.deepEqual(scene.written(), []);
});

test("a drain that is called off leaves its calls under way", async () => {
  using scene = new TaskScene((stream, service) => asking(stream, service).to("out"));
  scene.process("a");
  const controller = new AbortController();
  const drained = scene.task.asyncWork.drain(controller.signal);
  controller.abort();
  await assert.rejects(drained as Promise<void>, { code: "ABORTED" });
  await scene.service.answer("a", "A");
  await scene.task.asyncWork.drain();
  assert.deepEqual(scene.written(), ["A"]);
});

test("a call that fails while the task drains is what the drain rejects with", async () => {
  using scene = new TaskScene((stream, service) => asking(stream, service).to("out"));
  scene.process("a");
  const rejected = assert.rejects(scene.task.asyncWork.drain() as Promise<void>, {
    code: "PROCESSING_FAILED",
    cause: new Error("down"),
  });
  await scene.service.fail("a", new Error("down"));
  await rejected;
});

test("on a virtual clock slow answers, tries and time-outs take no time", async () => {
  const clock = new VirtualClock();
  const tries: string[] = [];
  using scene = new TaskScene((stream) => {
    stream
      .mapValuesAsync(
        async (value, _key, { attempt, signal }) => {
          tries.push(`${value}${attempt}@${clock.elapsed()}`);
          await clock.sleep(value === "slow" && attempt < 3 ? 60_000 : 900, signal);
          return `${value} after ${clock.elapsed()} ms`;
        },
        { timeoutMs: 1_000, retries: 2, retryBackoffMs: 0, value: string },
      )
      .to("out");
  }, clock);
  scene.process("slow", "quick");
  await scene.task.asyncWork.drain();
  assert.deepEqual(tries, ["slow1@0", "quick1@0", "slow2@1000", "slow3@2000"]);
  assert.deepEqual(scene.written(), ["quick after 900 ms", "slow after 2900 ms"]);
});
