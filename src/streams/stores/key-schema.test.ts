import assert from "node:assert/strict";
import { test } from "node:test";
import { indexOf, sessionSchema, windowSchema } from "./key-first-schema.ts";
import { sessionKey, upperRange, windowKey } from "./key-schema.ts";
import { timeFirstSessionKey, timeFirstWindowKey, toTimeFirstWindow } from "./time-first-schema.ts";

const key = Buffer.from("k");

test("keys of windows and sessions are those of Kafka Streams", () => {
  assert.equal(windowKey(key, 1000, 7).toString("hex"), "6b00000000000003e800000007");
  const session = sessionKey(key, 1000, 1500).toString("hex");
  assert.equal(session, "6b00000000000005dc00000000000003e8");
});

test("rows by time have the time in front, behind a zero, and their index has a one there", () => {
  const byTime = timeFirstWindowKey(key, 1000, 7);
  assert.equal(byTime.toString("hex"), "0000000000000003e86b00000007");
  assert.deepEqual(toTimeFirstWindow(windowKey(key, 1000, 7)), byTime);
  const session = timeFirstSessionKey(key, 1000, 1500).toString("hex");
  assert.equal(session, "0000000000000005dc00000000000003e86b");
  assert.equal(
    indexOf(windowSchema).lowest(key, 5).toString("hex"),
    "016b000000000000000500000000",
  );
});

test("the end of a range of keys keeps the bytes that what follows a key could not outdo", () => {
  const suffix = Buffer.from("0a0b", "hex");
  assert.equal(upperRange(Buffer.from("01ff05", "hex"), suffix).toString("hex"), "01ff0a0b");
  assert.equal(upperRange(Buffer.from("0c", "hex"), suffix).toString("hex"), "0c0a0b");
  const zero = Buffer.from("000b", "hex");
  assert.equal(upperRange(Buffer.from("01ff00", "hex"), zero).toString("hex"), "01ff00000b");
});

test("a session is found by when it ends and when it starts", () => {
  const row = sessionKey(key, 10, 20);
  const isFound = (from: number, to: number) =>
    sessionSchema.holds(row, { fromKey: key, toKey: key, from, to, backwards: false });
  assert.ok(isFound(20, 10));
  assert.ok(!isFound(21, 10));
  assert.ok(!isFound(20, 9));
});
