import assert from "node:assert/strict";
import { test } from "node:test";
import { BrokerHarness, batchOf, virtualHost } from "../../test/broker-harness.ts";
import { FaultyDisk } from "../../test/faulty-disk.ts";
import {
  DeleteRecords,
  DeleteTopics,
  DescribeLogDirs,
  DescribeProducers,
  IncrementalAlterConfigs,
  ListOffsets,
  OffsetForLeaderEpoch,
} from "../protocol/index.ts";

async function offsetOf(harness: BrokerHarness, topic: string, timestamp: number) {
  const partitions = [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp }];
  const { topics } = await harness.ask(ListOffsets, 8, {
    replicaId: -1,
    isolationLevel: 0,
    topics: [{ name: topic, partitions }],
  });
  const [found] = topics[0]?.partitions ?? [];
  return found?.errorCode === 0 ? found.offset : `error ${found?.errorCode}`;
}

async function setConfig(harness: BrokerHarness, topic: string, name: string, value: string) {
  const configs = [{ name, configOperation: 0, value }];
  const resources = [{ resourceType: 2, resourceName: topic, configs }];
  const { responses } = await harness.ask(IncrementalAlterConfigs, 1, {
    resources,
    validateOnly: false,
  });
  assert.equal(responses[0]?.errorCode, 0);
}

test("offsets are found by command and by time", async () => {
  await using harness = await BrokerHarness.start();
  await harness.createTopic("t");
  const now = harness.host.clock.now();
  await harness.produce("t", 0, batchOf(["a", "b"], now - 2000));
  await harness.produce("t", 0, batchOf(["c"], now));
  await harness.produce("t", 0, batchOf(["d"], now - 1000));
  assert.equal(await offsetOf(harness, "t", -1), 4);
  assert.equal(await offsetOf(harness, "t", -2), 0);
  assert.equal(await offsetOf(harness, "t", -3), 2);
  assert.equal(await offsetOf(harness, "t", -4), 0);
  assert.equal(await offsetOf(harness, "t", now - 1500), 2);
  assert.equal(await offsetOf(harness, "t", now + 1), -1);
  assert.equal(await offsetOf(harness, "t", -5), "error 35");
  assert.equal(await offsetOf(harness, "missing", -1), "error 3");
});

test("records below an offset are deleted, and the log starts there", async () => {
  await using harness = await BrokerHarness.start();
  await harness.createTopic("t");
  await harness.createTopic("compacted", 1, { "cleanup.policy": "compact" });
  const now = harness.host.clock.now();
  await harness.produce("t", 0, batchOf(["a", "b", "c"], now));
  const remove = async (name: string, offset: number) => {
    const partitions = [{ partitionIndex: 0, offset }];
    const { topics } = await harness.ask(DeleteRecords, 2, {
      topics: [{ name, partitions }],
      timeoutMs: 1000,
    });
    const [answer] = topics[0]?.partitions ?? [];
    return [answer?.errorCode, answer?.lowWatermark];
  };
  assert.deepEqual(await remove("t", 2), [0, 2]);
  assert.equal(await offsetOf(harness, "t", -2), 2);
  assert.deepEqual(await remove("t", 9), [1, -1]);
  assert.deepEqual(await remove("t", -2), [1, -1]);
  assert.deepEqual(await remove("t", -1), [0, 3]);
  assert.deepEqual(await remove("compacted", 0), [44, -1]);
  assert.deepEqual(await remove("missing", 0), [3, -1]);
});

test("a topic's new config holds for the next append", async () => {
  await using harness = await BrokerHarness.start();
  await harness.createTopic("t");
  await setConfig(harness, "t", "max.message.bytes", "100");
  const records = batchOf(["x".repeat(200)], harness.host.clock.now());
  assert.equal((await harness.produce("t", 0, records)).errorCode, 10);
});

