import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Cluster } from "../../src/client/cluster.ts";
import { Producer } from "../../src/client/producer/producer.ts";
import type { ProducerRecord } from "../../src/client/producer/record.ts";
import type { Compression } from "../../src/protocol/compression.ts";
import { startCluster, type TestCluster, withoutTools } from "../cluster.ts";
import { createTopic } from "./consumer-fixture.ts";
import { readTopic } from "./producer-fixture.ts";
import { clusterAt } from "./raw-cluster.ts";

const codecs: readonly Compression[] = ["none", "gzip", "snappy", "lz4", "zstd"];

describe("producing", () => {
  let kafka: TestCluster;
  let cluster: Cluster;
  let topics = 0;
  before(async () => {
    kafka = await startCluster();
    cluster = clusterAt(kafka.bootstrapServers);
  });
  after(async () => {
    cluster?.close();
    await kafka?.close();
  });

  async function newTopic(
    partitions = 1,
    configs: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    topics += 1;
    const name = `topic-${topics}`;
    await createTopic(cluster, name, { partitions, configs });
    return name;
  }

  for (const compression of codecs) {
    test(`records come through ${compression} as they were: text, nulls, headers, timestamps`, async () => {
      const topic = await newTopic();
      await using producer = new Producer(cluster, { compression });
      const timestamp = Date.now() - 1_000;
      const records: ProducerRecord[] = [
        { topic, key: "ключ", value: "значение 🚀", headers: { a: "1", b: null }, timestamp },
        { topic, key: null, value: null },
        { topic, key: Buffer.from("bytes"), value: "x".repeat(5_000) },
        ...Array.from({ length: 500 }, (_, index) => ({ topic, key: "k", value: `v${index}` })),
      ];
      const places = await Promise.all(records.map((record) => producer.send(record)));
      const found = await readTopic(cluster, topic);
      assert.deepEqual(
        places.map(({ offset }) => offset),
        records.map((_, index) => index),
      );
      assert.deepEqual(
        found.map(({ key, value }) => [key, value]),
        records.map(({ key, value }) => [key?.toString() ?? null, value]),
      );
      assert.equal(found[0]?.timestamp, timestamp);
      assert.equal(places[0]?.timestamp, timestamp);
      assert.deepEqual(
        found[0]?.headers.map(({ key, value }) => [key, value?.toString() ?? null]),
        [
          ["a", "1"],
          ["b", null],
        ],
      );
    });
  }

  test("enqueue delivers each record once, with what the caller gave along", async () => {
    const topic = await newTopic(3);
    const count = 20_000;
    const seen = new Map<unknown, number>();
    const producer = new Producer(cluster, {
      bufferMemory: 200_000,
      onDelivery(error, metadata, record) {
        assert.equal(error, null);
        assert.equal(metadata?.topic, topic);
        seen.set(record.metadata, (seen.get(record.metadata) ?? 0) + 1);
      },
    });
    let waits = 0;
    for (let index = 0; index < count; index += 1) {
      const record = { topic, key: `k${index % 50}`, value: `${index}`, metadata: index };
      const full = producer.enqueue(record);
      if (full) waits += 1;
      await full;
    }
    await producer.close();
    assert.equal(seen.size, count);
    assert.ok([...seen.values()].every((times) => times === 1));
    assert.ok(waits > 0, "the buffer was full now and then");
    const found = await readTopic(cluster, topic);
    assert.equal(found.length, count);
    for (const partition of [0, 1, 2]) {
      const values = found.filter((one) => one.partition === partition).map(({ value }) => +value!);
      assert.deepEqual(
        values,
        values.toSorted((left, right) => left - right),
      );
    }
  });

  test("the same key goes where Kafka's own producers put it", async () => {
    const topic = await newTopic(5);
    await using producer = new Producer(cluster);
    // Murmur2 of these, as in Kafka's own tests of Utils.murmur2.
    const hashes = { "21": -973932308, foobar: -790332482, "a-little-bit-long-string": -985981536 };
    for (const [key, hash] of Object.entries(hashes)) {
      const { partition } = await producer.send({ topic, key, value: "" });
      assert.equal(partition, (hash & 0x7fffffff) % 5, key);
    }
  });

  test("records without a key fill a batch of one partition, then one of another", async () => {
    const topic = await newTopic(4);
    await using producer = new Producer(cluster, { lingerMs: 100, batchSize: 16_384 });
    const sends = Array.from({ length: 2_000 }, () =>
      producer.send({ topic, value: "x".repeat(200) }),
    );
    const partitions = (await Promise.all(sends)).map(({ partition }) => partition);
    const changes = partitions.filter((partition, index) => partition !== partitions[index - 1]);
    assert.equal(new Set(partitions).size, 4);
    assert.ok(changes.length <= 30, `${changes.length} changes for 26 full batches`);
  });

  test("acks 0 and 1 write too; without an answer the offset is not known", async () => {
    const topic = await newTopic();
    const count = 5_000;
    for (const acks of [0, 1] as const) {
      const producer = new Producer(cluster, { acks });
      const sends = Array.from({ length: count }, (_, index) =>
        producer.send({ topic, value: `${index}`.padStart(1_000, "0") }),
      );
      await producer.close();
      assert.equal((await sends[0])?.offset, acks === 0 ? -1 : count);
    }
    assert.equal((await readTopic(cluster, topic)).length, 2 * count);
  });

  test("a topic that stamps arrivals tells the time of arrival", async () => {
    const topic = await newTopic(1, { "message.timestamp.type": "LogAppendTime" });
    await using producer = new Producer(cluster);
    const { timestamp } = await producer.send({ topic, value: "", timestamp: 1_000 });
    assert.ok(timestamp > 1_000);
  });

  test("a record larger than a request is refused at once", async () => {
    const topic = await newTopic();
    await using producer = new Producer(cluster, { maxRequestSize: 10_000 });
    const record = { topic, value: "x".repeat(10_000) };
    await assert.rejects(producer.send(record), { code: "RECORD_TOO_LARGE" });
    assert.throws(() => producer.enqueue(record), { code: "RECORD_TOO_LARGE" });
    assert.equal((await producer.send({ topic, value: "small" })).offset, 0);
  });

  test("a batch that is too large for the topic is split, a record that is fails alone", async () => {
    const topic = await newTopic(1, { "max.message.bytes": "5000" });
    await using producer = new Producer(cluster, { lingerMs: 50, batchSize: 100_000 });
    const values = Array.from({ length: 50 }, (_, index) =>
      index === 20 ? "L".repeat(9_000) : `${index}-${"x".repeat(1_000)}`,
    );
    const results = await Promise.allSettled(
      values.map((value) => producer.send({ topic, value })),
    );
    const failed = results.flatMap((result, index) => (result.status === "rejected" ? index : []));
    assert.deepEqual(failed, [20]);
    assert.equal((results[20] as PromiseRejectedResult).reason.code, "MESSAGE_TOO_LARGE");
    const found = (await readTopic(cluster, topic)).map(({ value }) => value);
    assert.deepEqual(
      found,
      values.filter((_, index) => index !== 20),
    );
    assert.ok(producer.metrics().splits > 0);
  });

  test("a record the broker finds invalid fails, and the others of its batch with a reason", async () => {
    const topic = await newTopic(1, { "cleanup.policy": "compact" });
    await using producer = new Producer(cluster, { lingerMs: 50 });
    const keys = ["a", null, "b"];
    const results = await Promise.allSettled(
      keys.map((key) => producer.send({ topic, key, value: "v" })),
    );
    const messages = results.map((result) =>
      result.status === "rejected" ? result.reason.message : "",
    );
    assert.match(messages[1] ?? "", /INVALID_RECORD/);
    assert.match(messages[0] ?? "", /another record in the same batch/);
    assert.equal((await producer.send({ topic, key: "a", value: "v" })).offset, 0);
  });

  test("an unknown topic is waited for, then refused with its name", async () => {
    const producer = new Producer(cluster, { maxBlockMs: 1_000 });
    await assert.rejects(producer.send({ topic: "nowhere", value: "" }), {
      code: "UNKNOWN_TOPIC_OR_PARTITION",
      message: /nowhere/,
    });
    await assert.rejects(producer.send({ topic: "not/a/name", value: "" }), {
      code: "INVALID_TOPIC_EXCEPTION",
    });
    const topic = await newTopic(2);
    await assert.rejects(producer.send({ topic, partition: 2, value: "" }), {
      code: "INVALID_ARGUMENT",
      message: /2 partitions/,
    });
    const later = producer.send({ topic: "later", value: "" });
    await createTopic(cluster, "later");
    assert.equal((await later).offset, 0);
    await producer.close();
  });

  test("partitions that are added later get records", async () => {
    const topic = await newTopic(1);
    await using producer = new Producer(cluster);
    assert.equal((await producer.send({ topic, key: "21", value: "" })).partition, 0);
    const { CreatePartitions } = await import("../../src/protocol/apis/create-partitions.ts");
    const wanted = { name: topic, count: 3, assignments: null };
    await cluster.request("any", CreatePartitions, {
      topics: [wanted],
      timeoutMs: 10_000,
      validateOnly: false,
    });
    while (cluster.metadata.topic(topic)?.partitions.length !== 3) await cluster.refresh([topic]);
    const { partition } = await producer.send({ topic, key: "21", value: "" });
    assert.equal(partition, (-973932308 & 0x7fffffff) % 3);
  });

  test("close sends what is pending; what comes later is refused", async () => {
    const topic = await newTopic(2);
    const producer = new Producer(cluster, { lingerMs: 10_000 });
    const sends = Array.from({ length: 3_000 }, (_, index) =>
      producer.send({ topic, value: `${index}` }),
    );
    await producer.close();
    assert.equal((await Promise.all(sends)).length, 3_000);
    assert.equal(producer.state, "closed");
    await assert.rejects(producer.send({ topic, value: "" }), { code: "CLOSED" });
    await producer.close();
    assert.equal((await readTopic(cluster, topic)).length, 3_000);
  });

  test("Kafka's own consumer reads what was written", { skip: withoutTools }, async () => {
    const topic = await newTopic();
    await using producer = new Producer(cluster, { compression: "lz4" });
    for (const key of ["a", "b"]) await producer.send({ topic, key, value: `${key}-value` });
    const { directory, bootstrapServers } = kafka;
    assert.ok(directory);
    const printed = await kafka.tool(
      "org.apache.kafka.tools.consumer.ConsoleConsumer",
      ...["--bootstrap-server", bootstrapServers, "--topic", topic, "--from-beginning"],
      ...["--max-messages", "2", "--timeout-ms", "20000", "--formatter-property", "print.key=true"],
    );
    assert.deepEqual(printed.trim().split("\n"), ["a\ta-value", "b\tb-value"]);
  });
});
