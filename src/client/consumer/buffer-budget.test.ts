import assert from "node:assert/strict";
import { test } from "node:test";
import { BufferBudget } from "./buffer-budget.ts";

test("a frame is given back when the last of its parts is let go of", () => {
  const budget = new BufferBudget(1_000);
  const hold = budget.hold(600, 2);
  assert.equal(budget.freeBytes, 400);
  hold.release();
  assert.deepEqual([budget.heldBytes, budget.freeBytes], [600, 400]);
  hold.release();
  assert.deepEqual([budget.heldBytes, budget.freeBytes], [0, 1_000]);
});

test("what is set aside for an answer cannot be asked for twice", () => {
  const budget = new BufferBudget(1_000);
  budget.reserve(700);
  assert.equal(budget.freeBytes, 300);
  budget.unreserve(700);
  budget.hold(1_200, 1);
  assert.equal(budget.freeBytes, -200);
});

test("an answer without records holds nothing", () => {
  const budget = new BufferBudget(1_000);
  budget.hold(0, 0);
  assert.equal(budget.heldBytes, 0);
});
