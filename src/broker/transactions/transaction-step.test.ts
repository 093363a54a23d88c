import assert from "node:assert/strict";
import { test } from "node:test";
import { greatestEpoch, type Transaction, type TransactionState } from "./transaction.ts";
import {
  addPartitions,
  complete,
  fence,
  initProducer,
  isExpired,
  isTimedOut,
  newTransaction,
  type Step,
} from "./transaction-step.ts";

const timeoutMs = 60_000;
const orders = { topic: "orders", partition: 3 };

function context(now = 1000, nextId = 500) {
  return { now, newProducerId: () => nextId };
}

/** A transaction of producer 100 in epoch 7, in the given state. */
function transaction(state: TransactionState, more: Partial<Transaction> = {}): Transaction {
  const fresh = newTransaction("t", timeoutMs, context(0, 100));
  return { ...fresh, state, producerEpoch: 7, ...more };
}

function written(step: Step | { readonly do: "abort first" }): Transaction {
  assert.equal(step.do, "write");
  return (step as Extract<Step, { do: "write" }>).next;
}

function code(step: Step | { readonly do: "abort first" }): string {
  return step.do === "refuse" ? step.code : step.do;
}

test("a new transactional id begins with epoch 0", () => {
  const fresh = newTransaction("t", timeoutMs, context(0, 100));
  const { producerId, producerEpoch, state } = written(
    initProducer(fresh, timeoutMs, undefined, context()),
  );
  assert.deepEqual(
    { producerId, producerEpoch, state },
    { producerId: 100, producerEpoch: 0, state: "Empty" },
  );
});

test("each producer that takes a transactional id over gets the next epoch and its own timeout", () => {
  for (const state of ["Empty", "CompleteCommit", "CompleteAbort"] as const) {
    const next = written(initProducer(transaction(state), 5, undefined, context()));
    assert.equal(next.producerEpoch, 8);
    assert.equal(next.lastProducerEpoch, -1);
    assert.equal(next.timeoutMs, 5);
    assert.equal(next.state, "Empty");
  }
});

test("a producer that takes over waits while a transaction is being completed, and has an open one aborted", () => {
  for (const state of ["PrepareCommit", "PrepareAbort"] as const) {
    const step = initProducer(transaction(state), timeoutMs, undefined, context());
    assert.equal(code(step), "CONCURRENT_TRANSACTIONS");
  }
  const step = initProducer(transaction("Ongoing"), timeoutMs, undefined, context());
  assert.equal(step.do, "abort first");
});

test("a producer that recovers gets the next epoch, and the same one again when it repeats itself", () => {
  const expected = { producerId: 100, producerEpoch: 7 };
  const next = written(initProducer(transaction("Empty"), timeoutMs, expected, context()));
  assert.equal(next.producerEpoch, 8);
  assert.equal(next.lastProducerEpoch, 7);
  const again = written(initProducer(next, timeoutMs, expected, context()));
  assert.equal(again.producerEpoch, 8);
});

test("a producer that recovers with an epoch or id that is not its own any more is fenced", () => {
  for (const expected of [
    { producerId: 100, producerEpoch: 6 },
    { producerId: 99, producerEpoch: 7 },
  ]) {
    const step = initProducer(transaction("Empty"), timeoutMs, expected, context());
    assert.equal(code(step), "PRODUCER_FENCED");
  }
});

test("when the epochs are used up the producer gets another id, and is known by the old one once", () => {
  const used = transaction("CompleteCommit", { producerEpoch: greatestEpoch - 1 });
  const expected = { producerId: 100, producerEpoch: greatestEpoch - 1 };
  const next = written(initProducer(used, timeoutMs, expected, context()));
  assert.equal(next.producerId, 500);
  assert.equal(next.producerEpoch, 0);
  assert.equal(next.lastProducerEpoch, greatestEpoch - 1);
  const again = written(initProducer(next, timeoutMs, expected, context()));
  assert.equal(again.producerId, 500);
  assert.equal(again.producerEpoch, 0);
});

test("partitions are added to a transaction that starts with the first of them", () => {
  const producer = { producerId: 100, producerEpoch: 7 };
  const first = written(addPartitions(transaction("CompleteCommit"), producer, [orders], 2, 1000));
  assert.equal(first.state, "Ongoing");
  assert.equal(first.startedAt, 1000);
  assert.equal(first.clientVersion, 2);
  const more = { topic: "orders", partition: 4 };
  const second = written(addPartitions(first, producer, [orders, more], 2, 2000));
  assert.equal(second.startedAt, 1000);
  assert.deepEqual([...second.partitions], [["orders", new Set([3, 4])]]);
  assert.equal(addPartitions(second, producer, [more], 2, 3000).do, "nothing");
});

test("partitions are refused to other producers and while a transaction is being completed", () => {
  const add = (state: TransactionState, producerId: number, producerEpoch: number) =>
    code(addPartitions(transaction(state), { producerId, producerEpoch }, [orders], 0, 1000));
  assert.equal(add("Ongoing", 99, 7), "INVALID_PRODUCER_ID_MAPPING");
  assert.equal(add("Ongoing", 100, 6), "PRODUCER_FENCED");
  assert.equal(add("Ongoing", 100, 8), "PRODUCER_FENCED");
  assert.equal(add("PrepareCommit", 100, 7), "CONCURRENT_TRANSACTIONS");
  assert.equal(add("PrepareAbort", 100, 7), "CONCURRENT_TRANSACTIONS");
});

test("fencing bumps the epoch once, in the older flow and in that of KIP-890", () => {
  const open = transaction("Ongoing", { startedAt: 10 });
  for (const version of [0, 1, 2] as const) {
    const fenced = fence(open, version, context());
    assert.equal(fenced.state, "PrepareAbort");
    assert.equal(fenced.producerEpoch, 8);
    assert.equal(fenced.startedAt, 10);
    assert.equal(complete(fenced, 2000).producerEpoch, 8);
  }
});

test("fencing with the last epoch of an id goes on with another id under KIP-890", () => {
  const open = transaction("Ongoing", { producerEpoch: greatestEpoch - 1 });
  const fenced = fence(open, 2, context());
  assert.equal(fenced.producerId, 100);
  assert.equal(fenced.producerEpoch, greatestEpoch);
  const { producerId, producerEpoch, nextProducerId, previousProducerId } = complete(fenced, 2000);
  assert.deepEqual(
    [producerId, producerEpoch, nextProducerId, previousProducerId],
    [500, 0, -1, 100],
  );
});

test("a transaction is timed out once it is open for longer than its producer said", () => {
  const open = transaction("Ongoing", { startedAt: 1000 });
  assert.equal(isTimedOut(open, 1000 + timeoutMs), false);
  assert.equal(isTimedOut(open, 1001 + timeoutMs), true);
  assert.equal(isTimedOut({ ...open, state: "PrepareCommit" }, 1001 + timeoutMs), false);
  assert.equal(isTimedOut({ ...open, timeoutMs: 0x7fffffff }, 2 ** 40), false);
});

test("a transactional id expires when it is idle, and never while a transaction is open", () => {
  assert.equal(isExpired(transaction("CompleteAbort", { updatedAt: 10 }), 109, 100), false);
  assert.equal(isExpired(transaction("CompleteAbort", { updatedAt: 10 }), 110, 100), true);
  assert.equal(isExpired(transaction("Empty", { updatedAt: 10 }), 110, 100), true);
  assert.equal(isExpired(transaction("Ongoing", { updatedAt: 10 }), 110, 100), false);
  assert.equal(isExpired(transaction("PrepareAbort", { updatedAt: 10 }), 110, 100), false);
});
