import assert from "node:assert/strict";
import { test } from "node:test";
import { BrokerHarness, batchOf } from "../../../test/broker-harness.ts";
import {
  DeleteTopics,
  Fetch,
  RecordBatches,
  type RequestOf,
  type ResponseOf,
} from "../../protocol/index.ts";

type Answer = ResponseOf<typeof Fetch>;
type Part = RequestOf<typeof Fetch>["topics"][number]["partitions"][number];

const mebi = 1024 * 1024;

function body(
  topic: string,
  partitions: readonly Partial<Part>[],
  rest: Partial<RequestOf<typeof Fetch>> = {},
): RequestOf<typeof Fetch> {
  const all = partitions.map((one) => ({
    partition: 0,
    fetchOffset: 0,
    partitionMaxBytes: mebi,
    ...one,
  }));
  const topics = all.length === 0 ? [] : [{ topic, partitions: all }];
  return { maxWaitMs: 0, minBytes: 1, maxBytes: mebi, topics, ...rest };
}

function partition(answer: Answer, index = 0) {
  const found = answer.responses
    .flatMap(({ partitions }) => partitions)
    .find(({ partitionIndex }) => partitionIndex === index);
  assert.ok(found, `the answer has no partition ${index}`);
  return found;
}

function offsets(answer: Answer, index = 0): number[] {
  const batches = new RecordBatches(partition(answer, index).records ?? Buffer.alloc(0));
  const found: number[] = [];
  for (let batch = batches.next(); batch; batch = batches.next()) found.push(batch.baseOffset);
  return found;
}

test("a fetch gives whole batches, from the one that holds the offset on", async () => {
  await using harness = await BrokerHarness.start();
  await harness.createTopic("t");
  const now = harness.host.clock.now();
  for (let batch = 0; batch < 3; batch += 1) {
    await harness.produce("t", 0, batchOf(["a", "b"], now));
  }
  const answer = await harness.ask(Fetch, 11, body("t", [{ fetchOffset: 3 }]));
  assert.deepEqual(offsets(answer), [2, 4]);
  assert.equal(partition(answer).highWatermark, 6);
  assert.equal(partition(answer).abortedTransactions, null);
});

test("the first batch comes whole however small the limits are, and no other", async () => {
  await using harness = await BrokerHarness.start();
  await harness.createTopic("t", 2);
  const now = harness.host.clock.now();
  for (const index of [0, 1]) await harness.produce("t", index, batchOf(["a"], now));
  const limits = [
    { partition: 0, partitionMaxBytes: 1 },
    { partition: 1, partitionMaxBytes: 1 },
  ];
  const answer = await harness.ask(Fetch, 11, body("t", limits, { maxBytes: 1 }));
  assert.deepEqual(offsets(answer, 0), [0]);
  assert.deepEqual(offsets(answer, 1), []);
});

test("offsets outside of the log, unknown topics and wrong leader epochs are told apart", async () => {
  await using harness = await BrokerHarness.start();
  const topicId = await harness.createTopic("t");
  const code = async (topic: string, part: Partial<Part>) =>
    partition(await harness.ask(Fetch, 12, body(topic, [part]))).errorCode;
  assert.equal(await code("t", { fetchOffset: 1 }), 1);
  assert.equal(await code("t", { fetchOffset: -1 }), 1);
  assert.equal(await code("missing", {}), 3);
  assert.equal(await code("t", { currentLeaderEpoch: 7 }), 75);
  const byId = (id: string) =>
    harness.ask(Fetch, 13, {
      ...body("", []),
      topics: [
        { topicId: id, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: mebi }] },
      ],
    });
  assert.equal(partition(await byId(topicId)).errorCode, 0);
  assert.equal(partition(await byId("00000000-0000-0000-0000-0000000000ff")).errorCode, 100);
});

test("a fetch waits for as long as it may, and no longer", async () => {
  await using harness = await BrokerHarness.start();
  await harness.createTopic("t");
  const start = harness.host.clock.elapsed();
  const answer = await harness.ask(Fetch, 11, body("t", [{}], { maxWaitMs: 800 }));
  assert.deepEqual(offsets(answer), []);
  assert.equal(harness.host.clock.elapsed() - start, 800);
});

