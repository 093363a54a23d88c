import assert from "node:assert/strict";
import { test } from "node:test";
import { type EmptyInput, InputWait } from "./input-wait.ts";

const left = { topic: "left", partition: 0 };
const right = { topic: "right", partition: 0 };

/** A look at a moment, with what is at the broker of each topic. */
function at(now: number, empty: readonly EmptyInput[], lags: { [topic: string]: number } = {}) {
  return { now, empty, lagOf: ({ topic }: EmptyInput) => lags[topic] };
}

test("nothing is waited for with −1", () => {
  assert.equal(new InputWait(-1).isOver(at(0, [left], { left: 5 })), true);
});

test("with 0, records that are at the broker are waited for, however long", () => {
  const wait = new InputWait(0);
  assert.equal(wait.isOver(at(0, [left], { left: 5 })), false);
  assert.equal(wait.isOver(at(1_000_000, [left], { left: 5 })), false);
  assert.equal(wait.deadline, Number.POSITIVE_INFINITY);
  assert.equal(wait.isOver(at(1_000_001, [left], { left: 0 })), true);
});

test("an input is waited for as long as nothing is known of it", () => {
  assert.equal(new InputWait(0).isOver(at(0, [left, right], { left: 0 })), false);
});

test("an input whose end is reached is waited for until the time is over", () => {
  const wait = new InputWait(100);
  assert.equal(wait.isOver(at(10, [left], { left: 0 })), false);
  assert.equal(wait.deadline, 110);
  assert.equal(wait.isOver(at(109, [left], { left: 0 })), false);
  assert.equal(wait.isOver(at(110, [left], { left: 0 })), true);
  assert.equal(wait.isOver(at(111, [left], { left: 0 })), true);
});

test("the time of an input begins anew after it had records, here or at the broker", () => {
  const wait = new InputWait(100);
  wait.isOver(at(0, [left, right], { left: 0, right: 0 }));
  wait.isOver(at(50, [right], { right: 0 }));
  assert.equal(wait.isOver(at(120, [left, right], { left: 0, right: 0 })), false);
  assert.equal(wait.deadline, 220);
  wait.isOver(at(130, [left], { left: 3 }));
  assert.equal(wait.isOver(at(225, [left], { left: 0 })), false);
});
