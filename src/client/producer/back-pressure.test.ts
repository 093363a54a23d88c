import assert from "node:assert/strict";
import { test } from "node:test";
import type { ScriptedCluster } from "../../../test/scripted-cluster.ts";
import { scriptedWith, topic } from "../../../test/scripted-partitions.ts";

test("a batch whose linger does not add up exactly goes when its time has come", {
  timeout: 10_000,
}, async () => {
  const { newProducer, clock } = scriptedWith([1]);
  const producer = newProducer({ lingerMs: 20 });
  await producer.partitionCount(topic);
  // With this moment m, m + 20 − 20 is less than m.
  await clock.sleep(10.351947817754281 - clock.elapsed());
  await producer.send({ topic, value: "a" });
  await producer.close();
});

test("records that come within the linger travel together", async () => {
  const { scripted, newProducer } = scriptedWith([1, 1]);
  const producer = newProducer({ lingerMs: 20 });
  const sends = [0, 1, 0].map((partition) => producer.send({ topic, partition, value: "" }));
  const places = await Promise.all(sends);
  assert.deepEqual(
    places.map(({ partition, offset }) => [partition, offset]),
    [
      [0, 0],
      [1, 0],
      [0, 1],
    ],
  );
  assert.equal(produceRequests(scripted).length, 1);
  await producer.close();
});

test("a record waits for room in its turn, and fails when there is none in time", async () => {
  const { partitions, newProducer } = scriptedWith([1]);
  const producer = newProducer({ bufferMemory: 200, maxBlockMs: 1_000, deliveryTimeoutMs: 5_000 });
  partitions.fault = () => "NOT_ENOUGH_REPLICAS";
  await producer.partitionCount(topic);
  const first = producer.send({ topic, value: "x".repeat(200) });
  await assert.rejects(producer.send({ topic, value: "y" }), {
    code: "TIMED_OUT",
    message: /1000 ms.*bufferMemory/,
  });
  const third = producer.send({ topic, value: "z" });
  partitions.fault = () => undefined;
  assert.deepEqual([(await first).offset, (await third).offset], [0, 1]);
  await producer.close();
});

test("when no broker can be reached, the error says which addresses were tried", async () => {
  const { scripted, newProducer } = scriptedWith([1]);
  scripted.alive.clear();
  const producer = newProducer({ maxBlockMs: 3_000 });
  await assert.rejects(producer.send({ topic, value: "a" }), {
    code: "NO_BROKER_REACHABLE",
    message: /3000 ms.*scripted:9001/,
  });
  await producer.close();
});

test("a caller who never waits is told that the buffer is full", async () => {
  const { partitions, newProducer } = scriptedWith([1]);
  const outcomes: (string | undefined)[] = [];
  const producer = newProducer({
    bufferMemory: 1_000,
    onDelivery: (error) => outcomes.push(error?.code),
  });
  await producer.partitionCount(topic);
  let accepted = 0;
  assert.throws(
    () => {
      for (; accepted < 1_000; accepted += 1) producer.enqueue({ topic, value: "x".repeat(50) });
    },
    { code: "BUFFER_FULL" },
  );
  assert.ok(accepted > 10 && accepted < 60, `${accepted}`);
  await producer.close();
  assert.deepEqual(outcomes, new Array(accepted).fill(undefined));
  assert.equal(partitions.partition(topic, 0).values.length, accepted);
});

test("enqueue asks for a pause when no more fits, and ends it when there is room", async () => {
  const { newProducer } = scriptedWith([1]);
  const producer = newProducer({ bufferMemory: 1_000 });
  await producer.partitionCount(topic);
  let full: Promise<void> | undefined;
  for (let count = 0; full === undefined; count += 1) {
    assert.ok(count < 100);
    full = producer.enqueue({ topic, value: "x".repeat(50) });
  }
  await full;
  assert.ok(producer.bufferedBytes < 1_000);
  await producer.close();
});

test("close gives up what cannot be sent in time, each record with a delivery, and tells how many", async () => {
  const { partitions, newProducer, clock } = scriptedWith([1]);
  const producer = newProducer();
  await producer.send({ topic, value: "a" });
  partitions.fault = () => "NOT_ENOUGH_REPLICAS";
  const sends = ["b", "c"].map((value) => producer.send({ topic, value }));
  const results = Promise.allSettled(sends);
  const before = clock.elapsed();
  const closing = producer.close({ timeoutMs: 700 });
  assert.equal(producer.state, "closing");
  await assert.rejects(closing, { code: "TIMED_OUT", message: /2 records/ });
  assert.ok(clock.elapsed() - before < 800);
  for (const result of await results) {
    assert.equal(result.status === "rejected" && result.reason.code, "CLOSED");
  }
  assert.equal(producer.bufferedRecords, 0);
});

test("an aborted signal takes back a record that still waits", async () => {
  const { scripted, partitions, newProducer } = scriptedWith([1]);
  scripted.topics = [];
  const producer = newProducer();
  const stop = new AbortController();
  const sent = producer.send({ topic, value: "a" }, { signal: stop.signal });
  stop.abort(new Error("enough"));
  await assert.rejects(sent, { code: "ABORTED", cause: stop.signal.reason });
  assert.equal(producer.bufferedRecords, 0);
  scripted.topics = [{ name: topic, leaders: [1] }];
  await producer.send({ topic, value: "b" });
  assert.deepEqual(partitions.partition(topic, 0).values, ["b"]);
  await producer.close();
});

test("a broker that asks for a pause is left alone for as long", async () => {
  const { partitions, newProducer, clock } = scriptedWith([1]);
  const producer = newProducer({ lingerMs: 0 });
  partitions.throttleTimeMs = 3_000;
  await producer.send({ topic, value: "a" });
  partitions.throttleTimeMs = 0;
  const before = clock.elapsed();
  await producer.send({ topic, value: "b" });
  assert.ok(clock.elapsed() - before >= 2_900);
  await producer.close();
});

test("a broker gets no more requests at once than allowed", async () => {
  const { scripted, partitions, newProducer } = scriptedWith([1]);
  const producer = newProducer({ maxInFlight: 2, lingerMs: 0, batchSize: 200 });
  await producer.send({ topic, value: "first" });
  partitions.delayMs = 100;
  const sends = Array.from({ length: 6 }, () => producer.send({ topic, value: "x".repeat(300) }));
  await scripted.clock.sleep(50);
  assert.equal(produceRequests(scripted).length, 1 + 2);
  await Promise.all(sends);
  assert.equal(produceRequests(scripted).length, 1 + 6);
  await producer.close();
});

function produceRequests({ log }: ScriptedCluster): string[] {
  return log.filter((line) => line.startsWith("Produce"));
}
