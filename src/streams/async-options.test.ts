import assert from "node:assert/strict";
import { test } from "node:test";
import { type AsyncOptions, asyncSettings, backoffMs, longestCallMs } from "./async-options.ts";

function settings(options: AsyncOptions<string, string, string>) {
  return asyncSettings(options);
}

test("without options, sixteen calls of five seconds are made once each, in the order of keys", () => {
  const { concurrency, order, maxPending, timeoutMs, retries } = settings({});
  assert.deepEqual(
    { concurrency, order, maxPending, timeoutMs, retries },
    { concurrency: 16, order: "key", maxPending: 64, timeoutMs: 5_000, retries: 0 },
  );
});

test("options that cannot be are refused by their names", () => {
  const refused: [AsyncOptions<string, string, string>, RegExp][] = [
    [{ concurrency: 0 }, /concurrency/],
    [{ concurrency: 8, maxPending: 7 }, /maxPending .* at least 8/],
    [{ timeoutMs: Number.POSITIVE_INFINITY }, /timeoutMs/],
    [{ retries: -1 }, /retries/],
    [{ retryBackoffMs: Number.NaN }, /retryBackoffMs/],
    [{ order: "keys" as "key" }, /order .* not "keys"/],
  ];
  for (const [options, message] of refused) {
    assert.throws(() => settings(options), { code: "INVALID_ARGUMENT", message });
  }
});

test("waits double up to the longest one, spread by a fifth either way", () => {
  const pace = settings({ retryBackoffMs: 100, retryBackoffMaxMs: 300 });
  const waits = [1, 2, 3, 4].map((failures) => backoffMs(pace, failures, 0.5));
  assert.deepEqual(waits, [100, 200, 300, 300]);
  assert.equal(backoffMs(pace, 1, 0), 80);
  assert.ok(backoffMs(pace, 1, 0.999) <= 120);
});

test("the longest call has all its tries time out, and the longest waits between them", () => {
  assert.equal(longestCallMs(settings({ timeoutMs: 1_000 })), 1_000);
  const pace = { timeoutMs: 1_000, retries: 2, retryBackoffMs: 100, retryBackoffMaxMs: 1_000 };
  assert.equal(longestCallMs(settings(pace)), 3_000 + 120 + 240);
});
