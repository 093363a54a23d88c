import assert from "node:assert/strict";
import { test } from "node:test";
import { greatestEpoch, type Transaction, type TransactionState } from "./transaction.ts";
import { endTransaction } from "./transaction-end.ts";
import { complete, newTransaction, type Step } from "./transaction-step.ts";

const context = { now: 1000, newProducerId: () => 500 };

/** A transaction of producer 100 in epoch 7, in the given state. */
function transaction(state: TransactionState, more: Partial<Transaction> = {}): Transaction {
  const fresh = newTransaction("t", 60_000, { now: 0, newProducerId: () => 100 });
  return { ...fresh, state, producerEpoch: 7, ...more };
}

/** What becomes of an end by producer 100. */
function end(
  from: Transaction,
  outcome: "commit" | "abort",
  version: 0 | 2,
  producerEpoch = 7,
  producerId = 100,
): Step {
  return endTransaction(from, { producerId, producerEpoch, outcome, version }, context);
}

function brief(step: Step): string {
  if (step.do === "refuse") return step.code;
  return step.do === "write" ? `${step.next.state} ${step.next.producerEpoch}` : step.do;
}

test("in the older flow an end keeps the epoch, and a retry of it is answered as the first was", () => {
  const table: [TransactionState, commit: string, abort: string][] = [
    ["Ongoing", "PrepareCommit 7", "PrepareAbort 7"],
    ["PrepareCommit", "CONCURRENT_TRANSACTIONS", "INVALID_TXN_STATE"],
    ["PrepareAbort", "INVALID_TXN_STATE", "CONCURRENT_TRANSACTIONS"],
    ["CompleteCommit", "nothing", "INVALID_TXN_STATE"],
    ["CompleteAbort", "INVALID_TXN_STATE", "nothing"],
    ["Empty", "INVALID_TXN_STATE", "INVALID_TXN_STATE"],
  ];
  for (const [state, commit, abort] of table) {
    assert.equal(brief(end(transaction(state), "commit", 0)), commit, `${state} commit`);
    assert.equal(brief(end(transaction(state), "abort", 0)), abort, `${state} abort`);
    assert.equal(brief(end(transaction(state), "abort", 0, 6)), "PRODUCER_FENCED");
    assert.equal(brief(end(transaction(state), "abort", 0, 8)), "PRODUCER_FENCED");
    assert.equal(brief(end(transaction(state), "abort", 0, 7, 99)), "INVALID_PRODUCER_ID_MAPPING");
  }
});

test("with KIP-890 an end in the current epoch bumps it, and one in the epoch before is a retry", () => {
  const fenced = "PRODUCER_FENCED";
  const invalid = "INVALID_TXN_STATE";
  const busy = "CONCURRENT_TRANSACTIONS";
  const table: [
    TransactionState,
    commitNow: string,
    abortNow: string,
    commitAgain: string,
    abortAgain: string,
  ][] = [
    ["Ongoing", "PrepareCommit 8", "PrepareAbort 8", fenced, fenced],
    ["Empty", invalid, "PrepareAbort 8", fenced, fenced],
    ["PrepareCommit", fenced, fenced, busy, invalid],
    ["PrepareAbort", fenced, fenced, invalid, busy],
    ["CompleteCommit", invalid, "PrepareAbort 8", "nothing", invalid],
    ["CompleteAbort", invalid, "PrepareAbort 8", invalid, "nothing"],
  ];
  for (const [state, commitNow, abortNow, commitAgain, abortAgain] of table) {
    const from = transaction(state);
    assert.equal(brief(end(from, "commit", 2)), commitNow, `${state} commit`);
    assert.equal(brief(end(from, "abort", 2)), abortNow, `${state} abort`);
    assert.equal(brief(end(from, "commit", 2, 6)), commitAgain, `${state} commit again`);
    assert.equal(brief(end(from, "abort", 2, 6)), abortAgain, `${state} abort again`);
    assert.equal(brief(end(from, "abort", 2, 5)), fenced);
    assert.equal(brief(end(from, "abort", 2, 8)), fenced);
    assert.equal(brief(end(from, "abort", 2, 7, 99)), "INVALID_PRODUCER_ID_MAPPING");
  }
});

test("with KIP-890 the last epoch of an id is followed by another id, and a retry under the old id is known", () => {
  const last = greatestEpoch - 1;
  const step = end(transaction("Ongoing", { producerEpoch: last }), "commit", 2, last);
  assert.equal(brief(step), `PrepareCommit ${greatestEpoch}`);
  const done = complete((step as Extract<Step, { do: "write" }>).next, 2000);
  assert.equal(done.producerId, 500);
  assert.equal(done.producerEpoch, 0);
  assert.equal(brief(end(done, "commit", 2, last)), "nothing");
  assert.equal(brief(end(done, "abort", 2, last)), "INVALID_TXN_STATE");
});

test("an abort without partitions starts and ends the transaction at once", () => {
  const step = end(transaction("Empty"), "abort", 2);
  assert.equal(step.do, "write");
  const { next } = step as Extract<Step, { do: "write" }>;
  assert.equal(next.startedAt, 1000);
  assert.equal(next.clientVersion, 2);
  assert.equal(complete(next, 2000).state, "CompleteAbort");
});
