import assert from "node:assert/strict";
import { test } from "node:test";
import { murmur2 } from "../../protocol/murmur2.ts";
import { partitionOfKey, pickPartition } from "./partitioner.ts";

test("text and its bytes go to the same partition, whatever its length and script", () => {
  for (const key of ["", "a", "foobar", "ключ", "🚀".repeat(10), "x".repeat(2_000)]) {
    const expected = (murmur2(Buffer.from(key)) & 0x7fffffff) % 12;
    assert.equal(partitionOfKey(key, 12), expected, key);
    assert.equal(partitionOfKey(Buffer.from(key), 12), expected, key);
  }
});

test("without backlogs each partition has the same chance", () => {
  assert.deepEqual(
    [0, 0.24, 0.26, 0.5, 0.99].map((random) => pickPartition(random, [0, 0, 0, 0])),
    [0, 0, 1, 2, 3],
  );
});

test("the longer the backlog, the smaller the chance", () => {
  // Weights 4, 1 and 3.
  const picks = Array.from({ length: 8 }, (_, index) => pickPartition(index / 8, [0, 3, 1]));
  assert.deepEqual(picks, [0, 0, 0, 0, 1, 2, 2, 2]);
});

test("a partition without a leader is passed over, unless none has one", () => {
  for (const random of [0, 0.3, 0.6, 0.99]) assert.equal(pickPartition(random, [-1, 2, -1]), 1);
  assert.deepEqual([pickPartition(0, [-1, -1]), pickPartition(0.9, [-1, -1])], [0, 1]);
});
