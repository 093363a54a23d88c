import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Client, type Compression, type ConsumerOptions, string } from "millrace/client";
import type { Cluster } from "../../src/client/cluster.ts";
import type { Consumer } from "../../src/client/consumer/consumer.ts";
import { startCluster, type TestCluster, withoutTools } from "../cluster.ts";
import { until } from "../until.ts";
import { createTopic, numbered, produce } from "./consumer-fixture.ts";
import { clusterAt } from "./raw-cluster.ts";

const codecs: readonly Compression[] = ["none", "gzip", "snappy", "lz4", "zstd"];
/** No test waits longer for records that should be there. */
const timeout = 30_000;

describe("a consumer", { timeout: 120_000 }, () => {
  let kafka: TestCluster;
  let cluster: Cluster;
  let client: Client;
  before(async () => {
    kafka = await startCluster();
    cluster = clusterAt(kafka.bootstrapServers);
    const { bootstrapServers } = kafka;
    client = new Client({ bootstrapServers, allowAutoTopicCreation: false });
  });
  after(async () => {
    await client?.close();
    cluster?.close();
    await kafka?.close();
  });

  function reader(
    topic: string,
    options: Partial<ConsumerOptions<string, string>> & { readonly partitions?: number } = {},
  ): Consumer<string, string> {
    const { partitions = 1, ...rest } = options;
    const assignment = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
    return client.consumer({
      assignment,
      autoOffsetReset: "earliest",
      key: string,
      value: string,
      ...rest,
    });
  }

  /** The next values, as many as are wanted, over as many batches as it takes. */
  async function values(consumer: Consumer<string, string>, count: number): Promise<string[]> {
    const seen: string[] = [];
    const watch = setTimeout(() => void consumer.close(), timeout);
    try {
      for await (const batch of consumer) {
        for (const { value } of batch) seen.push(value ?? "null");
        if (seen.length >= count) break;
      }
    } finally {
      clearTimeout(watch);
    }
    return seen;
  }

  const numbers = (count: number, first = 0) =>
    Array.from({ length: count }, (_, index) => String(first + index));

  for (const compression of codecs) {
    test(`records of ours with ${compression} are read as they were written`, {
      timeout,
    }, async () => {
      const topic = `ours-${compression}`;
      await createTopic(cluster, topic);
      const headers = [
        { key: "trace", value: "1" },
        { key: "trace", value: null },
      ];
      const timestamp = Date.now();
      const records = [
        { key: "k", value: "first", headers, timestamp },
        { key: null, value: null },
        { key: "", value: "", headers: [] },
        ...numbered(500),
      ];
      await produce(cluster, { topic, records, compression });
      await using consumer = reader(topic);
      for await (const batch of consumer) {
        const [first, second, third, ...rest] = batch.records();
        assert.deepEqual(
          { ...first },
          {
            topic,
            partition: 0,
            offset: 0,
            timestamp,
            timestampType: "create",
            leaderEpoch: 0,
            key: "k",
            value: "first",
            headers: [
              { key: "trace", value: Buffer.from("1") },
              { key: "trace", value: null },
            ],
          },
        );
        assert.deepEqual([second?.key, second?.value, second?.headers], [null, null, []]);
        assert.deepEqual([third?.key, third?.value], ["", ""]);
        assert.deepEqual(
          rest.map(({ value }) => value),
          numbers(500),
        );
        assert.equal(batch.highWatermark, 503);
        break;
      }
    });
  }

  test("records of Kafka's own producer are read with every codec", {
    skip: withoutTools,
    timeout: 60_000,
  }, async () => {
    const payloads = join(kafka.directory, "payloads.txt");
    await writeFile(payloads, `${"x".repeat(300)}\n`);
    const write = async (codec: Compression) => {
      await createTopic(cluster, `java-${codec}`);
      await kafka.tool(
        "org.apache.kafka.tools.ProducerPerformance",
        ...["--topic", `java-${codec}`, "--num-records", "2000", "--throughput", "-1"],
        ...["--payload-file", payloads],
        ...["--bootstrap-server", kafka.bootstrapServers],
        ...["--command-property", `compression.type=${codec}`],
      );
    };
    for (const codec of codecs) await write(codec);
    for (const codec of codecs) {
      await using consumer = reader(`java-${codec}`);
      const seen = await values(consumer, 2_000);
      assert.equal(seen.length, 2_000);
      assert.ok(seen.every((value) => value === "x".repeat(300)));
    }
  });

  test("aborted and open transactions are hidden from a reader of committed records", {
    timeout,
  }, async () => {
    const topic = "transactions";
    await createTopic(cluster, topic);
    await using producer = client.producer({ transactionalId: "writer" });
    const write = async (first: number, end: "commit" | "abort" | "open") => {
      await producer.begin();
      for (const value of numbers(100, first)) {
        void producer.send({ topic, partition: 0, key: "k", value }).catch(() => {});
      }
      await producer.flush();
      if (end !== "open") await producer[end]();
    };
    await write(0, "commit");
    await write(100, "abort");
    await write(200, "commit");
    await write(300, "open");
    await using committed = reader(topic, { isolationLevel: "read-committed" });
    assert.deepEqual(await values(committed, 200), [...numbers(100), ...numbers(100, 200)]);
    const [end] = await committed.endOffsets([{ topic, partition: 0 }]);
    assert.deepEqual([committed.position({ topic, partition: 0 }), end?.offset], [303, 303]);
    await using all = reader(topic);
    assert.deepEqual(await values(all, 400), numbers(400));
    await producer.commit();
    assert.deepEqual(await values(committed, 100), numbers(100, 300));
  });

  test("seeks by offset, by time and to both ends are followed", { timeout }, async () => {
    const topic = "seeks";
    await createTopic(cluster, topic);
    const place = { topic, partition: 0 };
    const day = 86_400_000;
    const start = Date.now() - 3 * day;
    const records = numbered(300).map((record, index) => ({
      ...record,
      timestamp: start + Math.floor(index / 100) * day,
    }));
    await produce(cluster, { topic, records, batchRecords: 50 });
    await using consumer = reader(topic);
    assert.equal((await values(consumer, 300)).length, 300);
    consumer.seek({ ...place, offset: 25 });
    assert.deepEqual((await values(consumer, 275)).slice(0, 2), ["25", "26"]);
    consumer.seekToTime(start + day);
    assert.equal((await values(consumer, 200))[0], "100");
    const found = await consumer.offsetsForTime(start + day + 1, [place]);
    assert.deepEqual([found[0]?.offset, found[0]?.timestamp], [200, start + 2 * day]);
    const [late] = await consumer.offsetsForTime(Date.now() + day, [place]);
    assert.equal(late?.offset, -1);
    consumer.seekToBeginning([place]);
    assert.equal((await values(consumer, 300))[0], "0");
    consumer.seekToEnd();
    const next = values(consumer, 1);
    await until("the position", async () => consumer.position(place) === 300);
    await produce(cluster, { topic, records: numbered(1, 300) });
    assert.deepEqual(await next, ["300"]);
    const [first] = await consumer.beginningOffsets([place]);
    assert.equal(first?.offset, 0);
    assert.deepEqual(consumer.lag(), [{ ...place, position: 301, endOffset: 301, lag: 0 }]);
  });

  test("a paused partition waits, the others go on", { timeout }, async () => {
    const topic = "pauses";
    await createTopic(cluster, topic, { partitions: 2 });
    await using consumer = reader(topic, { partitions: 2 });
    consumer.pause([{ topic, partition: 0 }]);
    await produce(cluster, { topic, partition: 0, records: numbered(10) });
    await produce(cluster, { topic, partition: 1, records: numbered(10, 10) });
    assert.deepEqual(await values(consumer, 10), numbers(10, 10));
    assert.deepEqual(await consumer.poll({ timeoutMs: 1_000 }), []);
    consumer.resume([{ topic, partition: 0 }]);
    assert.deepEqual(await values(consumer, 10), numbers(10));
  });

  test("deleted records are skipped by the policy, or an error without one", {
    timeout,
  }, async () => {
    const topic = "deleted";
    await createTopic(cluster, topic);
    await produce(cluster, { topic, records: numbered(10) });
    await client.admin().records.delete({ topic, partition: 0, beforeOffset: 4 });
    await using strict = reader(topic, { autoOffsetReset: "none" });
    strict.seek({ topic, partition: 0, offset: 2 });
    await assert.rejects(values(strict, 1), { code: "NO_OFFSET" });
    await using earliest = reader(topic);
    earliest.seek({ topic, partition: 0, offset: 2 });
    assert.deepEqual(await values(earliest, 6), numbers(6, 4));
    await using latest = reader(topic, { autoOffsetReset: "latest" });
    latest.seek({ topic, partition: 0, offset: 2 });
    const next = values(latest, 1);
    const position = () => latest.position({ topic, partition: 0 });
    await until("the reset", async () => position() === 10);
    await produce(cluster, { topic, records: numbered(1, 10) });
    assert.deepEqual(await next, ["10"]);
  });

  test("batches larger than any limit still come", { timeout }, async () => {
    const topic = "large";
    await createTopic(cluster, topic, { configs: { "max.message.bytes": "20000000" } });
    const records = Array.from({ length: 3 }, () => ({ key: "k", value: "x".repeat(5_000_000) }));
    await produce(cluster, { topic, records, batchRecords: 1 });
    await using consumer = reader(topic, {
      fetchMaxBytes: 100_000,
      maxPartitionFetchBytes: 10_000,
      maxBufferedBytes: 1_000_000,
    });
    const seen = await values(consumer, 3);
    assert.deepEqual(
      seen.map(({ length }) => length),
      [5_000_000, 5_000_000, 5_000_000],
    );
  });

  test("many partitions are read to their ends within a small budget", { timeout }, async () => {
    const topic = "many";
    const partitions = 60;
    await createTopic(cluster, topic, { partitions });
    const lines = numbered(40).map((one) => ({
      ...one,
      value: `${one.value}${"x".repeat(1_000)}`,
    }));
    await Promise.all(
      Array.from({ length: partitions }, (_, partition) =>
        produce(cluster, { topic, partition, records: lines, batchRecords: 8 }),
      ),
    );
    await using consumer = reader(topic, {
      partitions,
      maxPartitionFetchBytes: 10_000,
      maxBufferedBytes: 200_000,
    });
    const counts = new Map<number, number>();
    let most = 0;
    let total = 0;
    for await (const batch of consumer) {
      for (const { offset } of batch) {
        assert.equal(offset, counts.get(batch.partition) ?? 0);
        counts.set(batch.partition, offset + 1);
        total += 1;
      }
      most = Math.max(most, consumer.metrics().gauges["buffered-bytes"] ?? 0);
      if (total === partitions * 40) break;
    }
    assert.equal(counts.size, partitions);
    assert.ok(most <= 220_000, `${most} bytes were buffered`);
  });

  test("a loop that blocks for longer than a request may take loses no connection by it", {
    timeout,
  }, async () => {
    const topic = "blocked";
    await createTopic(cluster, topic);
    await produce(cluster, { topic, records: numbered(20), batchRecords: 1 });
    const { bootstrapServers } = kafka;
    await using impatient = new Client({ bootstrapServers, requestTimeoutMs: 200 });
    const assignment = [{ topic, partition: 0 }];
    const options = { autoOffsetReset: "earliest", fetchMaxWaitMs: 50 } as const;
    const consumer = impatient.consumer({ ...options, assignment, maxPartitionFetchBytes: 100 });
    let blocks = 0;
    for await (const _ of consumer) {
      const start = performance.now();
      while (performance.now() - start < 500);
      blocks += 1;
      if (blocks === 5) break;
    }
    assert.equal(consumer.metrics().counters["fetch-failed-total"], 0);
  });

  test("partitions can be exchanged by hand", { timeout }, async () => {
    const topic = "by-hand";
    await createTopic(cluster, topic, { partitions: 2 });
    await produce(cluster, { topic, partition: 0, records: numbered(5) });
    await produce(cluster, { topic, partition: 1, records: numbered(5, 5) });
    await using consumer = reader(topic);
    assert.deepEqual(await values(consumer, 5), numbers(5));
    consumer.assign([{ topic, partition: 1 }]);
    assert.deepEqual(await values(consumer, 5), numbers(5, 5));
    assert.deepEqual(consumer.assignment, [{ topic, partition: 1 }]);
    const partitions = await consumer.partitionsFor(topic);
    assert.deepEqual(
      partitions.map(({ partition, leader }) => [partition, leader]),
      [
        [0, 1],
        [1, 1],
      ],
    );
  });

  test("commits outlive the consumer, with their notes", { timeout }, async () => {
    const topic = "commits";
    await createTopic(cluster, topic);
    await produce(cluster, { topic, records: numbered(10), batchRecords: 2 });
    const place = { topic, partition: 0 };
    {
      await using consumer = reader(topic, { groupId: "commits", enableAutoCommit: false });
      await values(consumer, 10);
      await consumer.commit([{ ...place, offset: 4, metadata: "half-way" }]);
    }
    await using consumer = reader(topic, { groupId: "commits" });
    assert.deepEqual(await values(consumer, 6), numbers(6, 4));
    const [committed] = await consumer.committed([place]);
    assert.deepEqual([committed?.offset, committed?.metadata], [4, "half-way"]);
    await assert.rejects(consumer.commit([{ ...place, offset: -1 }]), { code: "INVALID_ARGUMENT" });
  });

  test("a topic is waited for, a name that cannot be is refused", { timeout }, async () => {
    await using consumer = reader("later");
    const next = values(consumer, 1);
    await consumer.poll({ timeoutMs: 500 });
    await createTopic(cluster, "later");
    await produce(cluster, { topic: "later", records: numbered(1) });
    assert.deepEqual(await next, ["0"]);
    await using impossible = reader("no such/topic");
    await assert.rejects(values(impossible, 1), { code: "INVALID_TOPIC_EXCEPTION" });
  });

  test("a topic that was deleted and made anew is read from its start", {
    timeout: 60_000,
  }, async () => {
    const topic = "anew";
    await createTopic(cluster, topic);
    await produce(cluster, { topic, records: numbered(10) });
    await using consumer = reader(topic);
    assert.deepEqual(await values(consumer, 10), numbers(10));
    await client.admin().topics.delete(topic);
    await createTopic(cluster, topic);
    await produce(cluster, { topic, records: numbered(3, 100) });
    assert.deepEqual(await values(consumer, 3), numbers(3, 100));
  });
});
