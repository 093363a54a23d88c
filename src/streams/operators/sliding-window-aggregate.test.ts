import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { OperatorScene } from "../../../test/operator-scene.ts";
import { string } from "../serdes.ts";
import type { TimestampedWindowStore } from "../stores/state-store.ts";
import { timestampedWindowStore } from "../stores/window-builders.ts";
import { type EmitStrategy, type SlidingWindows, sliding } from "../windows.ts";
import { aggregateSliding } from "./sliding-window-aggregate.ts";

function sceneOf(
  windows: SlidingWindows,
  emitStrategy: EmitStrategy = "on-window-update",
  storeType: "memory" | "persistent" = "persistent",
) {
  const open = aggregateSliding<string, string, string>({
    terms: { store: "windows", sendsOldValues: false },
    initializer: () => "",
    aggregator: (aggregate, value) => aggregate + value,
    windows,
    emitStrategy,
  });
  const store = timestampedWindowStore("windows", {
    key: string,
    value: string,
    storeType,
    windowSizeMs: windows.differenceMs,
    retentionMs: 2 * windows.differenceMs + windows.graceMs,
    timeOrder: emitStrategy === "on-window-close" ? "indexed" : undefined,
  });
  return new OperatorScene(open, store);
}

test("a record makes the window that ends with it, and that which begins behind the one before", () => {
  using scene = sceneOf(sliding({ difference: 10, grace: 100 }));
  scene.pipe("k=a@0", "k=b@5", "k=c@20", "k=d@15");
  assert.deepEqual(scene.take(), [
    "k[0,10]: a @0",
    "k[1,11]: b @5",
    "k[0,10]: ab @5",
    "k[10,20]: c @20",
    "k[10,20]: cd @20",
    "k[6,16]: d @15",
    "k[5,15]: bd @15",
    "k[16,26]: c @20",
  ]);
});

test("records without key or value are dropped, and late ones are reported with their window", () => {
  using scene = sceneOf(sliding({ difference: 10, grace: 5 }));
  scene.pipe("x@1", "k=@1", "k=a@100", "k=b@84", "k=c@85");
  assert.deepEqual(
    scene.dropped.map(({ reason }) => reason),
    [
      { why: "null-key" },
      { why: "null-value" },
      { why: "late", windowStart: 84, windowEnd: 94, lateMs: 1 },
      { why: "late", windowStart: 75, windowEnd: 85, lateMs: 10 },
    ],
  );
  assert.deepEqual(scene.take(), ["k[90,100]: a @100"]);
});

test("windows on close come once, when stream time is past their last moment and the grace", () => {
  using scene = sceneOf(sliding({ difference: 10 }), "on-window-close");
  scene.pipe("k=a@10", "k=b@15", "k=c@20");
  assert.deepEqual(scene.take(), ["k[0,10]: a @10", "k[5,15]: ab @15"]);
  scene.pipe("j=d@22");
  assert.deepEqual(scene.take(), ["k[10,20]: abc @20", "k[11,21]: bc @20"]);
});

for (const storeType of ["memory", "persistent"] as const) {
  test(`each window has the records within it, in whichever order they come (${storeType})`, () => {
    const times = fc.array(fc.nat(50), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 12 }), (order, difference) => {
        using scene = sceneOf(sliding({ difference, grace: 1000 }), "on-window-update", storeType);
        scene.pipe(...order.map((time) => `k=x@${time}`));
        const store = scene.driver.store<TimestampedWindowStore<string, string>>("windows");
        const found = [...(store?.fetchRange("k", 0, 1000) ?? [])].map(([start, { value }]) => [
          start,
          value.length,
        ]);
        assert.deepEqual(found, windowsOf(order, difference));
      }),
      { numRuns: 60 },
    );
  });
}

/** For each record the window that ends with it, and that which begins behind it unless it is empty; with their counts. */
function windowsOf(times: readonly number[], difference: number): [number, number][] {
  const countFrom = (start: number) =>
    times.filter((time) => time >= start && time <= start + difference).length;
  const starts = new Set<number>();
  for (const time of times) {
    starts.add(Math.max(0, time - difference));
    if (countFrom(time + 1) > 0) starts.add(time + 1);
  }
  return [...starts].sort((one, other) => one - other).map((start) => [start, countFrom(start)]);
}
