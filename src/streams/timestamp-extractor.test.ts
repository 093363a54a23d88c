import assert from "node:assert/strict";
import { test } from "node:test";
import {
  failOnInvalidTimestamp,
  logAndSkipOnInvalidTimestamp,
  usePartitionTimeOnInvalidTimestamp,
  wallclockTimestamp,
} from "./timestamp-extractor.ts";

const record = (timestamp: number) => {
  return { topic: "in", partition: 1, offset: 7, key: "k", value: "v", timestamp, headers: [] };
};

test("all but the clock's extractor take a record's own timestamp where it has one", () => {
  for (const extract of [
    failOnInvalidTimestamp,
    logAndSkipOnInvalidTimestamp,
    usePartitionTimeOnInvalidTimestamp,
  ]) {
    assert.equal(extract(record(5), 9), 5);
    assert.equal(extract(record(0), 9), 0);
  }
  assert.equal(wallclockTimestamp(() => 1_000)(record(5), 9), 1_000);
});

test("a record without a timestamp fails, is dropped, or gets the latest time of its partition", () => {
  const place = /in-1 at offset 7 has the timestamp -1/;
  assert.throws(() => failOnInvalidTimestamp(record(-1), 9), {
    code: "INVALID_STATE",
    message: place,
  });
  assert.ok(logAndSkipOnInvalidTimestamp(record(-1), 9) < 0);
  assert.equal(usePartitionTimeOnInvalidTimestamp(record(-1), 9), 9);
  assert.throws(() => usePartitionTimeOnInvalidTimestamp(record(-1), -1), {
    code: "INVALID_STATE",
    message: place,
  });
});
