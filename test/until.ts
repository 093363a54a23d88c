import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";

/** Waits until a condition holds; fails when it does not within the time, 30 seconds by default. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) assert.fail(`not so within ${timeoutMs} ms: ${what}`);
    await delay(20);
  }
}
