import assert from "node:assert/strict";
import { test } from "node:test";
import type { Transaction } from "./transaction.ts";
import {
  decodeTransaction,
  encodeTransaction,
  encodeTransactionKey,
} from "./transaction-record.ts";

const transaction: Transaction = {
  transactionalId: "t-1",
  producerId: 4711,
  previousProducerId: 4711,
  nextProducerId: 4712,
  producerEpoch: 5,
  lastProducerEpoch: -1,
  timeoutMs: 60_000,
  state: "Ongoing",
  partitions: new Map([["a", new Set([0, 7])]]),
  startedAt: 1_700_000_000_000,
  updatedAt: 1_700_000_000_001,
  clientVersion: 2,
};

test("a record of __transaction_state has Kafka's bytes", () => {
  const { key, value } = encodeTransaction(transaction, 2);
  assert.equal(key.toString("hex"), "00000003742d31");
  const expected = [
    "0001", // version
    "0000000000001267", // producer id
    "0005", // epoch
    "0000ea60", // timeout
    "01", // Ongoing
    "02", // one topic
    "0261", // "a"
    "03", // two partitions
    "0000000000000007",
    "00", // no tagged fields
    "0000018bcfe56801", // last update
    "0000018bcfe56800", // start
    "03", // three tagged fields
    "00080000000000001267", // previous producer id
    "01080000000000001268", // next producer id
    "02020002", // client's transaction.version
  ];
  assert.equal(value?.toString("hex"), expected.join(""));
});

test("a transaction survives its record in both versions, but for what version 0 cannot say", () => {
  const { key, value } = encodeTransaction(transaction, 1);
  assert.deepEqual(decodeTransaction(key, value).transaction, transaction);
  const old = encodeTransaction(transaction, 0);
  const lost = { previousProducerId: -1, nextProducerId: -1, clientVersion: 0 };
  assert.deepEqual(decodeTransaction(old.key, old.value).transaction, { ...transaction, ...lost });
});

test("an id without a transaction has no list of partitions", () => {
  const empty: Transaction = { ...transaction, state: "Empty", partitions: new Map() };
  const { key, value } = encodeTransaction(empty, 0);
  assert.equal(value?.subarray(17, 21).toString("hex"), "ffffffff");
  assert.deepEqual(decodeTransaction(key, value).transaction?.partitions, new Map());
});

test("a tombstone gives the id alone, and what Kafka does not have is refused", () => {
  const key = encodeTransactionKey("t-1");
  assert.deepEqual(decodeTransaction(key, null), {
    transactionalId: "t-1",
    transaction: undefined,
  });
  assert.throws(() => decodeTransaction(Buffer.from("0001", "hex"), null), { name: "DecodeError" });
  assert.throws(() => decodeTransaction(key, Buffer.from("0002", "hex")), { name: "DecodeError" });
  assert.throws(() => decodeTransaction(key, Buffer.from("00", "hex")), { name: "DecodeError" });
});
