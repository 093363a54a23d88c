import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  Admin,
  type CompressionAlgorithmValue,
  ConfigResourceTypes,
  Consumer,
  type ConsumerOptions,
  FetchIsolationLevels,
  IncrementalAlterConfigOperationTypes,
  MessagesStreamModes,
  Producer,
  type ProducerOptions,
  stringDeserializers,
  stringSerializers,
} from "@platformatic/kafka";
import { until } from "../until.ts";
import { EmbeddedBroker } from "./embedded-broker.ts";
import { byNumber, type Member, numbers, tellGroup } from "./group-story.ts";

const codecs: readonly CompressionAlgorithmValue[] = ["none", "gzip", "snappy", "lz4", "zstd"];

describe("@platformatic/kafka", () => {
  let broker: EmbeddedBroker;
  let admin: Admin;
  before(async () => {
    broker = await EmbeddedBroker.start();
    admin = new Admin({ clientId: "test", bootstrapBrokers: [broker.bootstrapServers] });
  });
  after(async () => {
    await Promise.all(clients.map((client) => client.close(true)));
    await admin?.close();
    await broker?.close();
    assert.deepEqual(broker?.errors, []);
  });

  for (const compression of codecs) {
    test(`records come back as they went with compression ${compression}`, async () => {
      const topic = `records-${compression}`;
      await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1 });
      const producer = producerOf(broker, { idempotent: true });
      const messages = Array.from({ length: 300 }, (_, index) => message(index));
      await producer.send({ messages: messages.map((one) => ({ ...one, topic })), compression });
      await producer.close();
      const read: unknown[] = [];
      const consumer = consumerOf(broker, { groupId: topic, maxWaitTime: 50 });
      const mode = MessagesStreamModes.EARLIEST;
      for await (const { key, value, headers, timestamp } of await consumer.consume({
        topics: [topic],
        mode,
      })) {
        read.push({ ...(key && { key }), ...(value && { value }), headers, timestamp });
        if (read.length >= messages.length) break;
      }
      assert.deepEqual(read, messages);
      const timestamp = firstTimestamp + 100n;
      const found = await consumer.listOffsetsWithTimestamps({ topics: [topic], timestamp });
      assert.equal(found.get(topic)?.get(0)?.offset, 100n);
      await consumer.close(true);
    });
  }

  for (const groupProtocol of ["classic", "consumer"] as const) {
    test(`members of a ${groupProtocol} group share partitions, commit and resume`, async () => {
      const topic = `group-${groupProtocol}`;
      const groupId = `readers-${groupProtocol}`;
      await admin.createTopics({ topics: [topic], partitions: 4, replicas: 1 });
      await tellGroup({
        join: () => join(broker, topic, { groupId, groupProtocol }),
        write: (from, to) => write(broker, topic, from, to),
        whileTwo: async () => {
          const listed = (await admin.listGroups({ types: [groupProtocol] })).get(groupId);
          assert.equal(listed?.groupType.toLowerCase(), groupProtocol);
        },
      });
      const [committed] = await admin.listConsumerGroupOffsets({ groups: [groupId] });
      const offsets = committed?.topics[0]?.partitions.map(
        ({ committedOffset }) => committedOffset,
      );
      assert.equal(
        offsets?.reduce((sum, offset) => sum + offset, 0n),
        350n,
      );
      await admin.deleteGroups({ groups: [groupId] });
      assert.equal((await admin.listGroups()).has(groupId), false);
    });
  }

  test("transactions are seen whole or not at all, with the offsets that belong to them", async () => {
    const [input, output] = ["transactions-in", "transactions-out"] as const;
    await admin.createTopics({ topics: [input, output], partitions: 4, replicas: 1 });
    await write(broker, input, 0, 40);
    const producer = producerOf(broker, { transactionalId: "mover", idempotent: true });
    const consumer = consumerOf(broker, { groupId: "movers", autocommit: false, maxWaitTime: 50 });
    const mode = MessagesStreamModes.EARLIEST;
    let moved = 0;
    for await (const one of await consumer.consume({ topics: [input], mode })) {
      const transaction = await producer.beginTransaction();
      await transaction.addConsumer(consumer);
      const partition = Number(one.value) % 2;
      await transaction.send({ messages: [{ topic: output, value: one.value, partition }] });
      await transaction.addOffset(one);
      // Of what it fetches at once, the client leaves out one aborted transaction of a producer.
      await (one.value === "13" ? transaction.abort() : transaction.commit());
      moved += 1;
      if (moved === 40) break;
    }
    await consumer.close(true);
    await producer.close();
    const committed = await readAll(broker, output, FetchIsolationLevels.READ_COMMITTED, 39);
    const left = numbers(0, 40).filter((value) => value !== "13");
    assert.deepEqual([...committed].sort(byNumber), left);
    const all = await readAll(broker, output, FetchIsolationLevels.READ_UNCOMMITTED, 40);
    assert.deepEqual([...all].sort(byNumber), numbers(0, 40));
  });

  test("topics, settings and records are administered", async () => {
    const topic = "administered";
    const configs = [{ name: "retention.ms", value: "1234567" }];
    const [made] = await admin.createTopics({
      topics: [topic],
      partitions: 2,
      replicas: 1,
      configs,
    });
    assert.equal(made?.partitions, 2);
    await assert.rejects(admin.createTopics({ topics: [topic], partitions: 2, replicas: 1 }));
    const assignments = [{ brokerIds: [1] }, { brokerIds: [1] }];
    await admin.createPartitions({ topics: [{ name: topic, count: 4, assignments }] });
    const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: topic };
    const settings = [
      {
        name: "segment.bytes",
        value: "1048576",
        configOperation: IncrementalAlterConfigOperationTypes.SET,
      },
    ];
    await admin.incrementalAlterConfigs({ resources: [{ ...resource, configs: settings }] });
    const asked = [{ ...resource, configurationKeys: ["segment.bytes", "retention.ms"] }];
    const [described] = await admin.describeConfigs({ resources: asked });
    const values = new Map(described?.configs.map(({ name, value }) => [name, value]));
    assert.equal(values.get("segment.bytes"), "1048576");
    assert.equal(values.get("retention.ms"), "1234567");
    await write(broker, topic, 0, 20);
    const partitions = [{ partition: 0, offset: 3n }];
    const [deleted] = await admin.deleteRecords({ topics: [{ name: topic, partitions }] });
    assert.equal(deleted?.partitions[0]?.lowWatermark, 3n);
    await admin.deleteTopics({ topics: [topic] });
    assert.equal((await admin.listTopics()).includes(topic), false);
  });
});

