import assert from "node:assert/strict";
import { test } from "node:test";
import { TopologyPlan } from "../runtime/topology-plan.ts";
import { bytes, int64, string } from "../serdes.ts";
import type { TimestampedKeyValueStore, TimestampedWindowStore } from "../stores/state-store.ts";
import type { TestOutputTopic } from "../testing/test-output-topic.ts";
import { TopologyTestDriver } from "../testing/topology-test-driver.ts";
import { windowed } from "../windowed-serde.ts";
import { sliding, tumbling, unlimited, type Windows } from "../windows.ts";
import { StreamsBuilder } from "./streams-builder.ts";

const text = { key: string, value: string };

function wordsIn(builder: StreamsBuilder) {
  return builder.stream("words", text);
}

test("a count is a row per key, under the JVM's names", () => {
  const builder = new StreamsBuilder();
  const words = wordsIn(builder).groupBy((word) => word, text);
  words.count().toStream().to("counts", { key: string, value: int64 });
  const topology = builder.build();
  assert.match(
    topology.describe(),
    /Processor: KSTREAM-AGGREGATE-0000000003 \(stores: \[KSTREAM-AGGREGATE-STATE-STORE-0000000002\]\)/,
  );
  using driver = new TopologyTestDriver(topology);
  const input = driver.createInputTopic("words", text);
  const output = driver.createOutputTopic("counts", { key: string, value: int64 });
  for (const word of ["a", "b", "a"]) input.pipe("k", word);
  assert.deepEqual(pairsOf(output), [
    ["a", 1],
    ["b", 1],
    ["a", 2],
  ]);
});

test("a count that says something of its store but no name takes one index more, as on the JVM", () => {
  const nameOf = (options: object) => {
    const builder = new StreamsBuilder();
    return wordsIn(builder).groupByKey().count(options).place.name;
  };
  assert.equal(nameOf({}), "KSTREAM-AGGREGATE-0000000002");
  assert.equal(nameOf({ cache: false }), "KSTREAM-AGGREGATE-0000000003");
  assert.equal(nameOf({ store: "counts" }), "KSTREAM-AGGREGATE-0000000001");
  assert.equal(nameOf({ name: "counter" }), "counter");
});

test("aggregations of a group with a name share its repartition topic, others have one each", () => {
  const topicsOf = (name: string | undefined) => {
    const builder = new StreamsBuilder();
    const words = wordsIn(builder).groupBy((word) => word, { ...text, name });
    words.count();
    words.reduce((one, other) => one + other);
    return [...builder.build().builder.repartitionTopics.keys()];
  };
  assert.deepEqual(topicsOf("by-word"), ["by-word-repartition"]);
  assert.deepEqual(topicsOf(undefined), [
    "KSTREAM-AGGREGATE-STATE-STORE-0000000002-repartition",
    "KSTREAM-REDUCE-STATE-STORE-0000000007-repartition",
  ]);
});

test("a store that is given a name can be queried by it", () => {
  const builder = new StreamsBuilder();
  const table = wordsIn(builder)
    .groupByKey()
    .aggregate(
      () => 0,
      (sum, word) => sum + word.length,
      { store: "lengths", value: int64, storeType: "memory" },
    );
  assert.equal(table.queryableStoreName, "lengths");
  using driver = new TopologyTestDriver(builder.build());
  driver.createInputTopic("words", text).pipe("k", "abc", 7);
  const store = driver.store<TimestampedKeyValueStore<string, number>>("lengths");
  assert.deepEqual(store?.get("k"), { value: 3, timestamp: 7 });
});

test("an aggregation without a serde is refused by the operator's name", () => {
  const words = wordsIn(new StreamsBuilder())
    .mapValues((word) => word.length)
    .groupByKey();
  assert.throws(() => words.reduce((one, other) => one + other, { name: "total" }), {
    code: "MISSING_SERDE",
    message: /the values of total/,
  });
  const unkeyed = wordsIn(new StreamsBuilder()).groupBy((word) => word.length);
  assert.throws(() => unkeyed.count(), { code: "MISSING_SERDE", message: /the keys of/ });
});

