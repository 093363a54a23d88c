import assert from "node:assert/strict";
import { test } from "node:test";
import { ScriptedLogs } from "../../../test/scripted-logs.ts";
import { orders, reader, values } from "../../../test/scripted-reader.ts";
import type { ConsumerBatch } from "./consumer.ts";

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

test("memory is used again where nobody keeps parts of it, and what is read stays right", async () => {
  const logs = new ScriptedLogs([{ name: "orders", leaders: [1, 1] }]);
  const second = { topic: "orders", partition: 1 };
  const large = (letter: string) => letter.repeat(50_000);
  const letters = [..."abcdefghijklmnopqrstuvwxyz"];
  for (const letter of letters) logs.log("orders", 0).append([large(letter), large(letter)]);
  for (const letter of letters) logs.log("orders", 1).append([large(letter.toUpperCase())]);
  const limits = { maxPartitionFetchBytes: 120_000, maxBufferedBytes: 600_000 };
  await using consumer = reader(logs.scripted, { ...limits, assignment: [orders, second] });
  const seen: string[] = [];
  while (seen.length < 78) {
    for (const batch of await consumer.poll({ timeoutMs: 1_000 })) {
      for (const { value } of batch) seen.push(value ?? "null");
    }
  }
  await consumer.poll();
  assert.deepEqual(
    seen.filter((value) => value < "a"),
    letters.map((letter) => large(letter.toUpperCase())),
  );
  assert.deepEqual(
    seen.filter((value) => value >= "a"),
    letters.flatMap((letter) => [large(letter), large(letter)]),
  );
  const { idleBytes } = logs.scripted.cluster.frames;
  assert.ok(idleBytes > 0 && idleBytes < 1_000_000, `${idleBytes} bytes wait for their next use`);
});

test("a batch whose memory is used again refuses to be read, one that was left in hand does not", async () => {
  const logs = new ScriptedLogs([{ name: "orders", leaders: [1] }]);
  logs.log("orders").append(["a"]);
  logs.log("orders").append(["b"]);
  await using consumer = reader(logs.scripted, { maxPartitionFetchBytes: 1 });
  const batches: ConsumerBatch<string, string>[] = [];
  for await (const batch of consumer) {
    batches.push(batch);
    if (batches.length === 2) break;
  }
  assert.throws(() => batches[0]?.records(), { code: "INVALID_STATE", message: /reuseBuffers/ });
  assert.equal(batches[1]?.records()[0]?.value, "b");
});