const firstTimestamp = 1_700_000_000_000n;

function message(index: number) {
  return {
    ...(index % 3 === 0 ? {} : { key: `key ${index}` }),
    ...(index % 5 === 0 ? {} : { value: `${"größe ".repeat(index % 20)}${index}` }),
    headers: new Map(index % 2 === 0 ? [["trace", `t${index}`]] : []),
    timestamp: firstTimestamp + BigInt(index),
  };
}

/** Those of a test that failed are still open when the suite ends. */
const clients: { close(force: true): Promise<void> }[] = [];

type Options = ConsumerOptions<string, string, string, string>;

function consumerOf({ bootstrapServers }: EmbeddedBroker, options: Partial<Options>) {
  const consumer = new Consumer({
    groupId: "unused",
    clientId: "test",
    bootstrapBrokers: [bootstrapServers],
    deserializers: stringDeserializers,
    ...options,
  } as Options);
  clients.push(consumer);
  return consumer;
}

function producerOf(
  { bootstrapServers }: EmbeddedBroker,
  options: Partial<ProducerOptions<string, string, string, string>>,
) {
  const producer = new Producer({
    clientId: "test",
    bootstrapBrokers: [bootstrapServers],
    serializers: stringSerializers,
    ...options,
  });
  clients.push(producer);
  return producer;
}

async function join(
  broker: EmbeddedBroker,
  topic: string,
  options: Partial<Options>,
): Promise<Member> {
  const consumer = consumerOf(broker, {
    ...options,
    autocommit: false,
    maxWaitTime: 50,
    ...(options.groupProtocol === "classic" ? { heartbeatInterval: 200 } : {}),
  });
  const values: string[] = [];
  const stream = await consumer.consume({
    topics: [topic],
    mode: MessagesStreamModes.COMMITTED,
    fallbackMode: "earliest",
  });
  const reading = (async () => {
    for await (const one of stream) {
      await one.commit();
      values.push(one.value);
    }
  })();
  return {
    held: () => consumer.assignments?.find((one) => one.topic === topic)?.partitions.length ?? 0,
    values: () => values,
    leave: async () => {
      await stream.close();
      await reading;
      await consumer.close();
    },
  };
}

async function write(broker: EmbeddedBroker, topic: string, from: number, to: number) {
  const producer = producerOf(broker, {});
  const partitionOf = (value: string) => Number(value) % 4;
  await producer.send({
    messages: numbers(from, to).map((value) => ({ topic, value, partition: partitionOf(value) })),
  });
  await producer.close();
}

async function readAll(
  broker: EmbeddedBroker,
  topic: string,
  isolationLevel: 0 | 1,
  count: number,
) {
  const groupId = `${topic}-${isolationLevel}`;
  const consumer = consumerOf(broker, { groupId, isolationLevel, maxWaitTime: 50 });
  const mode = MessagesStreamModes.EARLIEST;
  const stream = await consumer.consume({ topics: [topic], mode });
  const values: string[] = [];
  stream.on("data", ({ value }) => void values.push(value));
  await until("all is read", () => values.length >= count);
  await consumer.close(true);
  return values;
}