test("a retention that is too short for the windows is refused", () => {
  const words = wordsIn(new StreamsBuilder()).groupByKey();
  const refused = { code: "RETENTION_TOO_SHORT", message: /the store kept .* at least/ };
  const store = "kept";
  const windows = words.windowedBy(tumbling({ size: 10, grace: 5 }));
  assert.throws(() => windows.count({ store, retention: 14 }), refused);
  windows.count({ store, retention: 15 });
  const slides = words.windowedBy(sliding({ difference: 10, grace: 5 }));
  assert.throws(() => slides.count({ store, retention: 24 }), refused);
});

test("windows of one's own are aggregated, but not on close", () => {
  const evenAndOdd: Windows = {
    sizeMs: 10,
    graceMs: 0,
    windowsFor: (timestamp) => [{ start: timestamp % 2, end: (timestamp % 2) + 10 }],
  };
  const builder = new StreamsBuilder();
  const words = wordsIn(builder).groupByKey().windowedBy(evenAndOdd);
  assert.throws(() => words.emitStrategy("on-window-close"), { code: "INVALID_TOPOLOGY" });
  const table = words.reduce((one, other) => one + other);
  table.toStream().to("out", { key: windowed(string, { size: 10 }), value: string });
  using driver = new TopologyTestDriver(builder.build());
  const input = driver.createInputTopic("words", text);
  for (const [word, timestamp] of [["a", 2] as const, ["b", 3] as const, ["c", 4] as const]) {
    input.pipe("k", word, timestamp);
  }
  const output = driver.createOutputTopic("out", {
    key: windowed(string, { size: 10 }),
    value: string,
  });
  const rows = pairsOf(output).map(([key, value]) => [key?.window.start, value]);
  assert.deepEqual(rows, [
    [0, "a"],
    [1, "b"],
    [0, "ac"],
  ]);
});

test("an unlimited window keeps its row for ever", () => {
  const builder = new StreamsBuilder();
  const words = wordsIn(builder).groupByKey().windowedBy(unlimited());
  assert.throws(() => words.emitStrategy("on-window-close"), { code: "INVALID_TOPOLOGY" });
  words.count({ store: "all", value: int64 });
  using driver = new TopologyTestDriver(builder.build());
  const input = driver.createInputTopic("words", text);
  for (const timestamp of [5, 1_800_000_000_000, 6]) input.pipe("k", "a", timestamp);
  const store = driver.store<TimestampedWindowStore<string, number>>("all");
  assert.deepEqual(store?.fetch("k", 0), { value: 3, timestamp: 1_800_000_000_000 });
});

test("the changelog of windows is kept a day longer than they are, and that of unlimited ones for ever", () => {
  const builder = new StreamsBuilder();
  const words = wordsIn(builder).groupByKey();
  words.windowedBy(tumbling({ size: { hours: 1 }, grace: { minutes: 1 } })).count();
  words.windowedBy(unlimited()).count();
  const [subtopology] = new TopologyPlan(builder.build().builder, "app").subtopologies();
  const retentions = subtopology?.changelogTopics.map(({ configs }) => configs.get("retention.ms"));
  assert.deepEqual(retentions, [`${(24 + 1) * 3_600_000 + 60_000}`, "9223372036854775807"]);
});

test("a table with a ttl forgets rows that were not updated for so long", () => {
  const builder = new StreamsBuilder();
  wordsIn(builder)
    .groupByKey()
    .count({ store: "fresh", ttl: { seconds: 1 } });
  using driver = new TopologyTestDriver(builder.build());
  const input = driver.createInputTopic("words", text);
  input.pipe("a", "x", 0);
  input.pipe("b", "x", 5000);
  const store = driver.store<TimestampedKeyValueStore<string, number>>("fresh");
  assert.equal(store?.get("a"), null);
  assert.deepEqual(store?.get("b"), { value: 1, timestamp: 5000 });
});

test("values of any serde are reduced", () => {
  const builder = new StreamsBuilder();
  const raw = builder.stream("raw", { key: string, value: bytes });
  const longest = raw
    .groupByKey()
    .reduce((one, other) => (one.length > other.length ? one : other));
  assert.equal(longest.place.value, bytes);
});

function pairsOf<K, V>(topic: TestOutputTopic<K, V>): (readonly [K | null, V | null])[] {
  return topic.readRecords().map(({ key, value }) => [key, value]);
}
