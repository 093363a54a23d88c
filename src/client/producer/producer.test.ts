import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ScriptedCluster } from "../../../test/scripted-cluster.ts";
import { type Fault, ScriptedPartitions } from "../../../test/scripted-partitions.ts";
import { brokerErrorNumber } from "../../broker-error-code.ts";
import type { MillraceError } from "../../errors.ts";
import { InitProducerId } from "../../protocol/apis/init-producer-id.ts";
import { Producer, type ProducerOptions } from "./producer.ts";
import type { Content } from "./record.ts";

const topic = "orders";

function scriptedWith(leaders: readonly number[], brokers: readonly number[] = [1]) {
  const scripted = new ScriptedCluster(brokers);
  scripted.topics = [{ name: topic, leaders, leaderEpochs: leaders.map(() => 1) }];
  const partitions = new ScriptedPartitions(scripted);
  const newProducer = (options: ProducerOptions<Content, Content> = {}) =>
    new Producer(scripted.cluster, options);
  return { scripted, partitions, newProducer, clock: scripted.clock };
}

function produceRequests({ log }: ScriptedCluster): string[] {
  return log.filter((line) => line.startsWith("Produce"));
}

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

test("a moved leader is followed without an error", async () => {
  const { scripted, partitions, newProducer } = scriptedWith([1], [1, 2]);
  const producer = newProducer();
  await producer.send({ topic, value: "a" });
  scripted.topics = [{ name: topic, leaders: [2], leaderEpochs: [2] }];
  assert.equal((await producer.send({ topic, value: "b" })).offset, 1);
  assert.deepEqual(partitions.partition(topic, 0).values, ["a", "b"]);
  await producer.close();
});

test("a leader that the answer names is asked at once, without a back-off", async () => {
  const { scripted, partitions, newProducer, clock } = scriptedWith([1], [1, 2]);
  const producer = newProducer({ lingerMs: 0, retryBackoffMs: 500 });
  await producer.send({ topic, value: "a" });
  partitions.hints = [{ leaderId: 2, leaderEpoch: 2 }];
  scripted.topics = [{ name: topic, leaders: [2], leaderEpochs: [2] }];
  const before = clock.elapsed();
  await producer.send({ topic, value: "b" });
  assert.ok(clock.elapsed() - before < 400, `${clock.elapsed() - before} ms`);
  await producer.close();
});

