import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamsBuilder } from "../dsl/streams-builder.ts";
import type { Serde } from "../serde.ts";
import { string } from "../serdes.ts";
import type { StoreEngine } from "../stores/engine.ts";
import { memoryEngine } from "../stores/memory.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

const serdes = { key: string, value: string };

function copying(): StreamsBuilder {
  const builder = new StreamsBuilder();
  builder.stream("in", serdes).to("out");
  return builder;
}

test("a record for a partition that there is not is refused", () => {
  using driver = new TopologyTestDriver(copying().build(), { partitions: 2 });
  const input = driver.createInputTopic("in", serdes);
  input.pipeRecord({ key: "a", value: "x", partition: 1 });
  for (const partition of [2, -1, 0.5]) {
    assert.throws(() => input.pipeRecord({ key: "a", value: "x", partition }), {
      code: "INVALID_ARGUMENT",
      message: /in has no partition .* `partitions: 2`/,
    });
  }
  assert.equal(driver.createOutputTopic("out", serdes).size, 1);
});

test("an input topic tells a format which record of which topic it writes", () => {
  const told: [string, number][] = [];
  const telling: Serde<string> = {
    ...string,
    serializeFor(value, topic, headers) {
      told.push([topic, headers.length]);
      return `${topic}:${value}`;
    },
  };
  using driver = new TopologyTestDriver(copying().build());
  const input = driver.createInputTopic("in", { key: string, value: telling });
  input.pipeRecord({ key: "a", value: "x", headers: [{ key: "h", value: null }] });
  assert.deepEqual(told, [["in", 1]]);
  assert.equal(driver.createOutputTopic("out", serdes).readValue(), "in:x");
});

test("a driver keeps rows in memory, whatever engine a store asks for: no file is left behind", () => {
  const opened: string[] = [];
  const engine: StoreEngine = {
    name: "files",
    isPersistent: true,
    open(directory) {
      opened.push(directory);
      return memoryEngine.open();
    },
  };
  const builder = new StreamsBuilder();
  const rows = builder.table("in", { ...serdes, store: "rows", engine });
  using driver = new TopologyTestDriver(builder.build());
  driver.createInputTopic("in", serdes).pipe("a", "x");
  assert.equal(driver.store(rows).get("a")?.value, "x");
  assert.deepEqual(opened, []);
});

test("a stream with a pattern reads the topics that match it, but not the application's own", () => {
  const builder = new StreamsBuilder();
  const seen: string[] = [];
  builder.stream(/.*(in|log).*/, serdes).foreach((value) => void seen.push(value));
  builder.table("other", { ...serdes, store: "rows" });
  using driver = new TopologyTestDriver(builder.build());
  driver.createInputTopic("in", serdes).pipe("a", "1");
  driver.createInputTopic("other", serdes).pipe("a", "2");
  driver.createInputTopic("a-log", serdes).pipe("a", "3");
  assert.deepEqual(driver.producedTopicNames(), ["test-rows-changelog"]);
  assert.deepEqual(seen, ["1", "3"]);
  assert.throws(() => driver.createInputTopic("none", serdes).pipe("a", "4"), {
    message: /the topology reads no topic none/,
  });
});
