import assert from "node:assert/strict";
import { test } from "node:test";
import { releaseMemory } from "./released-memory.ts";

test("a buffer with memory of its own gives it back", () => {
  const buffer = Buffer.allocUnsafeSlow(100_000);
  releaseMemory(buffer);
  assert.equal(buffer.length, 0);
});

test("a part of a larger memory stays", () => {
  const whole = Buffer.alloc(100_000, "x");
  const small = Buffer.from("from the pool that all small buffers share");
  releaseMemory(whole.subarray(10));
  releaseMemory(small);
  assert.equal(whole.toString("latin1", 0, 3), "xxx");
  assert.equal(small.toString(), "from the pool that all small buffers share");
});
