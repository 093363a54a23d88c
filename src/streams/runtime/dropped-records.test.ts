import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../../test/manual-clock.ts";
import { silentLogger } from "../../log.ts";
import { StreamsBuilder } from "../dsl/streams-builder.ts";
import type { DropReason } from "../node.ts";
import { string } from "../serdes.ts";
import { TopologyTestDriver } from "../testing/topology-test-driver.ts";
import { session, sliding, tumbling } from "../windows.ts";
import { DroppedRecords } from "./dropped-records.ts";
import type { DroppedRecord } from "./task.ts";

const late: DropReason = { why: "late", windowStart: 0, windowEnd: 10, lateMs: 5 };

class Scene {
  readonly clock = new ManualClock();
  readonly lines: [object, string][] = [];
  readonly heard: DroppedRecord[] = [];
  readonly records = new DroppedRecords({
    host: { clock: this.clock },
    logger: { ...silentLogger, warn: (...line) => void this.lines.push(line) },
    onDropped: (record) => void this.heard.push(record),
  });

  drop(reason: DropReason, offset: number, node = "window"): void {
    const record = { topic: "in", partition: 1, offset };
    this.records.note({ taskId: "0_1", node, record, reason });
  }
}

test("each record is counted by task, node and reason, and handed on", () => {
  const scene = new Scene();
  scene.drop(late, 1);
  scene.drop(late, 2);
  scene.drop({ why: "null-key" }, 3);
  scene.drop(late, 4, "other");
  assert.deepEqual(scene.records.counts(), [
    { taskId: "0_1", node: "window", why: "late", count: 2 },
    { taskId: "0_1", node: "window", why: "null-key", count: 1 },
    { taskId: "0_1", node: "other", why: "late", count: 1 },
  ]);
  assert.equal(scene.heard.length, 4);
});

test("the log tells of the first of a kind with its place and window, and then of many at once", () => {
  const scene = new Scene();
  for (let offset = 0; offset < 100; offset += 1) scene.drop(late, offset);
  assert.equal(scene.lines.length, 1);
  const place = { taskId: "0_1", node: "window", topic: "in", partition: 1 };
  assert.deepEqual(scene.lines[0]?.[0], { ...place, offset: 0, ...late, dropped: 1 });
  scene.clock.advance(10_000);
  scene.drop(late, 100);
  assert.equal(scene.lines.length, 2);
  assert.deepEqual(scene.lines[1]?.[0], { ...place, offset: 100, ...late, dropped: 100 });
});

test("what a handler has spoken of is not told again", () => {
  const scene = new Scene();
  scene.drop({ why: "deserialization" }, 1);
  scene.drop({ why: "outdated" }, 1);
  assert.deepEqual(scene.lines, []);
  assert.equal(scene.records.counts().length, 2);
});

const text = { key: string, value: string };

for (const [kind, windows, expected] of [
  ["tumbling", tumbling({ size: 10, grace: 2 }), { windowStart: 0, windowEnd: 10, lateMs: 88 }],
  ["sliding", sliding({ difference: 10, grace: 2 }), { windowStart: 7, windowEnd: 17, lateMs: 81 }],
  ["session", session({ gap: 10, grace: 2 }), { windowStart: 7, windowEnd: 7, lateMs: 81 }],
] as const) {
  test(`a late record is reported with its offset, its ${kind} window, and how late it was`, () => {
    const builder = new StreamsBuilder();
    builder
      .stream("in", text)
      .groupByKey()
      .windowedBy(windows as never)
      .count({ name: "counting" });
    const dropped: DroppedRecord[] = [];
    const onDropped = (record: DroppedRecord) => void dropped.push(record);
    using driver = new TopologyTestDriver(builder.build(), { onDropped });
    const input = driver.createInputTopic("in", text);
    input.pipe("a", "on time", 100);
    input.pipe("a", "late", 7);
    assert.deepEqual(dropped, [
      {
        taskId: "0_0",
        node: "counting",
        record: { topic: "in", partition: 0, offset: 1 },
        reason: { why: "late", ...expected },
      },
    ]);
  });
}
