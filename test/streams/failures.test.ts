import assert from "node:assert/strict";
import { test } from "node:test";
import {
  continueOnError,
  type DroppedRecord,
  int32,
  memoryEngine,
  type ProcessingFailure,
  type ProductionFailure,
  StreamsBuilder,
  string,
  type Topology,
} from "millrace";
import { AppScene, assertStopped } from "../app-scene.ts";
import { until } from "../until.ts";

const topics = [
  { name: "in", numPartitions: 1 },
  { name: "out", numPartitions: 1 },
];
const text = { key: string, value: string };

function through(change: (value: string) => string): Topology {
  const builder = new StreamsBuilder();
  builder.stream("in", text).mapValues(change).to("out", text);
  return builder.build();
}

const refusing = (value: string) => {
  if (value === "bad") throw new Error("this one is bad");
  return value.toUpperCase();
};
const values = async (scene: AppScene) => (await scene.read("out")).map(({ value }) => value);

test("a node that throws stops the application, which rejects with its error", async () => {
  await using scene = await AppScene.start(topics);
  const app = await scene.run(through(refusing));
  const states: string[] = [];
  app.onStateChange((state) => states.push(state));
  await scene.write("in", [
    ["a", "good"],
    ["b", "bad"],
  ]);
  await assertStopped(
    app,
    /KSTREAM-MAPVALUES-0000000001 of task 0_0 .*in-0 at offset 1.*this one is bad/,
  );
  assert.deepEqual(states, ["pending-error", "error"]);
  await assert.rejects(app.untilRunning());
  await app.close();
  assert.equal(app.state, "error");
});

test("a record at which the application stopped is processed again by the next run", async () => {
  await using scene = await AppScene.start(topics);
  const app = await scene.run(through(refusing));
  await scene.write("in", [
    ["a", "good"],
    ["b", "bad"],
    ["c", "last"],
  ]);
  await assertStopped(app, /bad/);
  await scene.run(through((value) => value.toUpperCase()));
  await until("the last record is through", async () => (await values(scene)).includes("LAST"));
  assert.deepEqual((await values(scene)).slice(-2), ["BAD", "LAST"]);
});

test("a processing handler can go on without the record, whose other ways are gone through", async () => {
  await using scene = await AppScene.start(topics);
  const builder = new StreamsBuilder();
  const stream = builder.stream("in", text);
  stream.mapValues(refusing, { name: "refusing" }).to("out", text);
  stream.mapValues((value) => `${value}!`).to("out", text);
  const failures: ProcessingFailure[] = [];
  await scene.run(builder.build(), {
    processingExceptionHandler(failure) {
      failures.push(failure);
      return "continue";
    },
  });
  await scene.write("in", [
    ["a", "good"],
    ["b", "bad"],
    ["c", "last"],
  ]);
  await until("the last record is through", async () => (await values(scene)).includes("LAST"));
  await until("both ways are through", async () => (await values(scene)).length === 5);
  assert.deepEqual(await values(scene), ["GOOD", "good!", "bad!", "LAST", "last!"]);
  assert.equal(failures.length, 1);
  const { node, taskId, record, message, error } = failures[0] as ProcessingFailure;
  assert.deepEqual(
    [node, taskId, (error as Error).message],
    ["refusing", "0_0", "this one is bad"],
  );
  assert.deepEqual(record, { topic: "in", partition: 0, offset: 1 });
  assert.equal(message?.value, "bad");
});

test("a record that cannot be deserialized stops the application, or is left out by a handler", async () => {
  await using scene = await AppScene.start(topics);
  const builder = new StreamsBuilder();
  builder
    .stream("in", { key: string, value: int32 })
    .mapValues((value) => `${value}`)
    .to("out", text);
  const topology = builder.build();
  const one = (value: number) => int32.serialize(value) as Buffer;
  await scene.write("in", [
    ["a", one(1)],
    ["b", "no int32"],
    ["c", one(3)],
  ]);
  const strict = await scene.app(topology);
  await strict.start();
  await assertStopped(strict, /in-0 at offset 1 cannot be read/);
  const dropped: DroppedRecord[] = [];
  await scene.run(topology, {
    deserializationExceptionHandler: continueOnError,
    onDropped: (record) => dropped.push(record),
  });
  await until("the last record is through", async () => (await values(scene)).includes("3"));
  assert.equal(dropped[0]?.reason.why, "deserialization");
  assert.equal(dropped[0]?.record?.offset, 1);
});

