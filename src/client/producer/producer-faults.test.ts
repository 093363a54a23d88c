import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Fault, scriptedWith, topic } from "../../../test/scripted-partitions.ts";
import { brokerErrorNumber } from "../../broker-error-code.ts";
import type { MillraceError } from "../../errors.ts";
import { InitProducerId } from "../../protocol/apis/init-producer-id.ts";

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
