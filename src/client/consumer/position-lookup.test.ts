import assert from "node:assert/strict";
import { test } from "node:test";
import { ScriptedLogs } from "../../../test/scripted-logs.ts";
import { orders, reader, values } from "../../../test/scripted-reader.ts";
import { OffsetForLeaderEpoch } from "../../protocol/index.ts";

test("without a committed offset the policy decides where to begin", async () => {
  const logs = new ScriptedLogs([{ name: "orders", leaders: [1] }]);
  const now = logs.scripted.clock.now();
  logs.log("orders").append(["old"], { timestamp: now - 10_000 });
  logs.log("orders").append(["young"], { timestamp: now - 1_000 });
  await using recent = reader(logs.scripted, { autoOffsetReset: { durationMs: 5_000 } });
  assert.deepEqual(await values(recent, 1), ["young"]);
  await using latest = reader(logs.scripted, { autoOffsetReset: "latest" });
  logs.scripted.clock.after(1_000, () => logs.log("orders").append(["new"]));
  assert.deepEqual(await values(latest, 1), ["new"]);
  await using none = reader(logs.scripted, { autoOffsetReset: "none" });
  await assert.rejects(values(none, 1), { code: "NO_OFFSET" });
  none.seek({ ...orders, offset: 1 });
  assert.deepEqual(await values(none, 1), ["young", "new"]);
});

test("nothing as young as a duration means the records to come", async () => {
  const logs = new ScriptedLogs([{ name: "orders", leaders: [1] }]);
  logs.log("orders").append(["old"], { timestamp: 1 });
  await using consumer = reader(logs.scripted, { autoOffsetReset: { durationMs: 1_000 } });
  logs.scripted.clock.after(1_000, () => logs.log("orders").append(["new"]));
  assert.deepEqual(await values(consumer, 1), ["new"]);
});

test("an offset that is no longer in the log is an error, or reset by the policy", async () => {
  const logs = new ScriptedLogs([{ name: "orders", leaders: [1] }]);
  const log = logs.log("orders");
  for (const value of ["a", "b", "c"]) log.append([value]);
  log.startOffset = 1;
  await using strict = reader(logs.scripted, { autoOffsetReset: "none" });
  strict.seek({ ...orders, offset: 0 });
  await assert.rejects(values(strict, 1), { code: "NO_OFFSET", message: /offset 0 of orders-0/ });
  await assert.rejects(values(strict, 1), { code: "NO_OFFSET" });
  await using lenient = reader(logs.scripted);
  lenient.seek({ ...orders, offset: 17 });
  assert.deepEqual(await values(lenient, 2), ["b", "c"]);
});

test("a log that was truncated below the position is told of, or gone back in", async () => {
  for (const autoOffsetReset of ["none", "latest"] as const) {
    const logs = new ScriptedLogs([{ name: "orders", leaders: [1], leaderEpochs: [0] }], [1, 2]);
    const log = logs.log("orders");
    for (const value of ["a", "b", "c"]) log.append([value]);
    await using consumer = reader(logs.scripted, { autoOffsetReset });
    consumer.seek({ ...orders, offset: 0 });
    await values(consumer, 3);
    log.truncate(1);
    logs.move("orders", 0, 2);
    log.append(["x"]);
    if (autoOffsetReset === "latest") {
      assert.deepEqual(await values(consumer, 1), ["x"]);
      continue;
    }
    await assert.rejects(values(consumer, 1), { code: "LOG_TRUNCATED", message: /at offset 1/ });
    consumer.seek({ ...orders, offset: 1 });
    assert.deepEqual(await values(consumer, 1), ["x"]);
  }
});

test("a truncation that only a fetch's answer shows is noticed as well", async () => {
  const logs = new ScriptedLogs([{ name: "orders", leaders: [1], leaderEpochs: [0] }]);
  const log = logs.log("orders");
  for (const value of ["a", "b", "c"]) log.append([value]);
  await using consumer = reader(logs.scripted, { autoOffsetReset: "none" });
  consumer.seek({ ...orders, offset: 0 });
  await values(consumer, 3);
  log.truncate(1);
  log.leaderEpoch = 1;
  for (const value of ["x", "y", "z"]) log.append([value]);
  await assert.rejects(values(consumer, 1), { code: "LOG_TRUNCATED" });
});

test("a position with an epoch is validated before the first fetch", async () => {
  const logs = new ScriptedLogs([{ name: "orders", leaders: [1], leaderEpochs: [0] }]);
  logs.log("orders").append(["a", "b"]);
  await using consumer = reader(logs.scripted);
  consumer.seek({ ...orders, offset: 1, leaderEpoch: 0 });
  assert.deepEqual(await values(consumer, 1), ["b"]);
  const asked = logs.scripted.log.filter((one) => /Fetch|OffsetForLeaderEpoch/.test(one));
  assert.match(asked[0] ?? "", /OffsetForLeaderEpoch/);
});

test("what was buffered before the leader changed is handed out once the position is validated", {
  timeout: 10_000,
}, async () => {
  const logs = new ScriptedLogs([{ name: "orders", leaders: [1], leaderEpochs: [0] }]);
  const { clock, cluster } = logs.scripted;
  for (const value of ["a", "b"]) logs.log("orders").append([value]);
  logs.scripted.on(OffsetForLeaderEpoch, async () => {
    // Long enough for the loop to find nothing, and to wait.
    for (let step = 0; step < 10; step += 1) await clock.sleep(50);
    const end = { errorCode: 0, partition: 0, leaderEpoch: 0, endOffset: 2 };
    return { topics: [{ topic: "orders", partitions: [end] }] };
  });
  // One batch fills the buffer: nothing more arrives that could wake the loop.
  await using consumer = reader(logs.scripted, { maxPartitionFetchBytes: 1 });
  assert.deepEqual(await values(consumer, 1), ["a"]);
  await clock.sleep(1_000);
  logs.scripted.topics = [{ name: "orders", leaders: [1], leaderEpochs: [1] }];
  logs.log("orders").leaderEpoch = 1;
  await cluster.refresh(["orders"]);
  assert.deepEqual(await values(consumer, 1), ["b"]);
});
