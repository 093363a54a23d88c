import assert from "node:assert/strict";
import { test } from "node:test";
import { BrokerHarness, batchOf } from "../../../test/broker-harness.ts";
import {
  FindCoordinator,
  ListOffsets,
  Metadata,
  Produce,
  RecordBatchBuilder,
} from "../../protocol/index.ts";

function producing(topic: string, records: Buffer | null, acks = 1) {
  const partitionData = [{ index: 0, records }];
  return { acks, timeoutMs: 1000, topicData: [{ name: topic, partitionData }] };
}

function transactionalBatch(now: number): Buffer {
  const builder = new RecordBatchBuilder({ capacity: 256, isTransactional: true });
  builder.append(now, null, Buffer.from("a"));
  return builder.finish({ producerId: 9, producerEpoch: 0, baseSequence: 0 });
}

test("an append is answered with its offset and the start of the log", async () => {
  await using harness = await BrokerHarness.start();
  await harness.createTopic("t");
  const now = harness.host.clock.now();
  await harness.produce("t", 0, batchOf(["a", "b"], now));
  const { errorCode, baseOffset, logStartOffset, logAppendTimeMs } = await harness.produce(
    "t",
    0,
    batchOf(["c"], now),
  );
  assert.deepEqual([errorCode, baseOffset, logStartOffset, logAppendTimeMs], [0, 2, 0, -1]);
});

test("a topic that is not there is not made by a write", async () => {
  await using harness = await BrokerHarness.start();
  const now = harness.host.clock.now();
  assert.equal((await harness.produce("missing", 0, batchOf(["a"], now))).errorCode, 3);
  const { topics } = await harness.ask(Metadata, 12, { topics: null });
  assert.deepEqual(topics, []);
});

test("a topic's id that is not known is told apart from a name", async () => {
  await using harness = await BrokerHarness.start();
  const now = harness.host.clock.now();
  const topicId = "00000000-0000-0000-0000-0000000000ff";
  const { responses } = await harness.ask(Produce, 13, {
    acks: 1,
    timeoutMs: 1000,
    topicData: [{ topicId, partitionData: [{ index: 0, records: batchOf(["a"], now) }] }],
  });
  assert.equal(responses[0]?.partitionResponses[0]?.errorCode, 100);
  assert.equal(responses[0]?.topicId, topicId);
});

test("acks other than -1, 0 and 1 are refused", async () => {
  await using harness = await BrokerHarness.start();
  await harness.createTopic("t");
  const now = harness.host.clock.now();
  const { responses } = await harness.ask(Produce, 9, producing("t", batchOf(["a"], now), 2));
  assert.equal(responses[0]?.partitionResponses[0]?.errorCode, 21);
});

test("a write with acks 0 has no answer, and one that fails ends the connection", async () => {
  await using harness = await BrokerHarness.start();
  await harness.createTopic("t");
  const now = harness.host.clock.now();
  const connection = await harness.connect();
  connection.send(Produce, 9, producing("t", batchOf(["a"], now), 0));
  const latest = { partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -1 };
  const topics = [{ name: "t", partitions: [latest] }];
  const { topics: found } = await connection.request(
    ListOffsets,
    7,
    { replicaId: -1, isolationLevel: 0, topics },
    1000,
  );
  assert.equal(found[0]?.partitions[0]?.offset, 1);
  const isClosed = new Promise<void>((resolve) => connection.onClose(resolve));
  connection.send(Produce, 9, producing("missing", batchOf(["a"], now), 0));
  await isClosed;
});

test("a transactional batch needs a transactional id", async () => {
  await using harness = await BrokerHarness.start();
  await harness.createTopic("t");
  const records = transactionalBatch(harness.host.clock.now());
  const { responses } = await harness.ask(Produce, 9, producing("t", records));
  assert.equal(responses[0]?.partitionResponses[0]?.errorCode, 53);
});

test("a transactional batch of an id that nobody knows is refused", async () => {
  await using harness = await BrokerHarness.start();
  await harness.createTopic("t");
  await harness.ask(FindCoordinator, 4, { keyType: 1, coordinatorKeys: ["known"] });
  const records = transactionalBatch(harness.host.clock.now());
  const body = { ...producing("t", records), transactionalId: "unknown" };
  const { responses } = await harness.ask(Produce, 12, body);
  assert.equal(responses[0]?.partitionResponses[0]?.errorCode, 49);
});

test("records of a time to come are refused one by one", async () => {
  await using harness = await BrokerHarness.start();
  await harness.createTopic("t");
  const late = harness.host.clock.now() + 10 * 86_400_000;
  const answer = await harness.produce("t", 0, batchOf(["a", "b"], late));
  assert.equal(answer.errorCode, 32);
  assert.deepEqual(
    answer.recordErrors.map(({ batchIndex }) => batchIndex),
    [0, 1],
  );
  assert.ok(answer.errorMessage);
});

test("internal topics are not for clients to write to", async () => {
  await using harness = await BrokerHarness.start();
  await harness.createTopic("__consumer_offsets");
  const now = harness.host.clock.now();
  const answer = await harness.produce("__consumer_offsets", 0, batchOf(["a"], now));
  assert.equal(answer.errorCode, 17);
});
