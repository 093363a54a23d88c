import assert from "node:assert/strict";
import { test } from "node:test";
import { string } from "../serdes.ts";
import type { Windowed } from "../stores/state-store.ts";
import type { TestOutputTopic } from "../testing/test-output-topic.ts";
import { TopologyTestDriver } from "../testing/topology-test-driver.ts";
import { windowed } from "../windowed-serde.ts";
import { session, sliding, tumbling } from "../windows.ts";
import type { CogroupedKStream } from "./cogrouped-stream.ts";
import type { KTable } from "./ktable.ts";
import { StreamsBuilder } from "./streams-builder.ts";

const text = { key: string, value: string };

function cogroupIn(builder: StreamsBuilder): CogroupedKStream<string, string> {
  const names = builder.stream("names", text).groupByKey();
  const lengths = builder.stream("words", text).groupBy((word) => word.charAt(0), text);
  return names
    .cogroup<string>((all, name) => `${all}+${name}`)
    .cogroup(lengths, (all, word) => `${all}-${word.length}`);
}

test("several streams are taken into one aggregate, each in its own way", () => {
  const builder = new StreamsBuilder();
  const table = cogroupIn(builder).aggregate(() => "", { value: string, name: "both" });
  table.toStream().to("out", text);
  const topology = builder.build();
  assert.match(
    topology.describe(),
    /Processor: both-cogroup-agg-1 \(stores: \[COGROUPKSTREAM-AGGREGATE-STATE-STORE-/,
  );
  assert.equal(table.place.name, "both-cogroup-merge");
  using driver = new TopologyTestDriver(topology);
  driver.createInputTopic("names", text).pipe("k", "Kim");
  driver.createInputTopic("words", text).pipe("other", "kiwi");
  assert.deepEqual(pairsOf(driver.createOutputTopic("out", text)), [
    ["k", "+Kim"],
    ["k", "+Kim-4"],
  ]);
});

test("a cogroup is not changed by what is added to it afterwards", () => {
  const builder = new StreamsBuilder();
  const one = builder.stream("one", text).groupByKey();
  const two = builder.stream("two", text).groupByKey();
  const first = one.cogroup<string>((all, value) => all + value);
  const both = first.cogroup(two, (all, value) => all + value);
  first.aggregate(() => "", { value: string, store: "first" });
  both.aggregate(() => "", { value: string, store: "both" });
  const { stores } = builder.build().builder;
  assert.equal(stores.get("first")?.users.length, 1);
  assert.equal(stores.get("both")?.users.length, 2);
});

test("a stream that is added twice counts once, with the later aggregator", () => {
  const builder = new StreamsBuilder();
  const one = builder.stream("one", text).groupByKey();
  const table = one
    .cogroup<string>((all, value) => `${all}first ${value}`)
    .cogroup(one, (all, value) => `${all}second ${value}`)
    .aggregate(() => "", { value: string });
  table.toStream().to("out", text);
  using driver = new TopologyTestDriver(builder.build());
  driver.createInputTopic("one", text).pipe("k", "x");
  assert.deepEqual(pairsOf(driver.createOutputTopic("out", text)), [["k", "second x"]]);
});

test("cogroups are cut into windows of every kind", () => {
  for (const windows of [tumbling({ size: 10, grace: 9 }), sliding({ difference: 10, grace: 9 })]) {
    const builder = new StreamsBuilder();
    const table = cogroupIn(builder)
      .windowedBy(windows)
      .aggregate(() => "", { value: string });
    assert.deepEqual(lastRow(builder, table), ["k", "+Kim-4"]);
  }
  const builder = new StreamsBuilder();
  const table = cogroupIn(builder)
    .windowedBy(session({ gap: 10, grace: 9 }))
    .aggregate(
      () => "",
      (left, right) => left + right,
      { value: string },
    );
  assert.deepEqual(lastRow(builder, table), ["k", "+Kim-4"]);

  function lastRow(built: StreamsBuilder, rows: KTable<Windowed<string>, string>) {
    const byKey = rows.toStream().selectKey((_value, { key }) => key);
    byKey.to("out", text);
    using driver = new TopologyTestDriver(built.build());
    driver.createInputTopic("names", text).pipe("k", "Kim", 21);
    driver.createInputTopic("words", text).pipe("k", "kiwi", 22);
    const pairs = pairsOf(driver.createOutputTopic("out", text));
    return pairs.findLast(([, value]) => value?.includes("-"));
  }
});

test("the key's serde is that of a stream below, and its windows' that with the size", () => {
  const builder = new StreamsBuilder();
  const table = cogroupIn(builder)
    .windowedBy(tumbling({ size: 10 }))
    .aggregate(() => "", { value: string });
  const key = { key: "k", window: { start: 20, end: 30 } };
  const written = table.place.key?.serialize(key) as Buffer;
  assert.deepEqual(written, windowed(string).serialize(key));
  assert.deepEqual(table.place.key?.deserialize(written, 0, written.length), key);
});

function pairsOf<K, V>(topic: TestOutputTopic<K, V>): (readonly [K | null, V | null])[] {
  return topic.readRecords().map(({ key, value }) => [key, value]);
}
