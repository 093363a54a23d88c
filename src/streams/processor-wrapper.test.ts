import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamsBuilder } from "./dsl/streams-builder.ts";
import type { ProcessorContext } from "./processor.ts";
import type { AnyProcessorSupplier, ProcessorWrapper } from "./processor-wrapper.ts";
import { int64, string } from "./serdes.ts";
import { keyValueStore } from "./stores/key-value-builders.ts";
import type { KeyValueStore, TimestampedKeyValueStore } from "./stores/state-store.ts";
import { TopologyTestDriver } from "./testing/topology-test-driver.ts";
import { Topology } from "./topology.ts";

const text = { key: string, value: string };

/** Notes who gets and who hands on which value. */
function tracing(lines: string[]): ProcessorWrapper {
  return (supply, name) => () => {
    const inside = supply();
    return {
      init: (context) =>
        inside.init?.({
          ...context,
          forward(record, child) {
            lines.push(`${name} -> ${record.value}`);
            context.forward(record, child);
          },
        }),
      process(record) {
        lines.push(`${name} <- ${record.value}`);
        inside.process(record);
      },
      close() {
        lines.push(`${name} closed`);
        inside.close?.();
      },
    };
  };
}

test("the processors of a program's operators are wrapped, and see and hand on what they did before", () => {
  const lines: string[] = [];
  const builder = new StreamsBuilder({ processorWrapper: tracing(lines) });
  builder
    .stream("in", text)
    .filter((value) => value !== "drop", { name: "keep" })
    .groupByKey()
    .count({ name: "counting", store: "counts", cache: false })
    .toStream({ name: "changes" })
    .to("out", { value: int64 });
  using driver = new TopologyTestDriver(builder.build());
  const input = driver.createInputTopic("in", text);
  input.pipe("a", "drop", 0);
  input.pipe("a", "x", 0);
  driver.close();
  assert.deepEqual(lines, [
    "keep <- drop",
    "keep <- x",
    "keep -> x",
    "counting <- x",
    "counting -> [object Object]",
    "changes <- [object Object]",
    "changes -> 1",
    "keep closed",
    "counting closed",
    "changes closed",
  ]);
});

test("a wrapped topology is the same, and so are its answers through caches and joins", () => {
  const build = (processorWrapper?: ProcessorWrapper) => {
    const builder = new StreamsBuilder({ processorWrapper });
    const table = builder.table("table", text);
    const counts = builder.stream("in", text).groupByKey().count();
    const joined = counts.join(table, (count, name) => `${name} ${count}`, { value: string });
    joined.toStream().to("out");
    return builder.build();
  };
  const [plain, wrapped] = [build(), build(tracing([]))];
  assert.equal(wrapped.describe(), plain.describe());
  const answers = [plain, wrapped].map((topology) => {
    using driver = new TopologyTestDriver(topology);
    driver.createInputTopic("table", text).pipe("a", "A", 0);
    driver.createInputTopic("in", text).pipe("a", "x", 3);
    return driver.createOutputTopic("out", text).readRecords();
  });
  assert.equal(answers[0]?.length, 1);
  assert.deepEqual(answers[1], answers[0]);
});

test("processors of the Processor API are wrapped, and the wrapper can bring stores along", () => {
  const seen = keyValueStore("seen", { key: string, value: string });
  const processorWrapper: ProcessorWrapper = (supply) => ({
    stores: [seen],
    supply: () => {
      const inside = supply();
      let store: KeyValueStore<unknown, unknown>;
      return {
        init(context) {
          store = context.store("seen");
          inside.init?.(context);
        },
        process(record) {
          store.put(record.key, record.value);
          inside.process(record);
        },
      };
    },
  });
  const topology = new Topology({ processorWrapper })
    .addSource("source", "in", text)
    .addProcessor(
      "upper",
      () => {
        let context: ProcessorContext<string, string>;
        return {
          init(given: ProcessorContext<string, string>) {
            context = given;
          },
          process: (record: { readonly value: string } & object) =>
            context.forward({ ...record, value: record.value.toUpperCase() } as never),
        };
      },
      { parents: ["source"] },
    )
    .addSink("sink", "out", { parents: ["upper"], ...text });
  using driver = new TopologyTestDriver(topology);
  driver.createInputTopic("in", text).pipe("a", "x", 0);
  assert.deepEqual(driver.createOutputTopic("out", text).readValues(), ["X"]);
  assert.equal(driver.store<TimestampedKeyValueStore<string, never>>("seen")?.get("a"), "x");
});

test("a processor can be replaced altogether", () => {
  const replaced: AnyProcessorSupplier = () => {
    let context: ProcessorContext<unknown, unknown>;
    return {
      init(given) {
        context = given;
      },
      process: (record) => context.forward({ ...record, value: "other" }),
    };
  };
  const processorWrapper: ProcessorWrapper = (supply, name) =>
    name === "shout" ? replaced : supply;
  const builder = new StreamsBuilder({ processorWrapper });
  const stream = builder.stream("in", text);
  stream.mapValues((value) => value.toUpperCase(), { name: "shout", value: string }).to("out");
  using driver = new TopologyTestDriver(builder.build());
  driver.createInputTopic("in", text).pipe("a", "x", 0);
  assert.deepEqual(driver.createOutputTopic("out", text).readValues(), ["other"]);
});

test("a wrapper that forgets init of what is inside is told so at the first record", () => {
  const processorWrapper: ProcessorWrapper = (supply) => () => {
    const inside = supply();
    return { process: (record) => inside.process(record) };
  };
  const builder = new StreamsBuilder({ processorWrapper });
  builder
    .stream("in", text)
    .peek(() => {})
    .to("out");
  using driver = new TopologyTestDriver(builder.build());
  const input = driver.createInputTopic("in", text);
  assert.throws(() => input.pipe("a", "x", 0), /was given a record before init/);
});
