import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamsBuilder, string } from "millrace";
import { partitionForKey } from "millrace/protocol";
import { AppScene } from "../app-scene.ts";
import { until } from "../until.ts";

const text = { key: string, value: string };
const words = Array.from({ length: 40 }, (_, index) => [`key-${index}`, `${index}`] as const);

test("keys go to the partitions that every Kafka client would choose", async () => {
  await using scene = await AppScene.start([
    { name: "in", numPartitions: 1 },
    { name: "out", numPartitions: 5 },
  ]);
  const builder = new StreamsBuilder();
  builder.stream("in", text).to("out", text);
  await scene.run(builder.build());
  await scene.write("in", words);
  await until("all are through", async () => (await scene.read("out")).length === 40);
  for (const { key, partition } of await scene.read("out")) {
    assert.equal(partition, partitionForKey(Buffer.from(key as string), 5));
  }
});

test("a partitioner sends records to one partition, to several, or to none, in their order", async () => {
  await using scene = await AppScene.start([
    { name: "in", numPartitions: 1 },
    { name: "out", numPartitions: 3 },
  ]);
  const builder = new StreamsBuilder();
  builder.stream("in", text).to("out", {
    ...text,
    partitioner: (value, _key, topic, numPartitions) => {
      assert.deepEqual([topic, numPartitions], ["out", 3]);
      const number = Number(value);
      if (number % 4 === 3) return [];
      return number % 4 === 2 ? [0, 2] : number % 4;
    },
  });
  await scene.run(builder.build());
  await scene.write("in", words);
  await until("all are through", async () => (await scene.read("out")).length === 40);
  const records = await scene.read("out");
  const valuesIn = (partition: number) =>
    records.filter((one) => one.partition === partition).map(({ value }) => Number(value));
  const numbers = words.map((_, index) => index);
  assert.deepEqual(
    valuesIn(0),
    numbers.filter((number) => number % 2 === 0),
  );
  assert.deepEqual(
    valuesIn(1),
    numbers.filter((number) => number % 4 === 1),
  );
  assert.deepEqual(
    valuesIn(2),
    numbers.filter((number) => number % 4 === 2),
  );
});

test("a topic can be chosen record by record, and partitioned too", async () => {
  const topics = ["in", "even", "odd"].map((name) => ({ name, numPartitions: 2 }));
  await using scene = await AppScene.start(topics);
  const builder = new StreamsBuilder();
  builder.stream("in", text).to(({ value }) => (Number(value) % 2 === 0 ? "even" : "odd"), {
    ...text,
    partitioner: (value) => (Number(value) < 20 ? 0 : 1),
  });
  await scene.run(builder.build());
  await scene.write("in", words);
  const both = async () => [await scene.read("even"), await scene.read("odd")] as const;
  await until("all are through", async () => (await both()).flat().length === 40);
  const [even, odd] = await both();
  assert.ok(
    even.every(
      ({ value, partition }) =>
        Number(value) % 2 === 0 && partition === (Number(value) < 20 ? 0 : 1),
    ),
  );
  assert.equal(odd.length, 20);
});

test("an output topic that is missing is made where the broker does that", async () => {
  await using scene = await AppScene.start([{ name: "in", numPartitions: 1 }]);
  const builder = new StreamsBuilder();
  builder.stream("in", text).to("made", text);
  await scene.run(builder.build());
  await scene.write("in", words);
  await until("it is there", async () => {
    return (await scene.client.admin().topics.list()).some(({ name }) => name === "made");
  });
  await until("all are through", async () => (await scene.read("made")).length === 40);
});
