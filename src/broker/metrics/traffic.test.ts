import assert from "node:assert/strict";
import { test } from "node:test";
import { batchOf } from "../../../test/broker-harness.ts";
import { Traffic } from "./traffic.ts";

test("records that went out are counted by the headers of their batches", () => {
  const traffic = new Traffic();
  const batches = Buffer.concat([batchOf(["a", "b", "c"], 1), batchOf(["d"], 2)]);
  traffic.went(batches);
  traffic.went(batchOf(["e"], 3));
  assert.equal(traffic.recordsOut, 5);
  assert.equal(traffic.bytesOut, batches.length + batchOf(["e"], 3).length);
  assert.deepEqual([traffic.recordsIn, traffic.bytesIn], [0, 0]);
});

test("a batch whose length is damaged ends the count", () => {
  const traffic = new Traffic();
  const damaged = batchOf(["a"], 1);
  damaged.writeInt32BE(-12, 8);
  traffic.went(damaged);
  assert.equal(traffic.recordsOut, 0);
});