test("a topic that is made again after its deletion begins anew", async () => {
  await using harness = await BrokerHarness.start();
  const now = harness.host.clock.now();
  const first = await harness.createTopic("t");
  await harness.produce("t", 0, batchOf(["a"], now));
  await harness.ask(DeleteTopics, 5, { topicNames: ["t"], timeoutMs: 1000 });
  assert.equal((await harness.produce("t", 0, batchOf(["a"], now))).errorCode, 3);
  assert.notEqual(await harness.createTopic("t"), first);
  assert.equal((await harness.produce("t", 0, batchOf(["a"], now))).baseOffset, 0);
});

test("the end of a leader epoch is known, and wrong epochs are refused", async () => {
  await using harness = await BrokerHarness.start();
  await harness.createTopic("t");
  await harness.produce("t", 0, batchOf(["a", "b"], harness.host.clock.now()));
  const ask = async (currentLeaderEpoch: number, leaderEpoch: number) => {
    const partitions = [{ partition: 0, currentLeaderEpoch, leaderEpoch }];
    const { topics } = await harness.ask(OffsetForLeaderEpoch, 4, {
      replicaId: -1,
      topics: [{ topic: "t", partitions }],
    });
    const [answer] = topics[0]?.partitions ?? [];
    return [answer?.errorCode, answer?.leaderEpoch, answer?.endOffset];
  };
  assert.deepEqual(await ask(0, 0), [0, 0, 2]);
  assert.deepEqual(await ask(-1, 5), [0, -1, -1]);
  assert.deepEqual(await ask(3, 0), [75, -1, -1]);
});

test("retention deletes what is older than the topic allows", async () => {
  await using harness = await BrokerHarness.start();
  await harness.createTopic("t", 1, { "retention.ms": "60000", "segment.ms": "1000" });
  const { clock } = harness.host;
  await harness.produce("t", 0, batchOf(["a"], clock.now()));
  await clock.sleep(400_000);
  assert.equal(await offsetOf(harness, "t", -2), 1);
  assert.equal(await offsetOf(harness, "t", -1), 1);
});

test("compaction leaves the last record of each key", async () => {
  await using harness = await BrokerHarness.start();
  const configs = {
    "cleanup.policy": "compact",
    "segment.ms": "1000",
    "min.cleanable.dirty.ratio": "0.01",
  };
  await harness.createTopic("t", 1, configs);
  const { clock } = harness.host;
  for (let round = 0; round < 5; round += 1) {
    await harness.produce("t", 0, batchOf([`${round}`], clock.now()));
    await clock.sleep(2_000);
  }
  const sizeOf = async () => {
    const { results } = await harness.ask(DescribeLogDirs, 4, { topics: null });
    assert.ok((results[0]?.totalBytes ?? 0) > 0);
    return results[0]?.topics[0]?.partitions[0]?.partitionSize ?? 0;
  };
  const before = await sizeOf();
  await clock.sleep(60_000);
  assert.ok((await sizeOf()) < before);
  assert.equal(await offsetOf(harness, "t", -1), 5);
});

test("a partition tells of the producers that have written to it", async () => {
  await using harness = await BrokerHarness.start();
  await harness.createTopic("t");
  const { topics } = await harness.ask(DescribeProducers, 0, {
    topics: [
      { name: "t", partitionIndexes: [0, 1] },
      { name: "no such name!", partitionIndexes: [0] },
    ],
  });
  const codes = topics.map(({ partitions }) => partitions.map(({ errorCode }) => errorCode));
  assert.deepEqual(codes, [[0, 3], [17]]);
});

test("a full disk refuses writes, goes on serving reads, and recovers when there is room", async () => {
  const disk = new FaultyDisk(() => 0.5);
  const host = { ...virtualHost(), disk };
  await using harness = await BrokerHarness.start({ host, dataDir: "/data" });
  await harness.createTopic("t");
  const write = async () => {
    const answer = await harness.produce("t", 0, batchOf(["a"], host.clock.now()));
    return [answer.errorCode, answer.baseOffset];
  };
  assert.deepEqual(await write(), [0, 0]);
  const { freeBytes } = disk;
  disk.freeBytes = 10;
  assert.deepEqual(await write(), [56, -1]);
  assert.equal(await offsetOf(harness, "t", -1), 1);
  disk.freeBytes = freeBytes;
  assert.deepEqual(await write(), [0, 1]);
});
