import assert from "node:assert/strict";
import { test } from "node:test";
import { InstanceState } from "./instance-state.ts";

test("a state follows another only where it may, and listeners hear of it", () => {
  const state = new InstanceState();
  const heard: string[] = [];
  const stop = state.listen((now, before) => heard.push(`${before} -> ${now}`));
  assert.equal(state.become("running"), false);
  assert.equal(state.become("rebalancing"), true);
  assert.equal(state.become("running"), true);
  assert.equal(state.become("pending-shutdown"), true);
  assert.equal(state.isEnding, true);
  assert.equal(state.become("pending-error"), false);
  stop();
  assert.equal(state.become("not-running"), true);
  assert.deepEqual(heard, [
    "created -> rebalancing",
    "rebalancing -> running",
    "running -> pending-shutdown",
  ]);
});

test("who waits for a state gets it, or the reason why it cannot come any more", async () => {
  const state = new InstanceState();
  const running = state.until(["running"], () => new Error("no"));
  const other = state.until(["not-running"], () => new Error("it failed"));
  state.become("rebalancing");
  state.become("running");
  await running;
  await state.until(["running"], () => new Error("no"));
  state.become("pending-error");
  state.become("error");
  await assert.rejects(other, /it failed/);
  await assert.rejects(
    state.until(["running"], () => new Error("too late")),
    /too late/,
  );
});