test("a fetch that waits is answered as soon as there are enough bytes", async () => {
  await using harness = await BrokerHarness.start();
  await harness.createTopic("t", 2);
  const { clock } = harness.host;
  const one = batchOf(["a"], clock.now());
  const reader = await harness.connect();
  const start = clock.elapsed();
  const fetched = reader.request(
    Fetch,
    11,
    body("t", [{}, { partition: 1 }], { maxWaitMs: 60_000, minBytes: 2 * one.length }),
    100_000,
  );
  await clock.sleep(100);
  await harness.produce("t", 0, batchOf(["a"], clock.now()));
  await clock.sleep(100);
  await harness.produce("t", 1, batchOf(["a"], clock.now()));
  const answer = await fetched;
  assert.equal(clock.elapsed() - start, 200);
  assert.deepEqual([offsets(answer, 0), offsets(answer, 1)], [[0], [0]]);
});

test("a fetch that waits hears of the end of its topic at once", async () => {
  await using harness = await BrokerHarness.start();
  await harness.createTopic("t");
  const { clock } = harness.host;
  const reader = await harness.connect();
  const start = clock.elapsed();
  const fetched = reader.request(Fetch, 11, body("t", [{}], { maxWaitMs: 60_000 }), 100_000);
  await clock.sleep(100);
  await harness.ask(DeleteTopics, 5, { topicNames: ["t"], timeoutMs: 1000 });
  assert.equal(partition(await fetched).errorCode, 3);
  assert.equal(clock.elapsed() - start, 100);
});

test("in a session an answer names only what has changed", async () => {
  await using harness = await BrokerHarness.start();
  await harness.createTopic("t", 3);
  const { clock } = harness.host;
  const all = [{ partition: 0 }, { partition: 1 }, { partition: 2 }];
  const first = await harness.ask(Fetch, 11, body("t", all, { sessionEpoch: 0 }));
  const { sessionId } = first;
  assert.ok(sessionId > 0);
  assert.equal(first.responses[0]?.partitions.length, 3);
  await harness.produce("t", 1, batchOf(["a"], clock.now()));
  const session = { sessionId, sessionEpoch: 1 };
  const second = await harness.ask(Fetch, 11, body("t", [], session));
  assert.deepEqual(
    second.responses.flatMap(({ partitions }) => partitions.map((one) => one.partitionIndex)),
    [1],
  );
  const moved = [{ partition: 1, fetchOffset: 1 }];
  const third = await harness.ask(Fetch, 11, body("t", moved, { sessionId, sessionEpoch: 2 }));
  assert.deepEqual(third.responses, []);
  const stale = await harness.ask(Fetch, 11, body("t", [], { sessionId, sessionEpoch: 2 }));
  assert.equal(stale.errorCode, 71);
  const unknown = await harness.ask(Fetch, 11, body("t", [], { ...session, sessionId: 12345 }));
  assert.equal(unknown.errorCode, 70);
});

test("a partition that was served comes behind the others, so that all get their turn", async () => {
  await using harness = await BrokerHarness.start();
  await harness.createTopic("t", 2);
  const now = harness.host.clock.now();
  for (const index of [0, 1]) await harness.produce("t", index, batchOf(["a"], now));
  const all = [{ partition: 0 }, { partition: 1 }];
  const limit = { maxBytes: 1 };
  const first = await harness.ask(Fetch, 11, body("t", all, { ...limit, sessionEpoch: 0 }));
  assert.deepEqual(offsets(first, 0), [0]);
  const { sessionId } = first;
  const next = (sessionEpoch: number) =>
    harness.ask(Fetch, 11, body("t", [], { ...limit, sessionId, sessionEpoch }));
  // The first answer was not part of a session yet, so partition 0 is still in front.
  assert.deepEqual(offsets(await next(1), 0), [0]);
  assert.deepEqual(offsets(await next(2), 1), [0]);
  assert.deepEqual(offsets(await next(3), 0), [0]);
});
