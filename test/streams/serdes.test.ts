import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import {
  continueOnError,
  json,
  type Serde,
  StreamsBuilder,
  serde,
  string,
  tumbling,
} from "millrace";
import { AppScene } from "../app-scene.ts";
import { until } from "../until.ts";

const text = { key: string, value: string };

/** Values that can be read only once their schema was fetched, as with a schema registry: `id:text`. */
function registered(): { readonly serde: Serde<string>; readonly fetched: string[][] } {
  const fetched: string[][] = [];
  const schemas = new Set<string>();
  const value = serde<string>({
    serialize: (given) => given,
    deserialize(bytes) {
      const [id = "", rest = ""] = bytes.toString().split(":");
      if (!schemas.has(id)) throw new Error(`the schema ${id} is not here`);
      return `${id}:${rest}`;
    },
    async prepare(batch) {
      const ids = new Set(batch.map((bytes) => `${bytes}`.split(":")[0] as string));
      const missing = [...ids].filter((id) => !schemas.has(id));
      await setImmediate();
      for (const id of missing) schemas.add(id);
      if (missing.length > 0) fetched.push(missing);
    },
    copies: true,
  });
  return { serde: value, fetched };
}

test("what a serde needs for a batch is fetched once, before its records are read", async () => {
  await using scene = await AppScene.start([
    { name: "in", numPartitions: 1 },
    { name: "out", numPartitions: 1 },
  ]);
  const { serde: value, fetched } = registered();
  const builder = new StreamsBuilder();
  const stream = builder.stream("in", { key: string, value });
  stream
    .selectKey((own) => own, { key: string })
    .repartition({ value })
    .to("out");
  await scene.write("in", [
    ["k", "1:a"],
    ["k", "2:b"],
    ["k", "1:c"],
  ]);
  await scene.run(builder.build());
  await until("all are through", async () => (await scene.read("out")).length === 3);
  await scene.write("in", [["k", "3:d"]]);
  await until("the last is through", async () => (await scene.read("out")).length === 4);
  const values = (await scene.read("out")).map((record) => record.value);
  assert.deepEqual(values, ["1:a", "2:b", "1:c", "3:d"]);
  assert.deepEqual(fetched.flat(), ["1", "2", "3"]);
});

test("closing waits no longer than it may for a serde that never gets what it needs", async () => {
  await using scene = await AppScene.start([{ name: "in", numPartitions: 1 }]);
  let asked = 0;
  const value = serde<string>({
    serialize: (given) => given,
    deserialize: String,
    prepare() {
      asked += 1;
      return new Promise(() => {});
    },
  });
  const builder = new StreamsBuilder();
  builder.stream("in", { key: string, value }).foreach(() => {});
  await scene.write("in", [["k", "1"]]);
  const app = await scene.run(builder.build());
  await until("it is asked", () => asked === 1);
  const start = performance.now();
  await app.close({ timeoutMs: 300 });
  assert.ok(performance.now() - start < 5_000);
  assert.equal(app.state, "not-running");
});

test("JSON that does not fit its schema is left out where the handler says so, and counted", async () => {
  await using scene = await AppScene.start([
    { name: "in", numPartitions: 1 },
    { name: "out", numPartitions: 1 },
  ]);
  const value = json({
    "~standard": {
      version: 1,
      vendor: "test",
      types: undefined as
        | { readonly input: unknown; readonly output: { item: string } }
        | undefined,
      validate: (given: unknown) =>
        typeof (given as { item?: unknown }).item === "string"
          ? { value: given as { item: string } }
          : { issues: [{ message: "no item" }] },
    },
  });
  const builder = new StreamsBuilder();
  const orders = builder.stream("in", { key: string, value, name: "orders" });
  orders.mapValues(({ item }) => item.toUpperCase(), { value: string }).to("out");
  const app = await scene.run(builder.build(), {
    deserializationExceptionHandler: continueOnError,
  });
  await scene.write("in", [
    ["k", '{"item":"book"}'],
    ["k", '{"id":1}'],
    ["k", "{"],
    ["k", '{"item":"pen"}'],
  ]);
  await until("all are through", async () => (await scene.read("out")).length === 2);
  const values = (await scene.read("out")).map((record) => record.value);
  assert.deepEqual(values, ["BOOK", "PEN"]);
  assert.deepEqual(app.droppedRecords(), [
    { taskId: "0_0", node: "orders", why: "deserialization", count: 2 },
  ]);
});

test("late records are counted by the node that dropped them, and those out of order by the task", async () => {
  await using scene = await AppScene.start([{ name: "in", numPartitions: 1 }]);
  const builder = new StreamsBuilder();
  const windows = tumbling({ size: 10 });
  builder.stream("in", text).groupByKey().windowedBy(windows).count({ name: "counting" });
  const producer = scene.client.producer();
  for (const timestamp of [100, 95, 7, 101]) producer.append("in", 0, timestamp, "k", "v");
  await producer.flush();
  const app = await scene.run(builder.build());
  await until("all are through", () => app.droppedRecords()[0]?.count === 2);
  assert.deepEqual(app.droppedRecords(), [
    { taskId: "0_0", node: "counting", why: "late", count: 2 },
  ]);
  assert.deepEqual(app.outOfOrderRecords(), [{ taskId: "0_0", count: 2, greatestLatenessMs: 93 }]);
});
