import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type ResetFacts, type ResetTarget, resetOffset } from "./offset-reset.ts";

const facts: ResetFacts = {
  name: "orders-3",
  earliest: 5,
  latest: 20,
  atTimestamp: 11,
  committed: 8,
};

test("a group goes to an end, a time, an offset, or some records on", () => {
  const cases: readonly (readonly [ResetTarget, number])[] = [
    ["earliest", 5],
    ["latest", 20],
    [{ timestamp: 1 }, 11],
    [{ offset: 9 }, 9],
    [{ shiftBy: 4 }, 12],
    [{ shiftBy: -2 }, 6],
  ];
  for (const [to, expected] of cases) assert.equal(resetOffset(to, facts), expected);
});

test("a time after the last record is the end", () => {
  assert.equal(resetOffset({ timestamp: 9 }, { ...facts, atTimestamp: undefined }), 20);
});

test("a shift without a committed offset is refused", () => {
  const uncommitted = { ...facts, committed: undefined };
  assert.throws(() => resetOffset({ shiftBy: 1 }, uncommitted), {
    code: "NO_OFFSET",
    message: /orders-3 cannot be shifted/,
  });
});

test("no target leads out of the partition", () => {
  const whole = fc.integer({ min: -(2 ** 40), max: 2 ** 40 });
  const target = fc.oneof(
    fc.record({ offset: whole }),
    fc.record({ shiftBy: whole }),
    fc.constantFrom("earliest" as const, "latest" as const),
  );
  fc.assert(
    fc.property(target, whole, (to, committed) => {
      const offset = resetOffset(to, { ...facts, committed });
      assert.ok(offset >= facts.earliest && offset <= facts.latest);
    }),
  );
});
