import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProcessorContext } from "./processor.ts";
import { string } from "./serdes.ts";
import { TopologyTestDriver } from "./testing/topology-test-driver.ts";
import type { TimestampExtractor } from "./timestamp-extractor.ts";
import { Topology } from "./topology.ts";

const text = { key: string, value: string };
type Act = (context: ProcessorContext<string, string>, value: string) => void;

/** Runs one record of time 5 through a processor; gives what it handed on. */
function handedOn(act: Act, init: (context: ProcessorContext<string, string>) => void = () => {}) {
  const topology = new Topology()
    .addSource("source", "in", text)
    .addProcessor<string, string, string, string>(
      "processor",
      () => {
        let own: ProcessorContext<string, string>;
        return {
          init(context) {
            own = context;
            init(context);
          },
          process: ({ value }) => act(own, value),
        };
      },
      { parents: ["source"] },
    )
    .addSink("sink", "out", { ...text, parents: ["processor"] });
  using driver = new TopologyTestDriver(topology);
  driver.createInputTopic("in", text).pipe("a", "one", 5);
  driver.advanceWallClockTime(2_000);
  return driver.createOutputTopic("out", text).readRecords();
}

test("a record that is handed on without headers has none", () => {
  const [record] = handedOn((context, value) => context.forward({ key: "b", value, timestamp: 7 }));
  assert.deepEqual(record, { key: "b", value: "one", timestamp: 7, headers: [], partition: 0 });
});

for (const timestamp of [-1, Number.NaN, undefined as never]) {
  test(`a record cannot be handed on under the time ${timestamp}`, () => {
    const code = "INVALID_ARGUMENT";
    assert.throws(
      () => handedOn((context, value) => context.forward({ key: "b", value, timestamp })),
      ({ cause }) => cause.code === code && /timestamp is/.test(cause.message),
    );
  });
}

test("the interval of a punctuation is a length of time, in milliseconds or in units", () => {
  for (const interval of [1_000, { seconds: 1 }]) {
    const records = handedOn(
      () => {},
      (context) =>
        context.schedule(interval, "wall-clock-time", (timestamp) =>
          context.forward({ key: "tick", value: "", timestamp }),
        ),
    );
    assert.deepEqual(
      records.map(({ timestamp }) => timestamp),
      [2_000],
    );
  }
});

test("punctuations that cannot be are refused where they are scheduled", () => {
  const code = "INVALID_TOPOLOGY";
  const schedule = (interval: number, type: string) =>
    handedOn(
      () => {},
      (context) => context.schedule(interval, type as "stream-time", () => {}),
    );
  const cases = [
    { interval: 0, type: "stream-time", message: /of processor is 0 ms/ },
    { interval: 1_000, type: "stream", message: /processor schedules by "stream"/ },
  ];
  for (const { interval, type, message } of cases) {
    assert.throws(
      () => schedule(interval, type),
      (error: Error & { readonly code?: string }) => {
        const { cause } = error as { readonly cause?: { readonly code: string; message: string } };
        assert.equal(cause?.code ?? error.code, code);
        assert.match(cause?.message ?? error.message, message);
        return true;
      },
    );
  }
});

test("times that an extractor works out lose their fractions, and what is no time drops its record", () => {
  const timestampExtractor: TimestampExtractor<string, string> = ({ value }) =>
    Number(value) * 1_000;
  const topology = new Topology()
    .addSource("source", "in", { ...text, timestampExtractor })
    .addSink("sink", "out", { ...text, parents: ["source"] });
  using driver = new TopologyTestDriver(topology);
  const input = driver.createInputTopic("in", text);
  for (const value of ["1700000000.1237", "soon", "1700000001"]) input.pipe("a", value);
  const records = driver.createOutputTopic("out", text).readRecords();
  assert.deepEqual(
    records.map(({ timestamp }) => timestamp),
    [1_700_000_000_123, 1_700_000_001_000],
  );
});

test("a record cannot be handed on after process() has returned", () => {
  let late: () => void = () => {};
  handedOn((context, value) => {
    late = () => context.forward({ key: "b", value, timestamp: 7 });
  });
  assert.throws(late, { code: "INVALID_STATE", message: /processor hands .* processAsync/ });
});

test("an async process(), which nobody would wait for, is refused", () => {
  const supply = () => ({ async process() {} });
  assert.throws(() => new Topology().addProcessor("processor", supply, { parents: ["source"] }), {
    code: "INVALID_TOPOLOGY",
    message: /process\(\) of a processor does not wait/,
  });
});

test("what throws when it begins is named, and all are ended though one throws at that", () => {
  const ended: string[] = [];
  const topology = new Topology().addSource("source", "in", text);
  for (const name of ["one", "two"]) {
    const close = () => {
      ended.push(name);
      throw new Error(`no end of ${name}`);
    };
    topology.addProcessor(name, () => ({ process() {}, close }), { parents: ["source"] });
  }
  const driver = new TopologyTestDriver(topology);
  const code = "PROCESSING_FAILED";
  assert.throws(() => driver.close(), { code, message: /the end of one failed: no end of one/ });
  assert.deepEqual(ended, ["one", "two"]);
  const begins = () =>
    handedOn(
      () => {},
      () => assert.fail("no beginning"),
    );
  assert.throws(begins, { code, message: /the beginning of processor failed: no beginning/ });
});
