import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import kafkajs, { type Admin, type Consumer, type Kafka, type Message } from "kafkajs";
import { until } from "../until.ts";
import { EmbeddedBroker } from "./embedded-broker.ts";
import { byNumber, type Member, numbers, tellGroup } from "./group-story.ts";

const { CompressionTypes, CompressionCodecs, ConfigResourceTypes, logLevel } = kafkajs;

// The client brings gzip; others are plugged in. Its encoders give buffers under a name of their own.
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: async ({ buffer }: { readonly buffer: Buffer }) => zstdCompressSync(buffer),
  decompress: async (bytes: Buffer) => zstdDecompressSync(bytes),
});

describe("kafkajs", () => {
  let broker: EmbeddedBroker;
  let kafka: Kafka;
  let admin: Admin;
  before(async () => {
    broker = await EmbeddedBroker.start();
    kafka = new kafkajs.Kafka({ brokers: [broker.bootstrapServers], logLevel: logLevel.NOTHING });
    admin = kafka.admin();
    await admin.connect();
  });
  after(async () => {
    await admin?.disconnect();
    await broker?.close();
    assert.deepEqual(broker?.errors, []);
  });

  for (const codec of ["None", "GZIP", "ZSTD"] as const) {
    test(`records come back as they went with compression ${codec}`, async () => {
      const topic = `records-${codec}`;
      await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
      const producer = kafka.producer({ idempotent: true });
      await producer.connect();
      const messages = Array.from({ length: 300 }, (_, index) => message(index));
      const compression = CompressionTypes[codec];
      const [sent] = await producer.send({ topic, messages, compression });
      assert.equal(sent?.baseOffset, "0");
      await producer.disconnect();
      const read: Message[] = [];
      const consumer = kafka.consumer({ groupId: topic, maxWaitTimeInMs: 50 });
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({
        eachMessage: async ({ message: { key, value, headers = {}, timestamp } }) => {
          read.push({ key, value, headers, timestamp });
        },
      });
      await until("all is read", () => read.length >= messages.length);
      await consumer.disconnect();
      assert.deepEqual(read, messages);
      const [found] = await admin.fetchTopicOffsetsByTimestamp(topic, firstTimestamp + 100);
      assert.equal(found?.offset, "100");
    });
  }

  test("members of a group share partitions, commit and resume", async () => {
    const topic = "group";
    const groupId = "readers";
    await admin.createTopics({ topics: [{ topic, numPartitions: 4 }] });
    await tellGroup({
      join: () => join(kafka, topic, groupId),
      write: (from, to) => write(kafka, topic, from, to),
      whileTwo: async () => {
        const [described] = (await admin.describeGroups([groupId])).groups;
        assert.equal(described?.state, "Stable");
        assert.equal(described?.members.length, 2);
      },
    });
    const [committed] = await admin.fetchOffsets({ groupId, topics: [topic] });
    const offsets = committed?.partitions.map(({ offset }) => Number(offset)) ?? [];
    assert.equal(
      offsets.reduce((sum, offset) => sum + offset, 0),
      350,
    );
    await admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: "5" }] });
    const [altered] = await admin.fetchOffsets({ groupId, topics: [topic] });
    assert.equal(altered?.partitions.find(({ partition }) => partition === 0)?.offset, "5");
    const [deleted] = await admin.deleteGroups([groupId]);
    assert.equal(deleted?.errorCode, 0);
  });

  test("transactions are seen whole or not at all", async () => {
    const topic = "transactions";
    await admin.createTopics({ topics: [{ topic, numPartitions: 2 }] });
    const producer = kafka.producer({ transactionalId: "mover", maxInFlightRequests: 1 });
    await producer.connect();
    for (let round = 0; round < 4; round += 1) {
      const transaction = await producer.transaction();
      const messages = numbers(round * 10, round * 10 + 10).map((value) => ({
        value,
        partition: Number(value) % 2,
      }));
      await transaction.send({ topic, messages });
      const partitions = [{ partition: 0, offset: String(round) }];
      const topics = [{ topic, partitions }];
      await transaction.sendOffsets({ consumerGroupId: "movers", topics });
      await (round % 2 === 0 ? transaction.commit() : transaction.abort());
    }
    const rival = kafka.producer({ transactionalId: "mover", maxInFlightRequests: 1 });
    const overtaken = await producer.transaction();
    await overtaken.send({ topic, messages: [{ value: "1000", partition: 0 }] });
    await rival.connect();
    const last = await rival.transaction();
    await assert.rejects(overtaken.commit());
    await last.send({ topic, messages: [{ value: "40", partition: 0 }] });
    await last.commit();
    await rival.disconnect();
    await producer.disconnect();
    const committed = [...numbers(0, 10), ...numbers(20, 30), "40"];
    const read = await readAll(kafka, topic, false, committed.length);
    assert.deepEqual([...read].sort(byNumber), committed);
    assert.equal((await readAll(kafka, topic, true, 42)).length, 42);
    const [moved] = await admin.fetchOffsets({ groupId: "movers", topics: [topic] });
    assert.equal(moved?.partitions.find(({ partition }) => partition === 0)?.offset, "2");
  });

  test("topics and settings are administered", async () => {
    const topic = "administered";
    const configEntries = [{ name: "retention.ms", value: "1234567" }];
    const topics = [{ topic, numPartitions: 2, configEntries }];
    assert.equal(await admin.createTopics({ topics }), true);
    assert.equal(await admin.createTopics({ topics }), false, "it is there already");
    await assert.rejects(admin.createTopics({ topics: [{ topic: "a/b" }] }));
    await admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] });
    const { topics: described } = await admin.fetchTopicMetadata({ topics: [topic] });
    assert.equal(described[0]?.partitions.length, 4);
    const resource = { type: ConfigResourceTypes.TOPIC, name: topic };
    const asked = { includeSynonyms: true, resources: [resource] };
    const configOf = async (name: string) =>
      (await admin.describeConfigs(asked)).resources[0]?.configEntries.find(
        ({ configName }) => configName === name,
      )?.configValue;
    assert.equal(await configOf("retention.ms"), "1234567");
    const altered = { ...resource, configEntries: [{ name: "segment.bytes", value: "1048576" }] };
    await admin.alterConfigs({ validateOnly: false, resources: [altered] });
    assert.equal(await configOf("segment.bytes"), "1048576");
    assert.equal(await configOf("retention.ms"), "604800000");
    await write(kafka, topic, 0, 20);
    // The client deletes only where it has asked for offsets before.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "3" }] });
    const offsets = await admin.fetchTopicOffsets(topic);
    assert.equal(offsets.find(({ partition }) => partition === 0)?.low, "3");
    assert.equal((await admin.describeCluster()).brokers.length, 1);
    await admin.deleteTopics({ topics: [topic] });
    assert.equal((await admin.listTopics()).includes(topic), false);
  });
});

