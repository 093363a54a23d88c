import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProcessorSupplier } from "../processor.ts";
import { int64, string } from "../serdes.ts";
import { keyValueStore } from "../stores/key-value-builders.ts";
import { TopologyTestDriver } from "../testing/topology-test-driver.ts";
import { session, tumbling } from "../windows.ts";
import { SessionWindowedKTable, TimeWindowedKTable } from "./ktable.ts";
import { StreamsBuilder } from "./streams-builder.ts";

const text = { key: string, value: string };

test("a store is found by the table that has it, by its builder and by its name", () => {
  const builder = new StreamsBuilder();
  const words = builder.stream("words", text);
  const counts = words.groupByKey().count({ store: "counts" });
  const names = builder.globalTable("names", { ...text, store: "names" });
  const lengths = keyValueStore("lengths", { key: string, value: int64 });
  const measure: ProcessorSupplier<string, string> = () => {
    let keep = (_key: string, _length: number) => {};
    return {
      init(context) {
        const store = context.store(lengths);
        keep = (key, length) => store.put(key, length);
      },
      process: ({ key, value }) => keep(key, value.length),
    };
  };
  words.process(measure, { stores: [lengths] });
  using driver = new TopologyTestDriver(builder.build().withStores({ counts, names, lengths }));
  driver.createInputTopic("words", text).pipe("a", "apple", 5);
  driver.createInputTopic("names", text).pipe("a", "Anna", 5);
  assert.deepEqual(driver.store(counts).get("a"), { value: 1, timestamp: 5 });
  assert.equal(driver.store(names).get("a")?.value, "Anna");
  assert.equal(driver.store(lengths).get("a"), 5);
  assert.equal(driver.store("lengths").get("a"), 5);
});

test("tables with windows know of which kind they are", () => {
  const builder = new StreamsBuilder();
  const grouped = builder.stream("words", text).groupByKey();
  const hourly = grouped.windowedBy(tumbling({ size: { hours: 1 } })).count({ store: "hourly" });
  const visits = grouped.windowedBy(session({ gap: 5 })).count({ store: "visits" });
  assert.ok(hourly instanceof TimeWindowedKTable);
  assert.ok(visits instanceof SessionWindowedKTable);
  assert.equal(hourly.filter(() => true) instanceof TimeWindowedKTable, false);
  using driver = new TopologyTestDriver(builder.build());
  driver.createInputTopic("words", text).pipe("a", "apple", 5);
  assert.equal(driver.store(hourly).fetch("a", 0)?.value, 1);
  assert.equal(driver.store(visits).fetchSession("a", 5, 5), 1);
});

test("a table without a store of its own has none to be asked for", () => {
  const builder = new StreamsBuilder();
  const table = builder.table("words", text);
  using driver = new TopologyTestDriver(builder.build());
  assert.throws(() => driver.store(table), { code: "UNKNOWN_STORE" });
  assert.equal(driver.store("words"), undefined);
});

test("a topology is told of no stores but those that it has, under their own names", () => {
  const builder = new StreamsBuilder();
  const table = builder.table("words", { ...text, store: "words-store" });
  const unnamed = table.filter(() => true);
  const elsewhere = keyValueStore("elsewhere", { key: string, value: int64 });
  const topology = builder.build();
  assert.throws(() => topology.withStores({ words: table }), {
    code: "UNKNOWN_STORE",
    message: /no store "words": that is the store "words-store"/,
  });
  assert.throws(() => topology.withStores({ unnamed }), {
    code: "UNKNOWN_STORE",
    message: /none that can be asked/,
  });
  assert.throws(() => topology.withStores({ elsewhere }), {
    code: "UNKNOWN_STORE",
    message: /of another topology/,
  });
  assert.equal(topology.withStores({ "words-store": table }), topology);
});
