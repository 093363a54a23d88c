import assert from "node:assert/strict";
import { test } from "node:test";
import { MillraceError } from "../../errors.ts";
import { failed, type Outcome, oneOrMany, valuesOrThrow } from "./outcome.ts";

const error = new MillraceError("TIMED_OUT", "too late");
const answers = new Map<string, Outcome<number>>([
  ["good", { state: "done", value: 1 }],
  ["bad", failed(error)],
]);

async function ask(names: readonly string[]) {
  return new Map([...answers].filter(([name]) => names.includes(name)));
}

test("one object's value comes as it is, and its error is thrown", async () => {
  assert.equal(await oneOrMany("good", ask), 1);
  await assert.rejects(oneOrMany("bad", ask), error);
});

test("a list gets an outcome for each, even a list of one", async () => {
  assert.deepEqual(await oneOrMany(["bad"], ask), new Map([["bad", { state: "failed", error }]]));
});

test("all values are given, or the first error is thrown", async () => {
  assert.deepEqual(valuesOrThrow(await ask(["good"])), new Map([["good", 1]]));
  assert.throws(() => valuesOrThrow(answers), error);
});

test("a defect in the code is no outcome", () => {
  assert.throws(() => failed(new TypeError("not a function")), TypeError);
});
