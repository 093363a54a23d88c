import assert from "node:assert/strict";
import { test } from "node:test";
import { FramePool } from "./frame-pool.ts";

const megabyte = 1024 * 1024;

test("memory that was given back is used for the next frame of about its size", () => {
  const frames = new FramePool();
  const first = frames.take(megabyte);
  const part = first.subarray(100, 200);
  frames.give(part);
  const second = frames.take(megabyte - 5_000);
  assert.equal(second.buffer, first.buffer);
  assert.equal(second.length, megabyte - 5_000);
  assert.notEqual(frames.take(megabyte).buffer, first.buffer);
});

test("a small frame does not take much larger memory", () => {
  const frames = new FramePool();
  const large = frames.take(8 * megabyte);
  frames.give(large);
  assert.notEqual(frames.take(megabyte).buffer, large.buffer);
  assert.equal(frames.take(7 * megabyte).buffer, large.buffer);
});

test("a frame that is too small for its memory to be used again has memory of its own size", () => {
  const frames = new FramePool();
  const frame = frames.take(10_000);
  assert.equal(frame.buffer.byteLength, 10_000);
  frames.give(frame);
  assert.equal(frames.idleBytes, 0);
});

test("the smallest frame that takes memory of the pool gets it again", () => {
  const frames = new FramePool();
  const frame = frames.take(16_384);
  frames.give(frame);
  assert.equal(frames.take(16_384).buffer, frame.buffer);
});

test("what was given back already, or comes from elsewhere, is not taken in", () => {
  const frames = new FramePool();
  const frame = frames.take(megabyte);
  frames.give(frame);
  frames.give(frame);
  frames.give(Buffer.alloc(megabyte));
  assert.equal(frames.idleBytes, megabyte);
  assert.notEqual(frames.take(megabyte).buffer, frames.take(megabyte).buffer);
});

test("no more than a bound waits for its next use", () => {
  const frames = new FramePool();
  const taken = Array.from({ length: 40 }, () => frames.take(megabyte));
  for (const frame of taken) frames.give(frame);
  assert.equal(frames.idleBytes, 32 * megabyte);
});
