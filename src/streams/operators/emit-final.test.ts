import assert from "node:assert/strict";
import { test } from "node:test";
import { noHeaders } from "../message.ts";
import type { TaskContext } from "../node.ts";
import { finalEmitter } from "./emit-final.ts";

function taskWith(metadata: readonly (readonly [string, number])[] = [], intervalMs?: number) {
  const setting = "__emit.interval.ms.kstreams.windowed.aggregation__";
  const clock = { now: 0 };
  const task = {
    configs: new Map(intervalMs === undefined ? [] : [[setting, intervalMs]]),
    processorMetadata: new Map(metadata),
    wallClockTime: () => clock.now,
  } as unknown as TaskContext;
  const emitted: (readonly [number, number])[] = [];
  const emit = finalEmitter(task, "store", {
    range: (closeTime, lastCloseTime) => [lastCloseTime, closeTime],
    emit: (from, to) => void emitted.push([from, to]),
  });
  return { task, clock, emitted, closeAt: (time: number) => emit(time, noHeaders) };
}

test("each stretch of time is emitted once, and only when it has moved on", () => {
  const { emitted, closeAt } = taskWith();
  for (const time of [5, 5, 3, 9]) closeAt(time);
  assert.deepEqual(emitted, [
    [-1, 5],
    [5, 9],
  ]);
});

test("how far it came is kept with the task, and is where the next owner begins", () => {
  const { task, emitted, closeAt } = taskWith([["store", 20]]);
  closeAt(15);
  closeAt(30);
  assert.deepEqual(emitted, [[20, 30]]);
  assert.equal(task.processorMetadata.get("store"), 30);
});

test("an interval by the clock holds it back", () => {
  const { clock, emitted, closeAt } = taskWith([], 1000);
  closeAt(1);
  closeAt(2);
  clock.now = 1000;
  closeAt(3);
  assert.deepEqual(emitted, [
    [-1, 1],
    [1, 3],
  ]);
});

test("without an interval, a clock that is put back holds nothing back", () => {
  const { clock, emitted, closeAt } = taskWith();
  clock.now = 5000;
  closeAt(1);
  clock.now = 0;
  closeAt(3);
  assert.equal(emitted.length, 2);
});
