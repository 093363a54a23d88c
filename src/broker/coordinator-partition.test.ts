import assert from "node:assert/strict";
import { test } from "node:test";
import { coordinatorPartition } from "./coordinator-partition.ts";

test("an id leads to the partition that Java's hash of it gives", () => {
  assert.equal(coordinatorPartition("", 50), 0);
  // Their hashes in Java: 97, 99162322, and the least int there is.
  assert.equal(coordinatorPartition("a", 50), 47);
  assert.equal(coordinatorPartition("hello", 50), 22);
  assert.equal(coordinatorPartition("polygenelubricants", 50), 0);
});
