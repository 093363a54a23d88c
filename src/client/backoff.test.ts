import assert from "node:assert/strict";
import { test } from "node:test";
import { systemRandom } from "../random.ts";
import { Backoff } from "./backoff.ts";

test("waits double up to the limit, spread by a fifth, and begin anew after a success", () => {
  const middle = { ...systemRandom, float: () => 0.5 };
  const backoff = new Backoff(100, 1_000, middle);
  const waits = Array.from({ length: 6 }, () => backoff.next());
  assert.deepEqual(waits, [100, 200, 400, 800, 1_000, 1_000]);
  backoff.reset();
  assert.equal(backoff.next(), 100);
  assert.equal(new Backoff(100, 1_000, { ...middle, float: () => 0 }).next(), 80);
});
