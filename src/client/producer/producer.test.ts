import assert from "node:assert/strict";
import { test } from "node:test";
import { scriptedWith, topic } from "../../../test/scripted-partitions.ts";
import { brokerErrorNumber } from "../../broker-error-code.ts";
import { Producer, type ProducerOptions } from "./producer.ts";
import type { Content } from "./record.ts";

test("a callback that throws keeps no other delivery back, and its error comes to light", async () => {
  const { newProducer, clock } = scriptedWith([1]);
  const outside: (() => void)[] = [];
  clock.soon = (run) => void outside.push(run);
  let deliveries = 0;
  const producer = newProducer({
    onDelivery() {
      deliveries += 1;
      if (deliveries === 2) throw new Error("mine");
    },
  });
  for (const value of ["a", "b", "c"]) producer.enqueue({ topic, value });
  await producer.flush();
  assert.equal(deliveries, 3);
  assert.equal(outside.length, 1);
  assert.throws(outside[0] as () => void, /mine/);
  await producer.close();
});

test("records that nobody waits for are reported by the batch", async () => {
  const { partitions, newProducer } = scriptedWith([1]);
  const failures: [string, number][] = [];
  const producer = newProducer({
    onBatchFailure: (error, { records }) => failures.push([error.code, records]),
  });
  partitions.fault = () => "TOPIC_AUTHORIZATION_FAILED";
  await producer.partitionCount(topic);
  for (const value of ["a", "b"]) producer.append(topic, 0, 5, null, value);
  await producer.flush();
  assert.deepEqual(failures, [["TOPIC_AUTHORIZATION_FAILED", 2]]);
  await producer.close();
});

test("a custom partitioner is asked, and its nonsense refused", async () => {
  const { newProducer } = scriptedWith([1, 1, 1]);
  const seen: unknown[] = [];
  const producer = newProducer({
    partitioner(record, partitionCount) {
      seen.push([record.key, partitionCount]);
      return record.key === "bad" ? 7 : 2;
    },
  });
  assert.equal((await producer.send({ topic, key: "a", value: "" })).partition, 2);
  await assert.rejects(producer.send({ topic, key: "bad", value: "" }), {
    code: "INVALID_ARGUMENT",
  });
  assert.deepEqual(seen, [
    ["a", 3],
    ["bad", 3],
  ]);
  await producer.close();
});

test("serializers turn keys and values into what travels, but not null", async () => {
  const { scripted, partitions } = scriptedWith([1]);
  const number = { serialize: (value: number) => String(value) };
  const producer = new Producer(scripted.cluster, { key: number, value: number });
  await producer.send({ topic, key: 1, value: 42 });
  await producer.send({ topic, value: null });
  assert.deepEqual(partitions.partition(topic, 0).values, ["42", null]);
  await producer.close();
});

test("settings that cannot be are refused by name", () => {
  const { newProducer } = scriptedWith([1]);
  const invalid: ProducerOptions<Content, Content>[] = [
    { batchSize: 0 },
    { lingerMs: -1 },
    { acks: 1, idempotent: true },
    { maxInFlight: 6 },
    { transactionalId: "t", acks: 1 },
    { transactionalId: "" },
  ];
  for (const options of invalid) {
    assert.throws(() => newProducer(options), { code: "INVALID_ARGUMENT" });
  }
});

test("a value that nothing can write is refused, also while its topic is not known", async () => {
  const { newProducer, partitions } = scriptedWith([1]);
  const producer = newProducer();
  const value = 42 as unknown as string;
  await assert.rejects(producer.send({ topic, value }), { code: "INVALID_ARGUMENT" });
  await producer.send({ topic, value: "a" });
  await assert.rejects(producer.send({ topic, value }), { code: "INVALID_ARGUMENT" });
  await assert.rejects(producer.send({ topic: "", value: "b" }), { code: "INVALID_ARGUMENT" });
  await producer.send({ topic, value: "c" });
  assert.deepEqual(partitions.partition(topic, 0).values, ["a", "c"]);
  await producer.close();
});

test("bytes may be used again as soon as send returns", async () => {
  const { newProducer, partitions } = scriptedWith([1]);
  const producer = newProducer();
  const scratch = Buffer.alloc(1);
  const sends = ["a", "b", "c"].map((letter) => {
    scratch.write(letter);
    return producer.send({ topic, value: scratch });
  });
  await Promise.all(sends);
  assert.deepEqual(partitions.partition(topic, 0).values, ["a", "b", "c"]);
  await producer.close();
});

test("a topic that is refused can be tried again at once", async () => {
  const { newProducer, scripted, clock } = scriptedWith([1]);
  const errorCode = brokerErrorNumber("TOPIC_AUTHORIZATION_FAILED");
  scripted.topics = [{ name: topic, leaders: [], errorCode }];
  const producer = newProducer();
  const again = producer.send({ topic, value: "a" }).catch((error) => {
    assert.equal(error.code, "TOPIC_AUTHORIZATION_FAILED");
    scripted.topics = [{ name: topic, leaders: [1] }];
    return producer.send({ topic, value: "b" });
  });
  assert.equal((await again).offset, 0);
  assert.ok(clock.elapsed() < 1_000);
  await producer.close();
});

test("up to where a partition was written is known once it is acknowledged", async () => {
  const { partitions, newProducer } = scriptedWith([1, 1]);
  const producer = newProducer();
  const end = (partition: number) => producer.writtenEnd({ topic, partition });
  assert.equal(end(0), undefined);
  await producer.send({ topic, partition: 0, value: "a" });
  assert.equal(end(0), 1);
  for (const value of ["b", "c"]) producer.append(topic, 0, 5, null, value);
  assert.equal(end(0), 1);
  await producer.flush();
  assert.deepEqual([end(0), end(1)], [3, undefined]);
  partitions.fault = () => "TOPIC_AUTHORIZATION_FAILED";
  await assert.rejects(producer.send({ topic, partition: 0, value: "d" }));
  assert.equal(end(0), 3);
  await producer.close();
});
