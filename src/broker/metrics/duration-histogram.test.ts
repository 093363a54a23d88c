import assert from "node:assert/strict";
import { test } from "node:test";
import { DurationHistogram, durationBounds } from "./duration-histogram.ts";

test("each duration counts in the first bucket that holds it and in all above", () => {
  const histogram = new DurationHistogram();
  for (const ms of [0, 0.1, 0.2, 1, 40_000]) histogram.record(ms);
  const counts = histogram.cumulative();
  assert.equal(counts.length, durationBounds.length + 1);
  assert.deepEqual(counts.slice(0, 4), [2, 3, 4, 4]);
  assert.deepEqual(counts.slice(-2), [4, 5]);
  assert.ok(Math.abs(histogram.sum - 40.0013) < 1e-9);
});
