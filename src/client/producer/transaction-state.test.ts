import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MillraceError } from "../../errors.ts";
import {
  allowedOperations,
  nextState,
  type TransactionEvent,
  type TransactionOperation,
  type TransactionState,
} from "./transaction-state.ts";

const error = new MillraceError("TIMED_OUT", "the reason");
const operations: readonly TransactionOperation[] = [
  "init",
  "begin",
  "send",
  "sendOffsets",
  "commit",
  "abort",
];

function after(...events: readonly TransactionEvent[]): TransactionState {
  return events.reduce<TransactionState>(nextState, { name: "uninitialized" });
}

const opened: readonly TransactionEvent[] = [
  { name: "init" },
  { name: "ready" },
  { name: "begin" },
];
const abortable: TransactionEvent = { name: "failed", error, isFatal: false };
const fatal: TransactionEvent = { name: "failed", error, isFatal: true };

test("a transaction goes from ready to ready, by commit or by abort", () => {
  assert.equal(after(...opened).name, "in-transaction");
  assert.equal(after(...opened, { name: "commit" }, { name: "ready" }).name, "ready");
  assert.equal(after(...opened, { name: "abort" }, { name: "ready" }).name, "ready");
});

test("after an abortable error only an abort is allowed, and then the next transaction", () => {
  const failed = after(...opened, abortable);
  assert.deepEqual(allowedOperations(failed), ["abort"]);
  assert.throws(() => nextState(failed, { name: "commit" }), {
    code: "INVALID_STATE",
    message: /abortable-error.*the reason.*abort\(\)/,
    cause: error,
  });
  assert.equal(after(...opened, abortable, { name: "abort" }, { name: "ready" }).name, "ready");
});

test("an error while committing leaves the abort; one while aborting changes nothing", () => {
  assert.equal(after(...opened, { name: "commit" }, abortable).name, "abortable-error");
  assert.equal(after(...opened, { name: "abort" }, abortable).name, "aborting");
});

test("a fatal error is the end, in every state", () => {
  const failed = after(...opened, abortable, fatal);
  assert.deepEqual(allowedOperations(failed), []);
  assert.throws(() => nextState(failed, { name: "abort" }), { code: "INVALID_STATE" });
  assert.equal(after(fatal).name, "fatal-error");
});

test("the first error of a transaction stays its reason", () => {
  const second = new MillraceError("CLOSED", "another");
  const state = after(...opened, abortable, { name: "failed", error: second, isFatal: false });
  assert.equal("error" in state && state.error, error);
});

test("a commit or an abort whose outcome is unknown may be asked for again, and nothing else", () => {
  assert.deepEqual(allowedOperations(after(...opened, { name: "commit" })), ["commit"]);
  assert.deepEqual(allowedOperations(after(...opened, { name: "abort" })), ["abort"]);
});

test("what is closed says so", () => {
  const closed = after(...opened, { name: "close" });
  assert.throws(() => nextState(closed, { name: "begin" }), { code: "CLOSED" });
});

test("an operation is allowed exactly if it does not throw, and errors never do", () => {
  const events = fc.oneof(
    fc.constantFrom<TransactionEvent>(...operations.map((name) => ({ name }))),
    fc.constantFrom<TransactionEvent>(
      { name: "ready" },
      { name: "uninitialized" },
      { name: "close" },
      abortable,
      fatal,
    ),
  );
  fc.assert(
    fc.property(fc.array(events, { maxLength: 30 }), (sequence) => {
      let state: TransactionState = { name: "uninitialized" };
      for (const event of sequence) {
        const operation = operations.find((one) => one === event.name);
        if (operation && !allowedOperations(state).includes(operation)) {
          assert.throws(() => nextState(state, event), MillraceError);
        } else state = nextState(state, event);
      }
    }),
  );
});
