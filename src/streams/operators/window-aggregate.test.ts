import assert from "node:assert/strict";
import { test } from "node:test";
import { OperatorScene } from "../../../test/operator-scene.ts";
import { string } from "../serdes.ts";
import { timestampedWindowStore } from "../stores/window-builders.ts";
import { type EmitStrategy, hopping, tumbling, unlimited, type Windows } from "../windows.ts";
import { aggregateWindows } from "./window-aggregate.ts";

function sceneOf(
  windows: Windows,
  {
    emitStrategy = "on-window-update",
    sendsOldValues = false,
    intervalMs = 0,
  }: { emitStrategy?: EmitStrategy; sendsOldValues?: boolean; intervalMs?: number } = {},
) {
  const open = aggregateWindows<string, string, string>({
    terms: { store: "windows", sendsOldValues },
    initializer: () => "",
    aggregator: (aggregate, value) => `${aggregate}[${value}]`,
    windows,
    emitStrategy,
  });
  const store = timestampedWindowStore("windows", {
    key: string,
    value: string,
    windowSizeMs: windows.sizeMs,
    retentionMs: windows.sizeMs + windows.graceMs,
    timeOrder: emitStrategy === "on-window-close" ? "plain" : undefined,
    cache: emitStrategy === "on-window-close",
  });
  const configs = { "__emit.interval.ms.kstreams.windowed.aggregation__": intervalMs };
  return new OperatorScene(open, store, { configs });
}

test("each window of a record is updated, from the earliest to the latest", () => {
  using scene = sceneOf(hopping({ size: 10, advance: 5 }));
  scene.pipe("k=a@7", "k=b@12");
  assert.deepEqual(scene.take(), [
    "k[0,10]: [a] @7",
    "k[5,15]: [a] @7",
    "k[5,15]: [a][b] @12",
    "k[10,20]: [b] @12",
  ]);
});

test("a record without a value counts, one without a key is dropped", () => {
  using scene = sceneOf(tumbling({ size: 100 }));
  scene.pipe("k=x@10", "k=@20", "y@30");
  assert.deepEqual(scene.take(), ["k[0,100]: [x] @10", "k[0,100]: [x][null] @20"]);
  assert.equal(scene.dropped[0]?.reason.why, "null-key");
});

test("a late record is reported with each window that had closed, and how late it came", () => {
  using scene = sceneOf(hopping({ size: 10, advance: 5, grace: 3 }));
  scene.pipe("k=a@20", "k=b@7", "k=c@4");
  assert.deepEqual(scene.take(), ["k[15,25]: [a] @20", "k[20,30]: [a] @20"].sort());
  assert.deepEqual(
    scene.dropped.map(({ reason }) => reason),
    [
      { why: "late", windowStart: 0, windowEnd: 10, lateMs: 7 },
      { why: "late", windowStart: 5, windowEnd: 15, lateMs: 2 },
      { why: "late", windowStart: 0, windowEnd: 10, lateMs: 7 },
    ],
  );
});

test("a record within the grace changes a window whose end has passed", () => {
  using scene = sceneOf(tumbling({ size: 10, grace: 5 }), { sendsOldValues: true });
  scene.pipe("k=a@3", "k=b@14", "k=c@9");
  assert.deepEqual(scene.take(), [
    "k[0,10]: [a] () @3",
    "k[10,20]: [b] () @14",
    "k[0,10]: [a][c] ([a]) @9",
  ]);
});

test("an unlimited window is never closed", () => {
  using scene = sceneOf(unlimited({ start: 5 }));
  scene.pipe("k=a@4", "k=b@5", "k=c@1000000", "k=d@6");
  assert.deepEqual(
    scene.take().map((line) => line.replace(/,\d+\]/, "]")),
    ["k[5]: [b] @5", "k[5]: [b][c] @1000000", "k[5]: [b][c][d] @1000000"],
  );
});

test("results on close come once, by time, when a record has moved stream time past the end and grace", () => {
  using scene = sceneOf(hopping({ size: 10, advance: 5, grace: 2 }), {
    emitStrategy: "on-window-close",
  });
  scene.pipe("b=x@3", "a=y@6", "a=z@11");
  assert.deepEqual(scene.take(), []);
  scene.pipe("c=w@12");
  assert.deepEqual(scene.take(), ["a[0,10]: [y] @6", "b[0,10]: [x] @3"]);
  scene.pipe("c=w@100");
  assert.deepEqual(scene.take(), [
    "a[5,15]: [y][z] @11",
    "c[5,15]: [w] @12",
    "a[10,20]: [z] @11",
    "c[10,20]: [w] @12",
  ]);
});

test("closed windows are looked for once in a while by the clock", () => {
  using scene = sceneOf(tumbling({ size: 10 }), {
    emitStrategy: "on-window-close",
    intervalMs: 1000,
  });
  scene.pipe("k=a@3", "k=b@12");
  assert.deepEqual(scene.take(), []);
  scene.driver.advanceWallClockTime(1000);
  assert.deepEqual(scene.take(), []);
  scene.pipe("k=c@13");
  assert.deepEqual(scene.take(), ["k[0,10]: [a] @3"]);
});