test("a trailing record that was left out is committed like the others", async () => {
  await using scene = await AppScene.start(topics);
  const builder = new StreamsBuilder();
  builder.stream("in", { key: string, value: int32 }).foreach(() => {});
  await scene.run(builder.build(), { deserializationExceptionHandler: continueOnError });
  await scene.write("in", [
    ["a", "no int32"],
    ["b", "nor this"],
  ]);
  await until("both are committed", async () => (await scene.committed("in")) === 2);
});

test("a record that is too large stops the application, or is left out by a handler", async () => {
  await using scene = await AppScene.start(topics);
  const topology = through((value) => (value === "bad" ? "x".repeat(2_000) : value));
  const producer = { maxRequestSize: 1_000 };
  await scene.write("in", [
    ["a", "good"],
    ["b", "bad"],
    ["c", "last"],
  ]);
  const strict = scene.app(topology, { producer });
  await strict.start();
  await assertStopped(strict, /could not be written to out.*maxRequestSize/);
  const failures: ProductionFailure[] = [];
  await scene.run(topology, {
    producer,
    productionExceptionHandler(failure) {
      failures.push(failure);
      return "continue";
    },
  });
  await until("the last record is through", async () => (await values(scene)).includes("last"));
  assert.equal(failures.length, 1);
  assert.equal(failures[0]?.topic, "out");
  assert.equal(failures[0]?.record?.key, "b");
});

test("a value that cannot be serialized goes to the production handler", async () => {
  await using scene = await AppScene.start(topics);
  const builder = new StreamsBuilder();
  builder
    .stream("in", text)
    .mapValues((value) => Number(value))
    .to("out", { key: string, value: int32 });
  const stages: string[] = [];
  await scene.run(builder.build(), {
    productionExceptionHandler({ stage }) {
      stages.push(stage);
      return "continue";
    },
  });
  await scene.write("in", [
    ["a", "1"],
    ["b", "no number"],
    ["c", "3"],
  ]);
  await until("two records are through", async () => (await scene.read("out")).length === 2);
  assert.deepEqual(stages, ["serialization"]);
});

test("a source topic that is missing is named when the application starts", async () => {
  await using scene = await AppScene.start([{ name: "out", numPartitions: 1 }]);
  const app = scene.app(through((value) => value));
  await assert.rejects(app.start(), { code: "MISSING_SOURCE_TOPIC", message: /in/ });
  assert.equal(app.state, "error");
});

test("two instances cannot share a state directory", async () => {
  await using scene = await AppScene.start(topics);
  const builder = new StreamsBuilder();
  builder.stream("in", text).groupByKey().count({ store: "counts" });
  const topology = builder.build();
  await scene.run(topology);
  await assert.rejects(scene.app(topology).start(), { code: "STATE_DIRECTORY_LOCKED" });
  const inMemory = { storeEngine: memoryEngine };
  await scene.run(topology, { ...inMemory, applicationId: "other" });
  await scene.run(topology, { ...inMemory, applicationId: "other" });
});

test("an application is started once, and closed as often as one likes", async () => {
  await using scene = await AppScene.start(topics);
  const app = await scene.run(through((value) => value));
  await assert.rejects(app.start(), { code: "INVALID_STATE" });
  await app.close();
  await app.close();
  await app.untilStopped();
  await assert.rejects(app.untilRunning(), { code: "CLOSED" });
  const never = scene.app(through((value) => value));
  await never.close();
  assert.equal(never.state, "not-running");
});
