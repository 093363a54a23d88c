import assert from "node:assert/strict";
import { test } from "node:test";
import { type Processor, type ProcessorContext, StreamsBuilder, string, Topology } from "millrace";
import { AppScene } from "../app-scene.ts";
import { until } from "../until.ts";

const text = { key: string, value: string };
const inAndOut = [
  { name: "in", numPartitions: 1 },
  { name: "out", numPartitions: 1 },
];
const valuesOf = async (scene: AppScene, topic = "out") =>
  (await scene.read(topic)).map(({ value }) => value);

test("two inputs are processed in the order of their times, however they are fetched", async () => {
  const topics = ["left", "right", "out"].map((name) => ({ name, numPartitions: 1 }));
  await using scene = await AppScene.start(topics);
  const producer = scene.client.producer();
  const count = 3_000;
  // All of one topic is there before anything of the other.
  for (const [topic, first] of [
    ["left", 0],
    ["right", 1],
  ] as const) {
    for (let index = 0; index < count; index += 1) {
      producer.append(topic, 0, 1_000 + 2 * index + first, "k", `${2 * index + first}`);
    }
    await producer.flush();
  }
  const builder = new StreamsBuilder();
  builder.stream("left", text).merge(builder.stream("right", text)).to("out", text);
  await scene.run(builder.build(), { consumer: { maxPartitionFetchBytes: 4_096 } });
  await until("all are through", async () => (await scene.read("out")).length === 2 * count);
  const values = await valuesOf(scene);
  assert.deepEqual(
    values,
    Array.from({ length: 2 * count }, (_, index) => `${index}`),
  );
});

test("topics that match a pattern are read, also those that come later", async () => {
  await using scene = await AppScene.start([
    { name: "log-a", numPartitions: 2 },
    { name: "other", numPartitions: 1 },
    { name: "out", numPartitions: 1 },
  ]);
  const builder = new StreamsBuilder();
  builder.stream(/log-.+/, text).to("out", text);
  await scene.run(builder.build(), { metadataMaxAgeMs: 200 });
  await scene.write("log-a", [["1", "first"]]);
  await scene.write("other", [["1", "not this"]]);
  await until("the first is through", async () => (await valuesOf(scene)).includes("first"));
  await scene.client.admin().topics.create([{ name: "log-b", numPartitions: 1 }]);
  await scene.write("log-b", [["1", "second"]]);
  await until("the second is through", async () => (await valuesOf(scene)).includes("second"));
  await scene.write("log-a", [["1", "third"]]);
  await until("the third is through", async () => (await valuesOf(scene)).includes("third"));
  assert.deepEqual(await valuesOf(scene), ["first", "second", "third"]);
});

test("a source begins where it says, when nothing was committed", async () => {
  await using scene = await AppScene.start([
    { name: "all", numPartitions: 1 },
    { name: "new", numPartitions: 1 },
    { name: "out", numPartitions: 1 },
  ]);
  await scene.write("all", [["1", "old of all"]]);
  await scene.write("new", [["1", "old of new"]]);
  const builder = new StreamsBuilder();
  builder.stream("all", text).to("out", text);
  builder.stream("new", { ...text, offsetReset: "latest" }).to("out", text);
  const app = await scene.run(builder.build());
  await until("positions are known", () => app.lag().length === 2);
  await scene.write("new", [["1", "new of new"]]);
  await until("it is through", async () => (await valuesOf(scene)).includes("new of new"));
  assert.deepEqual((await valuesOf(scene)).sort(), ["new of new", "old of all"]);
});

