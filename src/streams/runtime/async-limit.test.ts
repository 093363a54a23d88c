import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamsBuilder } from "../dsl/streams-builder.ts";
import { string } from "../serdes.ts";
import { checkAsyncLimit } from "./async-limit.ts";

const transaction = { setting: "transactionTimeoutMs", limitMs: 10_000 };

function streamOf(builder: StreamsBuilder) {
  return builder.stream("in", { key: string, value: string });
}

test("a call whose tries outlast a transaction is refused, with the operator and what to do", () => {
  const builder = new StreamsBuilder();
  streamOf(builder).foreachAsync(async () => {}, { timeoutMs: 4_000, retries: 2, name: "notify" });
  assert.throws(() => checkAsyncLimit(builder.build().builder, transaction), {
    code: "INVALID_TOPOLOGY",
    message: /notify may take 12360 ms .* transactionTimeoutMs is 10000 ms.* lower timeoutMs/,
  });
});

test("calls that one record has to wait for one after the other count together", () => {
  const builder = new StreamsBuilder();
  streamOf(builder)
    .mapValuesAsync(async (value) => value, { timeoutMs: 6_000, name: "first" })
    .filter(() => true)
    .filterAsync(async () => true, { timeoutMs: 5_000, name: "second" });
  assert.throws(() => checkAsyncLimit(builder.build().builder, transaction), {
    message: /calls of first and then of second may take 11000 ms/,
  });
});

test("calls on different ways are waited for at the same time", () => {
  const builder = new StreamsBuilder();
  const stream = streamOf(builder);
  const one = stream.mapValuesAsync(async (value) => value, { timeoutMs: 6_000 });
  const other = stream.mapValuesAsync(async (value) => value, { timeoutMs: 7_000 });
  one.merge(other).foreachAsync(async () => {}, { timeoutMs: 3_000 });
  checkAsyncLimit(builder.build().builder, transaction);
});

test("a topology without calls fits into every limit", () => {
  const builder = new StreamsBuilder();
  streamOf(builder).to("out");
  checkAsyncLimit(builder.build().builder, { setting: "transactionTimeoutMs", limitMs: 0 });
});
