import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../clock.ts";
import { bounded } from "./deadline.ts";

const never = new Promise<never>(() => {});

test("a wait ends at its deadline and says what was attempted", async () => {
  await assert.rejects(bounded(systemClock, never, { attempt: "waiting for rain", timeoutMs: 1 }), {
    code: "TIMED_OUT",
    message: /waiting for rain/,
  });
});

test("a wait ends when its signal aborts, before or while it lasts", async () => {
  const bound = { attempt: "waiting", timeoutMs: 10_000 };
  const aborted = { ...bound, signal: AbortSignal.abort("why") };
  await assert.rejects(bounded(systemClock, never, aborted), { code: "ABORTED", cause: "why" });
  const controller = new AbortController();
  const waiting = bounded(systemClock, never, { ...bound, signal: controller.signal });
  controller.abort();
  await assert.rejects(waiting, { code: "ABORTED" });
});

test("what the promise brings in time is passed on", async () => {
  const bound = { attempt: "waiting", timeoutMs: 10_000 };
  assert.equal(await bounded(systemClock, Promise.resolve(7), bound), 7);
  await assert.rejects(bounded(systemClock, Promise.reject(new Error("no")), bound), /no/);
});
