import assert from "node:assert/strict";
import { test } from "node:test";
import { Outstanding } from "./outstanding.ts";

async function isSettled(promise: Promise<void>): Promise<boolean> {
  return Promise.race([promise.then(() => true), Promise.resolve().then(() => false)]);
}

test("one waits for what is under way, not for what comes after", async () => {
  const outstanding = new Outstanding();
  const [first, second] = [outstanding.enter(), outstanding.enter()];
  const settled = outstanding.settled();
  const third = outstanding.enter();
  outstanding.leave(second);
  outstanding.leave(third);
  assert.equal(await isSettled(settled), false);
  outstanding.leave(first);
  await settled;
  assert.equal(outstanding.size, 0);
});

test("what a thing is divided into is waited for too", async () => {
  const outstanding = new Outstanding();
  const ordinal = outstanding.enter();
  const settled = outstanding.settled();
  outstanding.divide(ordinal, 1);
  outstanding.leave(ordinal);
  assert.equal(await isSettled(settled), false);
  outstanding.leave(ordinal);
  await settled;
});

test("with nothing under way there is nothing to wait for", async () => {
  await new Outstanding().settled();
});
