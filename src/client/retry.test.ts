import assert from "node:assert/strict";
import { test } from "node:test";
import { BrokerError, ConnectionError, MillraceError } from "../errors.ts";
import { systemHost } from "../host.ts";
import { retrying } from "./retry.ts";

const pace = { retryBackoffMs: 1, retryBackoffMaxMs: 2 };
const bound = { attempt: "trying", timeoutMs: 1_000 };

test("an attempt is repeated while its failure may pass", async () => {
  const failures = [
    new BrokerError("NOT_COORDINATOR", "moved"),
    new ConnectionError("CONNECTION_LOST", "gone"),
  ];
  const result = await retrying(systemHost, pace, bound, async () => {
    const failure = failures.shift();
    if (failure) throw failure;
    return "done";
  });
  assert.equal(result, "done");
});

test("a failure that stays is passed on at once", async () => {
  let attempts = 0;
  const attempt = async () => {
    attempts += 1;
    throw new BrokerError("TOPIC_AUTHORIZATION_FAILED", "no");
  };
  await assert.rejects(retrying(systemHost, pace, bound, attempt), {
    code: "TOPIC_AUTHORIZATION_FAILED",
  });
  assert.equal(attempts, 1);
});

test("at the deadline the last failure is told as the cause", async () => {
  const failure = new ConnectionError("CONNECTION_REFUSED", "nobody there");
  const attempt = () => Promise.reject(failure);
  const short = { ...bound, timeoutMs: 5 };
  await assert.rejects(retrying(systemHost, pace, short, attempt), {
    code: "TIMED_OUT",
    cause: failure,
  });
});

test("an attempt that the deadline cuts short is told with the failure before it", async () => {
  const failure = new ConnectionError("CONNECTION_LOST", "closed: does it expect TLS?");
  const outcomes = [failure, new MillraceError("TIMED_OUT", "connecting took longer than 5 ms")];
  const attempt = () => Promise.reject(outcomes.shift());
  await assert.rejects(retrying(systemHost, pace, bound, attempt), {
    code: "TIMED_OUT",
    message: /trying took longer.*does it expect TLS/,
    cause: failure,
  });
});

test("an aborted signal ends the attempts", async () => {
  const controller = new AbortController();
  const attempt = () => {
    controller.abort(new Error("enough"));
    return Promise.reject(new ConnectionError("CONNECTION_LOST", "gone"));
  };
  const signalled = { ...bound, signal: controller.signal };
  await assert.rejects(retrying(systemHost, pace, signalled, attempt), { code: "ABORTED" });
});