test("a delivery that takes too long fails, also while it is on its way, and the next one is safe", async () => {
  const { partitions, newProducer, clock } = scriptedWith([1]);
  const producer = newProducer({ deliveryTimeoutMs: 2_000, requestTimeoutMs: 500 });
  await producer.send({ topic, value: "a" });
  partitions.fault = () => "REQUEST_TIMED_OUT";
  const before = clock.elapsed();
  await assert.rejects(producer.send({ topic, value: "b" }), {
    code: "DELIVERY_TIMED_OUT",
    message: /orders-0.*2000 ms.*may have been written.*REQUEST_TIMED_OUT/,
  });
  assert.ok(clock.elapsed() - before < 2_100);
  partitions.fault = () => undefined;
  assert.equal((await producer.send({ topic, value: "c" })).offset, 1);
  const { values, batches } = partitions.partition(topic, 0);
  assert.deepEqual(values, ["a", "c"]);
  assert.deepEqual([batches[1]?.producerEpoch, batches[1]?.baseSequence], [1, 0]);
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

test("a leader that cannot be reached any more is waited for, until the delivery's time is over", async () => {
  const { scripted, partitions, newProducer } = scriptedWith([1, 2], [1, 2]);
  const producer = newProducer({ deliveryTimeoutMs: 5_000 });
  await producer.send({ topic, partition: 0, value: "a" });
  scripted.alive.delete(2);
  await assert.rejects(producer.send({ topic, partition: 1, value: "b" }), {
    code: "DELIVERY_TIMED_OUT",
    message: /orders-1.*never sent.*scripted:9002/,
  });
  scripted.alive.add(2);
  await producer.send({ topic, partition: 1, value: "c" });
  assert.deepEqual(partitions.partition(topic, 1).values, ["c"]);
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

test("without permission for idempotence records fail at once, and not for good", async () => {
  const { scripted, newProducer } = scriptedWith([1]);
  let isAllowed = false;
  scripted.on(InitProducerId, () => ({
    errorCode: isAllowed ? 0 : brokerErrorNumber("CLUSTER_AUTHORIZATION_FAILED"),
    producerId: 1,
    producerEpoch: 0,
  }));
  const producer = newProducer();
  await assert.rejects(producer.send({ topic, value: "a" }), {
    code: "CLUSTER_AUTHORIZATION_FAILED",
  });
  isAllowed = true;
  assert.equal((await producer.send({ topic, value: "b" })).offset, 0);
  await producer.close();
});

test("when the epochs are used up, a new identity is asked for", async () => {
  const { scripted, partitions, newProducer } = scriptedWith([1]);
  let given = 0;
  scripted.on(InitProducerId, () => {
    given += 1;
    return { errorCode: 0, producerId: given, producerEpoch: given === 1 ? 32_767 : 0 };
  });
  const producer = newProducer();
  await producer.send({ topic, value: "a" });
  partitions.fault = () => "INVALID_RECORD";
  await assert.rejects(producer.send({ topic, value: "b" }), { code: "INVALID_RECORD" });
  partitions.fault = () => undefined;
  await producer.send({ topic, value: "c" });
  assert.deepEqual(
    partitions.partition(topic, 0).batches.map(({ producerId }) => producerId),
    [1, 2],
  );
  await producer.close();
});

test("a broker that has forgotten the producer gets a new epoch, and nothing is lost", async () => {
  const { partitions, newProducer } = scriptedWith([1]);
  const producer = newProducer();
  await producer.send({ topic, value: "a" });
  let isForgotten = true;
  partitions.fault = () => {
    if (!isForgotten) return undefined;
    isForgotten = false;
    partitions.partition(topic, 0).forgetProducers();
    return "UNKNOWN_PRODUCER_ID";
  };
  await producer.send({ topic, value: "b" });
  const { values, batches } = partitions.partition(topic, 0);
  assert.deepEqual(values, ["a", "b"]);
  assert.equal(batches[1]?.producerEpoch, 1);
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

/** What goes wrong, by a number; mostly nothing. */
function faultOf(choice: number): Fault | undefined {
  const faults: readonly (Fault | undefined)[] = [
    "NOT_ENOUGH_REPLICAS",
    "REQUEST_TIMED_OUT",
    "lose-request",
    "lose-answer",
    "lose-answer",
    "NOT_LEADER_OR_FOLLOWER",
  ];
  return faults[choice % 20];
}

for (const idempotent of [true, false]) {
  const promise = idempotent ? "is written once, in order" : "is written, in order";
  test(`through failures and lost connections every record ${promise}, with one delivery (idempotent: ${idempotent})`, async () => {
    const choices = fc.array(fc.nat(1_000), { minLength: 30, maxLength: 150, size: "max" });
    await fc.assert(
      fc.asyncProperty(choices, async (faults) => {
        const { partitions, newProducer, clock } = scriptedWith([1, 2, 1], [1, 2]);
        const left = [...faults];
        partitions.fault = () => faultOf(left.pop() ?? 19);
        const outcomes = new Map<unknown, MillraceError | number>();
        const producer = newProducer({
          idempotent,
          batchSize: 200,
          deliveryTimeoutMs: 1e9,
          onDelivery(error, metadata, { metadata: index }) {
            assert.ok(!outcomes.has(index), "one delivery");
            outcomes.set(index, error ?? (metadata?.offset as number));
          },
        });
        const count = 120;
        for (let index = 0; index < count; index += 1) {
          const value = `${index}`.padStart(40, "0");
          await producer.enqueue({ topic, partition: index % 3, value, metadata: index });
          if (faults[index % faults.length]! % 7 === 0) await clock.sleep(3);
        }
        await producer.flush();
        await producer.close();
        assert.equal(outcomes.size, count);
        for (let partition = 0; partition < 3; partition += 1) {
          const numbers = partitions.partition(topic, partition).values.map(Number);
          const written = idempotent ? numbers : withoutRepeats(numbers);
          const expected = Array.from({ length: count / 3 }, (_, at) => at * 3 + partition);
          assert.deepEqual(written, expected);
          if (!idempotent) continue;
          const offsets = expected.map((index) => outcomes.get(index));
          assert.deepEqual(offsets, [...expected.keys()]);
        }
      }),
      { numRuns: 40 },
    );
  });
}

/** Without idempotence a batch whose answer was lost is written again right behind itself. */
function withoutRepeats(numbers: readonly number[]): number[] {
  return [...new Set(numbers)];
}
