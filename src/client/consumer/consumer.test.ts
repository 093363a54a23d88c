import assert from "node:assert/strict";
import { test } from "node:test";
import { ScriptedLogs } from "../../../test/scripted-logs.ts";
import { DecodeError } from "../../errors.ts";
import type { Cluster } from "../cluster.ts";
import { string } from "../serde.ts";
import { Consumer } from "./consumer.ts";
import type { ConsumerOptions } from "./options.ts";

const orders = { topic: "orders", partition: 0 };

function reader(
  { cluster }: { readonly cluster: Cluster },
  options: Partial<ConsumerOptions<string, string>> = {},
): Consumer<string, string> {
  return new Consumer(cluster, {
    assignment: [orders],
    autoOffsetReset: "earliest",
    key: string,
    value: string,
    ...options,
  });
}

/** The next values, as many as are wanted, over as many batches as it takes. */
async function values(consumer: Consumer<string, string>, count: number): Promise<string[]> {
  const seen: string[] = [];
  for await (const batch of consumer) {
    for (const { value } of batch) seen.push(value ?? "null");
    if (seen.length >= count) break;
  }
  return seen;
}

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

test("a leader that has moved is followed after asking for metadata", async () => {
  const logs = new ScriptedLogs([{ name: "orders", leaders: [1] }], [1, 2]);
  logs.log("orders").append(["a"]);
  await using consumer = reader(logs.scripted);
  assert.deepEqual(await values(consumer, 1), ["a"]);
  logs.move("orders", 0, 2);
  logs.log("orders").append(["b"]);
  assert.deepEqual(await values(consumer, 1), ["b"]);
});

test("a leader that the old one names is asked at once, without metadata", async () => {
  const id = "11111111-1111-1111-1111-111111111111";
  const leaders = { name: "orders", leaders: [1], leaderEpochs: [0], id };
  const logs = new ScriptedLogs([leaders], [1, 2]);
  logs.tellsLeaders = true;
  logs.log("orders").append(["a"]);
  await using consumer = reader(logs.scripted);
  assert.deepEqual(await values(consumer, 1), ["a"]);
  const asked = () => logs.scripted.log.filter((one) => one.startsWith("Metadata")).length;
  const before = asked();
  logs.move("orders", 0, 2);
  logs.log("orders").append(["b"]);
  assert.deepEqual(await values(consumer, 1), ["b"]);
  assert.equal(asked(), before);
});

test("a broker that is down is asked again until it is back, and not in a tight loop", async () => {
  const logs = new ScriptedLogs([{ name: "orders", leaders: [1] }]);
  logs.log("orders").append(["a"]);
  await using consumer = reader(logs.scripted);
  assert.deepEqual(await values(consumer, 1), ["a"]);
  logs.scripted.alive.delete(1);
  logs.scripted.clock.after(60_000, () => {
    logs.scripted.alive.add(1);
    logs.log("orders").append(["b"]);
  });
  assert.deepEqual(await values(consumer, 1), ["b"]);
  const failed = consumer.metrics().counters["fetch-failed-total"] ?? 0;
  assert.ok(failed > 10 && failed < 300, `${failed} failed fetches in a minute`);
});

test("a broker that is down does not hold up the others", async () => {
  const logs = new ScriptedLogs([{ name: "orders", leaders: [1, 2] }], [1, 2]);
  logs.log("orders", 0).append(["a"]);
  const second = { topic: "orders", partition: 1 };
  await using consumer = reader(logs.scripted, { assignment: [orders, second] });
  assert.deepEqual(await values(consumer, 1), ["a"]);
  logs.scripted.alive.delete(1);
  logs.log("orders", 1).append(["b"]);
  assert.deepEqual(await values(consumer, 1), ["b"]);
});

test("a topic that is not there yet is waited for", async () => {
  const logs = new ScriptedLogs([]);
  await using consumer = reader(logs.scripted);
  logs.scripted.clock.after(30_000, () => {
    logs.scripted.topics = [{ name: "orders", leaders: [1] }];
    logs.log("orders").append(["a"]);
  });
  assert.deepEqual(await values(consumer, 1), ["a"]);
});

test("a topic that must not be read rejects the loop", async () => {
  const logs = new ScriptedLogs([{ name: "orders", leaders: [], errorCode: 29 }]);
  await using consumer = reader(logs.scripted);
  await assert.rejects(values(consumer, 1), { code: "TOPIC_AUTHORIZATION_FAILED" });
});

test("a refused fetch rejects the loop, and the next loop tries again", async () => {
  const logs = new ScriptedLogs([{ name: "orders", leaders: [1] }]);
  logs.log("orders").append(["a"]);
  logs.errors.set("orders-0", 29);
  await using consumer = reader(logs.scripted);
  await assert.rejects(values(consumer, 1), { code: "TOPIC_AUTHORIZATION_FAILED" });
  logs.errors.clear();
  assert.deepEqual(await values(consumer, 1), ["a"]);
});

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

test("a partition is not fetched further while enough of it is buffered", async () => {
  const logs = new ScriptedLogs([{ name: "orders", leaders: [1] }]);
  for (let index = 0; index < 50; index += 1) logs.log("orders").append(["x".repeat(1_000)]);
  const limits = { maxPartitionFetchBytes: 2_000, maxBufferedBytes: 1_000_000 };
  await using consumer = reader(logs.scripted, limits);
  for await (const _ of consumer) break;
  await logs.scripted.clock.sleep(5_000);
  const held = consumer.metrics().gauges["buffered-bytes"] ?? 0;
  assert.ok(held > 0 && held <= 6_000, `${held} bytes are buffered`);
  assert.equal((await values(consumer, 49)).length, 49);
});

test("no more than the budget is buffered, however many partitions there are", async () => {
  const leaders = Array.from({ length: 40 }, () => 1);
  const logs = new ScriptedLogs([{ name: "orders", leaders }]);
  const assignment = leaders.map((_, partition) => ({ topic: "orders", partition }));
  for (const { partition } of assignment) {
    for (let index = 0; index < 5; index += 1)
      logs.log("orders", partition).append(["x".repeat(1_000)]);
  }
  const limits = { maxPartitionFetchBytes: 1_500, maxBufferedBytes: 20_000 };
  await using consumer = reader(logs.scripted, { ...limits, assignment });
  let count = 0;
  for await (const batch of consumer) {
    count += batch.recordCount;
    await logs.scripted.clock.sleep(10);
    if (count === 200) break;
  }
  assert.equal(count, 200);
});

test("what is paused gives way when the budget is used up", async () => {
  const leaders = Array.from({ length: 11 }, () => 1);
  const logs = new ScriptedLogs([{ name: "orders", leaders }]);
  const assignment = leaders.map((_, partition) => ({ topic: "orders", partition }));
  for (const { partition } of assignment) logs.log("orders", partition).append(["x".repeat(1_000)]);
  const limits = { maxPartitionFetchBytes: 1_500, maxBufferedBytes: 5_000 };
  await using consumer = reader(logs.scripted, { ...limits, assignment });
  consumer.start();
  consumer.pause(assignment.slice(1));
  await logs.scripted.clock.sleep(1_000);
  logs.log("orders", 0).append(["last"]);
  consumer.pause([]);
  const seen = await values(consumer, 2);
  assert.equal(seen.at(-1), "last");
});

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
