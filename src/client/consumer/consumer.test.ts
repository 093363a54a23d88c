import assert from "node:assert/strict";
import { test } from "node:test";
import { ScriptedLogs } from "../../../test/scripted-logs.ts";
import { orders, reader, values } from "../../../test/scripted-reader.ts";
import { Consumer } from "./consumer.ts";
import type { ConsumerOptions } from "./options.ts";

test("records come in order, and the loop waits for those to come", async () => {
  const logs = new ScriptedLogs([{ name: "orders", leaders: [1] }]);
  logs.log("orders").append(["a", "b"]);
  await using consumer = reader(logs.scripted);
  assert.deepEqual(await values(consumer, 2), ["a", "b"]);
  logs.scripted.clock.after(2_000, () => logs.log("orders").append(["c"]));
  assert.deepEqual(await values(consumer, 1), ["c"]);
  assert.equal(consumer.position(orders), 3);
  assert.deepEqual(consumer.lag(), [{ ...orders, position: 3, endOffset: 3, lag: 0 }]);
});

test("a paused partition hands nothing out, and loses nothing", async () => {
  const logs = new ScriptedLogs([{ name: "orders", leaders: [1, 1] }]);
  const second = { topic: "orders", partition: 1 };
  logs.log("orders", 0).append(["a"]);
  logs.log("orders", 1).append(["b"]);
  await using consumer = reader(logs.scripted, { assignment: [orders, second] });
  consumer.pause([orders]);
  assert.deepEqual(consumer.paused, [orders]);
  assert.deepEqual(await values(consumer, 1), ["b"]);
  consumer.resume([orders]);
  assert.deepEqual(await values(consumer, 1), ["a"]);
});

test("seeks to the beginning, to the end and to a time take effect on the next batch", async () => {
  const logs = new ScriptedLogs([{ name: "orders", leaders: [1] }]);
  logs.log("orders").append(["a"], { timestamp: 1_000 });
  logs.log("orders").append(["b"], { timestamp: 2_000 });
  await using consumer = reader(logs.scripted);
  await values(consumer, 2);
  consumer.seekToBeginning();
  assert.deepEqual(await values(consumer, 2), ["a", "b"]);
  consumer.seekToTime(1_500);
  assert.deepEqual(await values(consumer, 1), ["b"]);
  consumer.seekToBeginning();
  consumer.seekToEnd([orders]);
  logs.scripted.clock.after(1_000, () => logs.log("orders").append(["c"]));
  assert.deepEqual(await values(consumer, 1), ["c"]);
  assert.throws(() => consumer.seek({ topic: "other", partition: 0, offset: 1 }), {
    code: "INVALID_STATE",
  });
});

test("a closed consumer ends its loops and refuses the rest", async () => {
  const logs = new ScriptedLogs([{ name: "orders", leaders: [1] }]);
  const consumer = reader(logs.scripted);
  const loop = values(consumer, 1);
  await logs.scripted.clock.sleep(100);
  await Promise.all([consumer.close(), consumer.close()]);
  assert.deepEqual(await loop, []);
  await assert.rejects(consumer.poll(), { code: "CLOSED" });
  assert.deepEqual(await values(consumer, 1), []);
});

test("a signal ends the loop after the batch in hand, and closes", async () => {
  const logs = new ScriptedLogs([{ name: "orders", leaders: [1] }]);
  logs.log("orders").append(["a"]);
  const ending = new AbortController();
  const consumer = reader(logs.scripted, { signal: ending.signal });
  let isDone = false;
  for await (const _ of consumer) {
    ending.abort();
    await logs.scripted.clock.sleep(1_000);
    isDone = true;
  }
  assert.equal(isDone, true);
  await assert.rejects(consumer.poll(), { code: "CLOSED" });
});

test("commits need a group", async () => {
  const logs = new ScriptedLogs([{ name: "orders", leaders: [1] }]);
  logs.log("orders").append(["a"]);
  await using consumer = reader(logs.scripted);
  for await (const batch of consumer) {
    await assert.rejects(batch.commit(), { code: "INVALID_STATE" });
    break;
  }
});

test("options that cannot be, or not together, are refused", () => {
  const { cluster } = new ScriptedLogs([]).scripted;
  const make = (options: ConsumerOptions) => () => new Consumer(cluster, options);
  assert.throws(make({ topics: ["orders"] }), { code: "INVALID_ARGUMENT" });
  assert.throws(make({ topics: [], groupId: "g" }), { code: "INVALID_ARGUMENT" });
  assert.throws(make({ topics: ["orders"], assignment: [orders], groupId: "g" }), {
    code: "INVALID_ARGUMENT",
  });
  assert.throws(make({ assignment: [orders], enableAutoCommit: true }), {
    code: "INVALID_ARGUMENT",
  });
  assert.throws(make({ assignment: [orders], fetchMaxBytes: 0.5 }), { code: "INVALID_ARGUMENT" });
});
