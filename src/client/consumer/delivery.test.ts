import assert from "node:assert/strict";
import { test } from "node:test";
import { ScriptedLogs } from "../../../test/scripted-logs.ts";
import { orders, reader, values } from "../../../test/scripted-reader.ts";
import { DecodeError } from "../../errors.ts";
import { Consumer, type ConsumerBatch } from "./consumer.ts";

test("poll gives all that is there, or nothing when the time is up", async () => {
  const logs = new ScriptedLogs([{ name: "orders", leaders: [1, 1] }]);
  const second = { topic: "orders", partition: 1 };
  await using consumer = reader(logs.scripted, { assignment: [orders, second] });
  assert.deepEqual(await consumer.poll({ timeoutMs: 1_000 }), []);
  logs.log("orders", 0).append(["a"]);
  logs.log("orders", 1).append(["b"]);
  const batches = await consumer.poll({ timeoutMs: 1_000 });
  const seen = batches.flatMap((batch) => batch.records().map(({ value }) => value));
  assert.deepEqual(seen.toSorted(), ["a", "b"]);
});

test("partitions are taken side by side, each at its own pace", async () => {
  const logs = new ScriptedLogs([{ name: "orders", leaders: [1, 1] }]);
  const second = { topic: "orders", partition: 1 };
  for (let index = 0; index < 20; index += 1) logs.log("orders", 0).append(["x".repeat(1_000)]);
  const limits = { maxPartitionFetchBytes: 2_000 };
  await using consumer = reader(logs.scripted, { ...limits, assignment: [orders, second] });
  // Nobody takes any more of the first partition, whose buffer fills.
  await consumer.take(orders);
  logs.scripted.clock.after(1_000, () => logs.log("orders", 1).append(["b"]));
  const batch = await consumer.take(second);
  assert.equal(batch?.records()[0]?.value, "b");
  const waiting = consumer.take(second);
  await consumer.close();
  assert.equal(await waiting, undefined);
});

test("a batch with a wrong checksum is an error that names the place, until it is sought past", async () => {
  const logs = new ScriptedLogs([{ name: "orders", leaders: [1] }]);
  const log = logs.log("orders");
  log.append(["a"]);
  log.append(["b"]);
  log.append(["c"]);
  const at = log.read(0).indexOf("b", 61 + 8);
  log.corrupt(1, at - log.read(0, 1).length);
  await using consumer = reader(logs.scripted);
  for (let turn = 0; turn < 2; turn += 1) {
    await assert.rejects(values(consumer, 3), (error) => {
      assert.ok(error instanceof DecodeError);
      assert.equal(error.code, "CORRUPT_BATCH");
      assert.match(error.message, /orders-0 at offset 1/);
      return true;
    });
  }
  consumer.seek({ ...orders, offset: 2 });
  assert.deepEqual(await values(consumer, 1), ["c"]);
});

test("a batch of slices can be read for as long as somebody has it", async () => {
  const logs = new ScriptedLogs([{ name: "orders", leaders: [1] }]);
  for (const letter of "abc") logs.log("orders").append([letter.repeat(70_000)]);
  const { cluster } = logs.scripted;
  const options = { autoOffsetReset: "earliest", maxPartitionFetchBytes: 1 } as const;
  await using consumer = new Consumer(cluster, { ...options, assignment: [orders] });
  const batches: ConsumerBatch[] = [];
  for await (const batch of consumer) {
    batches.push(batch);
    if (batches.length === 3) break;
  }
  const firstLetters = batches.map((batch) => batch.records()[0]?.value?.toString("utf8", 0, 1));
  assert.deepEqual(firstLetters, ["a", "b", "c"]);
  assert.equal(cluster.frames.idleBytes, 0);
});

test("batches that a poll was told to keep stay the caller's until it releases them", async () => {
  const logs = new ScriptedLogs([{ name: "orders", leaders: [1] }]);
  logs.log("orders").append(["a"]);
  await using consumer = reader(logs.scripted);
  const [kept] = await consumer.poll({ timeoutMs: 1_000, keep: true });
  await consumer.poll({ keep: true });
  assert.equal(kept?.records()[0]?.value, "a");
  kept?.release();
  assert.throws(() => kept?.records(), { code: "INVALID_STATE" });
});