test("punctuations run by the clock, and by stream time at each record that makes them due", async () => {
  await using scene = await AppScene.start(inAndOut);
  class Ticking implements Processor<string, string, string, string> {
    #context: ProcessorContext<string, string> | undefined;
    #seen = 0;
    init(context: ProcessorContext<string, string>) {
      this.#context = context;
      context.schedule(100, "stream-time", (timestamp) => this.#send(`stream ${timestamp}`));
      context.schedule(20, "wall-clock-time", () => this.#send("clock"));
    }
    process() {
      this.#seen += 1;
    }
    #send(value: string) {
      const record = { key: `${this.#seen}`, value, timestamp: 0, headers: [] };
      this.#context?.forward(record);
    }
  }
  const topology = new Topology()
    .addSource("source", "in", text)
    .addProcessor("ticking", () => new Ticking(), { parents: ["source"] })
    .addSink("sink", "out", { ...text, parents: ["ticking"] });
  await scene.run(topology);
  const producer = scene.client.producer();
  for (const time of [1_000, 1_050, 1_150, 1_500]) producer.append("in", 0, time, "k", "v");
  await producer.flush();
  const read = async () =>
    (await scene.read("out")).map(({ key, value }) => `${value} after ${key}`);
  await until("the last is through", async () => (await read()).includes("stream 1500 after 4"));
  assert.deepEqual(
    (await read()).filter((one) => one.startsWith("stream")),
    ["stream 1000 after 1", "stream 1150 after 3", "stream 1500 after 4"],
  );
  await until("the clock ticks on", async () => {
    return (await read()).filter((one) => one === "clock after 4").length > 2;
  });
});

test("a node that asks for a commit gets one before the interval is over", async () => {
  await using scene = await AppScene.start(inAndOut);
  class Committing implements Processor<string, string> {
    #context: ProcessorContext<never, never> | undefined;
    init(context: ProcessorContext<never, never>) {
      this.#context = context;
    }
    process({ value }: { value: string }) {
      if (value === "commit") this.#context?.commit();
    }
  }
  const topology = new Topology()
    .addSource("source", "in", text)
    .addProcessor("committing", () => new Committing(), { parents: ["source"] });
  await scene.run(topology, { commitIntervalMs: 60_000 });
  await scene.write("in", [
    ["1", "no"],
    ["2", "commit"],
  ]);
  await until("it is committed", async () => (await scene.committed("in")) === 2);
});

test("the stream time of a task outlives its instance", async () => {
  await using scene = await AppScene.start(inAndOut);
  class Clock implements Processor<string, string, string, string> {
    #context: ProcessorContext<string, string> | undefined;
    init(context: ProcessorContext<string, string>) {
      this.#context = context;
    }
    process(record: { key: string; timestamp: number }) {
      const value = `${this.#context?.currentStreamTime()}`;
      this.#context?.forward({ ...record, value, headers: [] });
    }
  }
  const topology = new Topology()
    .addSource("source", "in", text)
    .addProcessor("clock", () => new Clock(), { parents: ["source"] })
    .addSink("sink", "out", { ...text, parents: ["clock"] });
  const first = await scene.run(topology);
  const producer = scene.client.producer();
  producer.append("in", 0, 10_000, "k", "v");
  await producer.flush();
  await until("it is committed", async () => (await scene.committed("in")) === 1);
  await first.close();
  await scene.run(topology);
  producer.append("in", 0, 5_000, "k", "v");
  await producer.flush();
  await until("it is through", async () => (await valuesOf(scene)).length === 2);
  assert.deepEqual(await valuesOf(scene), ["10000", "10000"]);
});

test("a store can be read by the table that has it, a global one too", async () => {
  await using scene = await AppScene.start([
    { name: "in", numPartitions: 3 },
    { name: "rates", numPartitions: 2 },
  ]);
  const builder = new StreamsBuilder();
  const counts = builder.stream("in", text).groupByKey().count({ store: "counts" });
  const rates = builder.globalTable("rates", { ...text, store: "rates" });
  await scene.write("rates", [
    ["eur", "1.1"],
    ["gbp", "1.3"],
  ]);
  const app = scene.app(builder.build());
  assert.throws(() => app.store("nothing"), { code: "UNKNOWN_STORE" });
  assert.throws(() => app.store(counts).get("a"), { code: "INVALID_STATE" });
  await app.start();
  await app.untilRunning();
  assert.equal(app.store(rates).get("eur")?.value, "1.1");
  await scene.write(
    "in",
    Array.from({ length: 30 }, (_, index) => [`${index % 10}`, "x"] as const),
  );
  const view = app.store(counts);
  await until("all is counted", () => [...view.all()].every(([, row]) => row.value === 3));
  await until("all keys are there", () => view.approximateNumEntries() === 10);
  assert.equal(view.get("7")?.value, 3);
});

test("a partition that is ahead of its task is held back, and nothing of it is lost", async () => {
  await using scene = await AppScene.start([...inAndOut, { name: "other", numPartitions: 1 }]);
  const builder = new StreamsBuilder();
  builder.stream("in", text).merge(builder.stream("other", text)).to("out", text);
  const producer = scene.client.producer({ batchSize: 1_024 });
  for (let index = 0; index < 20_000; index += 1) producer.append("in", 0, index, `${index}`, "v");
  await producer.flush();
  const app = await scene.run(builder.build(), {
    bufferedRecordsPerPartition: 10,
    // Until the other topic has a record, too, none of these may be processed.
    maxTaskIdleMs: 60_000,
    consumer: { maxPartitionFetchBytes: 2_048, fetchMaxWaitMs: 10 },
  });
  const lag = () => app.lag().find(({ topic }) => topic === "in")?.lag ?? 0;
  const fetches = () => app.metrics().thread?.consumer.counters["fetch-total"] ?? 0;
  await until("there was time to fetch", () => fetches() > 10);
  const held = lag();
  await until("there was more time", () => fetches() > 30);
  assert.ok(held > 10_000, `${held} records are still at the broker`);
  assert.equal(lag(), held);
  producer.append("other", 0, 30_000, "last", "v");
  await producer.flush();
  await until("all are through", async () => (await scene.read("out")).length >= 20_000);
});