const firstTimestamp = 1_700_000_000_000;

function message(index: number) {
  const headers =
    index % 2 === 0 ? { trace: Buffer.from(`t${index}`), empty: Buffer.alloc(0) } : {};
  return {
    key: index % 3 === 0 ? null : Buffer.from(`key ${index}`),
    value: index % 5 === 0 ? null : Buffer.from(`${"größe ".repeat(index % 20)}${index}`),
    headers,
    timestamp: String(firstTimestamp + index),
  };
}

async function join(kafka: Kafka, topic: string, groupId: string): Promise<Member> {
  const consumer: Consumer = kafka.consumer({
    groupId,
    heartbeatInterval: 200,
    maxWaitTimeInMs: 50,
  });
  const values: string[] = [];
  let held = 0;
  consumer.on("consumer.group_join", ({ payload }) => {
    held = payload.memberAssignment[topic]?.length ?? 0;
  });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ partition, message: { value, offset } }) => {
      await consumer.commitOffsets([{ topic, partition, offset: String(Number(offset) + 1) }]);
      values.push(String(value));
    },
  });
  return { held: () => held, values: () => values, leave: () => consumer.disconnect() };
}

async function write(kafka: Kafka, topic: string, from: number, to: number): Promise<void> {
  const producer = kafka.producer();
  await producer.connect();
  const messages = numbers(from, to).map((value) => ({ value, partition: Number(value) % 4 }));
  await producer.send({ topic, messages });
  await producer.disconnect();
}

async function readAll(kafka: Kafka, topic: string, readUncommitted: boolean, count: number) {
  const groupId = `${topic}-${readUncommitted}`;
  const consumer = kafka.consumer({ groupId, readUncommitted, maxWaitTimeInMs: 50 });
  const values: string[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message }) => void values.push(String(message.value)),
  });
  await until("all is read", () => values.length >= count);
  await consumer.disconnect();
  return values;
}
