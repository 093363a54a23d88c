import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamsBuilder } from "../dsl/streams-builder.ts";
import { int64, string } from "../serdes.ts";
import {
  TopologyTestDriver,
  type TopologyTestDriverOptions,
} from "../testing/topology-test-driver.ts";
import {
  continueOnError,
  type DeserializationFailure,
  failOnError,
  type ProcessingFailure,
} from "./error-handlers.ts";
import type { DroppedRecord } from "./task.ts";

const text = { key: string, value: string };

/** A topology whose node "picky" throws at "bad"; what else the record does is seen in the topic "all". */
function driver(options: TopologyTestDriverOptions): TopologyTestDriver {
  const builder = new StreamsBuilder();
  const stream = builder.stream("in", { ...text, name: "source" });
  const picky = (value: string) => {
    if (value === "bad") throw new RangeError("too bad");
    return value;
  };
  stream.mapValues(picky, { name: "picky", value: string }).to("out");
  stream.to("all");
  builder.stream("numbers", { key: string, value: int64, name: "counted" }).to("sums");
  return new TopologyTestDriver(builder.build(), options);
}

test("a node that throws stops everything by default, with its name and the record's place", () => {
  using scene = driver({});
  assert.throws(() => scene.createInputTopic("in", text).pipe("a", "bad"), {
    code: "PROCESSING_FAILED",
    message: /picky of task 0_0 failed at the record of in-0 at offset 0: too bad/,
  });
});

test("a handler is told what failed and where, and can have the record go on its other ways", () => {
  const failures: ProcessingFailure[] = [];
  const dropped: DroppedRecord[] = [];
  using scene = driver({
    processingExceptionHandler: (failure) => {
      failures.push(failure);
      return "continue";
    },
    onDropped: (record) => void dropped.push(record),
  });
  const input = scene.createInputTopic("in", text);
  input.pipe("a", "bad", 7);
  input.pipe("a", "good", 8);
  assert.deepEqual(scene.createOutputTopic("out", text).readValues(), ["good"]);
  assert.deepEqual(scene.createOutputTopic("all", text).readValues(), ["bad", "good"]);
  const [failure] = failures;
  assert.equal(failures.length, 1);
  assert.ok(failure?.error instanceof RangeError);
  const record = { topic: "in", partition: 0, offset: 0 };
  assert.deepEqual(
    { ...failure, error: undefined },
    {
      error: undefined,
      node: "picky",
      taskId: "0_0",
      record,
      message: { key: "a", value: "bad", timestamp: 7, headers: [] },
    },
  );
  assert.deepEqual(dropped, [
    { taskId: "0_0", node: "picky", record, reason: { why: "processing" } },
  ]);
});

test("a handler that fails stops with the node's error, not one of those above it", () => {
  using scene = driver({ processingExceptionHandler: failOnError });
  assert.throws(() => scene.createInputTopic("in", text).pipe("a", "bad"), /picky of task 0_0/);
});

test("a punctuation that throws is the handler's to decide on as well", () => {
  const failures: ProcessingFailure[] = [];
  const builder = new StreamsBuilder();
  builder.stream("in", text).process(
    () => ({
      init: (context) =>
        void context.schedule(10, "wall-clock-time", () => {
          throw new Error("not now");
        }),
      process: () => {},
    }),
    { name: "clockwork" },
  );
  using scene = new TopologyTestDriver(builder.build(), {
    processingExceptionHandler: (failure) => {
      failures.push(failure);
      return "continue";
    },
  });
  scene.advanceWallClockTime(10);
  assert.deepEqual(
    failures.map(({ node, message, record }) => ({ node, message, record })),
    [{ node: "clockwork", message: undefined, record: undefined }],
  );
});

test("a record that cannot be read is dropped and reported where its handler goes on", () => {
  const failures: DeserializationFailure[] = [];
  const dropped: DroppedRecord[] = [];
  using scene = driver({
    deserializationExceptionHandler(failure) {
      failures.push(failure);
      return continueOnError();
    },
    onDropped: (record) => void dropped.push(record),
  });
  scene.createInputTopic("numbers", { key: string, value: string }).pipe("a", "no");
  const numbers = { key: string, value: int64 };
  scene.createInputTopic("numbers", numbers).pipe("a", 5);
  assert.deepEqual(scene.createOutputTopic("sums", numbers).readValues(), [5]);
  const record = { topic: "numbers", partition: 0, offset: 0 };
  assert.deepEqual(
    failures.map(({ error, ...rest }) => ({ ...rest, name: (error as Error).name })),
    [{ node: "counted", taskId: "0_0", record, name: "DecodeError" }],
  );
  assert.deepEqual(
    dropped.map(({ reason }) => reason),
    [{ why: "deserialization" }],
  );
});

test("without a handler, a record that cannot be read stops everything", () => {
  using scene = driver({});
  const input = scene.createInputTopic("numbers", { key: string, value: string });
  const message = /the record of numbers-0 at offset 0 cannot be read/;
  assert.throws(() => input.pipe("a", "no"), { code: "DESERIALIZATION_FAILED", message });
});
