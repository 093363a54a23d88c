import assert from "node:assert/strict";
import { test } from "node:test";
import type { BrokerErrorCode } from "../../broker-error-code.ts";
import { BrokerError, ConnectionError, MillraceError } from "../../errors.ts";
import { severityOf, type TransactionRequest } from "./transaction-error.ts";

const requests: readonly TransactionRequest[] = [
  "init",
  "add-partitions",
  "add-offsets",
  "commit-offsets",
  "commit",
  "abort",
  "produce",
];

function severity(request: TransactionRequest, code: BrokerErrorCode): string {
  return severityOf(request, new BrokerError(code, ""));
}

test("a fenced producer is at its end", () => {
  for (const request of requests) {
    assert.equal(severity(request, "PRODUCER_FENCED"), "fatal", request);
    const isProduce = request === "produce";
    assert.equal(
      severity(request, "INVALID_PRODUCER_EPOCH"),
      isProduce ? "abortable" : "fatal",
      request,
    );
  }
});

test("what may pass by itself is retriable, but records have been retried by then", () => {
  for (const code of ["CONCURRENT_TRANSACTIONS", "COORDINATOR_LOAD_IN_PROGRESS"] as const) {
    assert.equal(severity("commit", code), "retriable");
    assert.equal(severity("produce", code), "abortable");
  }
});

test("what concerns records, members or topics can be aborted", () => {
  assert.equal(severity("produce", "INVALID_RECORD"), "abortable");
  assert.equal(severity("add-partitions", "TOPIC_AUTHORIZATION_FAILED"), "abortable");
  assert.equal(severity("commit-offsets", "ILLEGAL_GENERATION"), "abortable");
  assert.equal(severity("commit-offsets", "FENCED_INSTANCE_ID"), "abortable");
  assert.equal(severity("commit", "TRANSACTION_ABORTABLE"), "abortable");
});

test("an abort that fails for good, and what must not happen, are fatal", () => {
  assert.equal(severity("abort", "TRANSACTION_ABORTABLE"), "fatal");
  assert.equal(severity("commit", "INVALID_TXN_STATE"), "fatal");
  assert.equal(severity("add-offsets", "UNKNOWN_SERVER_ERROR"), "fatal");
  assert.equal(severity("produce", "TRANSACTIONAL_ID_AUTHORIZATION_FAILED"), "fatal");
});

test("deadlines and the network end the transaction at most, an old broker the producer", () => {
  assert.equal(severityOf("commit-offsets", new MillraceError("TIMED_OUT", "")), "abortable");
  assert.equal(severityOf("produce", new ConnectionError("TLS_FAILED", "")), "abortable");
  assert.equal(severityOf("init", new MillraceError("UNSUPPORTED_VERSION", "")), "fatal");
});
