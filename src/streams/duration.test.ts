import assert from "node:assert/strict";
import { test } from "node:test";
import { type Duration, durationMs } from "./duration.ts";

test("a duration is milliseconds, or units that are added up", () => {
  assert.equal(durationMs(1500, "it"), 1500);
  assert.equal(durationMs({ hours: 1, minutes: 30 }, "it"), 5_400_000);
  assert.equal(durationMs({ days: 1, milliseconds: 1 }, "it"), 86_400_001);
  assert.equal(durationMs({ seconds: 0.1, minutes: undefined }, "it"), 100);
});

test("a duration that is negative, a fraction or not a number is refused by its name", () => {
  const wrong: readonly Duration[] = [-1, 0.5, Number.NaN, { minutes: -1 }, { seconds: 0.0001 }];
  for (const duration of wrong) {
    assert.throws(() => durationMs(duration, "the gap"), {
      code: "INVALID_TOPOLOGY",
      message: /the gap is .* ms/,
    });
  }
  assert.throws(() => durationMs(0, "the size", 1), { code: "INVALID_TOPOLOGY" });
  const misspelt = { hour: 1 } as unknown as Duration;
  assert.throws(() => durationMs(misspelt, "the size"), { message: /unit "hour"/ });
});
