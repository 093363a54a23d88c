import assert from "node:assert/strict";
import { pbkdf2Sync } from "node:crypto";
import { Client } from "../../src/client/client.ts";
import type { Cluster } from "../../src/client/cluster.ts";
import {
  AlterUserScramCredentials,
  type Compression,
  CreateAcls,
  InitProducerId,
  TxnOffsetCommit,
  UpdateFeatures,
} from "../../src/protocol/index.ts";
import { until } from "../until.ts";
import { appendBatch, clusterAt } from "./raw-cluster.ts";
import { RecordedMember } from "./recorded-member.ts";
import { StreamsMember, type StreamsMemberOptions } from "./streams-member.ts";

/** A user whom {@link fill} makes, for SASL listeners. */
export const alice = { username: "alice", password: "secret of alice" };

/** The transactional id that has left a transaction open, the topic it writes to, and the group whose offsets it commits. */
export const openTransaction = {
  transactionalId: "t-open",
  topic: "transfers",
  groupId: "transfers",
};

/** The groups in which {@link fill} leaves a static member, as it joined; it has committed offset 11 of partition 0. */
export const manned = (["classic", "consumer"] as const).map((groupProtocol) => ({
  groupId: `manned-${groupProtocol}`,
  topics: ["records-none"],
  groupProtocol,
  groupInstanceId: "desk",
}));

/** The streams group in which {@link fill} leaves a member. */
export const streaming: StreamsMemberOptions = { groupId: "totals", topic: "records-none" };

const bound = { attempt: "filling the broker", timeoutMs: 10_000 };
const codecs: readonly Compression[] = ["none", "gzip", "snappy", "lz4", "zstd"];
/** Hours ago, so that no record lies in the future, and none is so old that its producer is forgotten. */
const firstTimestamp = Date.now() - 6 * 3_600_000;

/**
 * Puts into a broker what a laptop may have gathered: topics of all kinds, records in all codecs, groups
 * of all protocols, transactions that are over and one that is not, users, ACLs and settings. Members
 * of three groups are left in them, gone without a word.
 */
export async function fill(bootstrapServers: string): Promise<void> {
  const client = new Client({ bootstrapServers, clientId: "laptop" });
  const cluster = clusterAt(bootstrapServers);
  await fillTopics(client);
  await fillAndDelete(bootstrapServers);
  await fillCompacted(client);
  await fillGroups(client, cluster);
  await new StreamsMember(cluster, streaming).enter();
  await fillTransactions(client);
  await leaveTransactionOpen(cluster);
  await fillSettings(client, cluster);
  cluster.close();
  await client.close();
}

async function fillTopics(client: Client): Promise<void> {
  const { topics, partitions, records } = client.admin();
  for (const codec of codecs) {
    const topic = `records-${codec}`;
    await topics.create({ name: topic, numPartitions: 2 });
    await using producer = client.producer({ compression: codec });
    for (let index = 0; index < 200; index += 1) {
      void producer.send({
        topic,
        partition: index % 2,
        key: index % 5 === 0 ? null : `key ${index}`,
        value: index % 7 === 0 ? null : `größe ${index} `.repeat(index % 20),
        headers: index % 3 === 0 ? [{ key: "trace", value: `t${index}` }] : [],
        timestamp: firstTimestamp + index * 1_000,
      });
    }
  }
  const stamped = { "message.timestamp.type": "LogAppendTime", "compression.type": "zstd" };
  await topics.create({ name: "stamped", configs: stamped });
  await topics.create({ name: "rolled", configs: { "segment.ms": "10" } });
  await topics.create({ name: "shortened", numPartitions: 1 });
  await using producer = client.producer();
  for (let index = 0; index < 20; index += 1) {
    for (const topic of ["stamped", "rolled", "shortened"]) {
      const timestamp = firstTimestamp + index * 60_000;
      await producer.send({ topic, partition: 0, value: `${topic} ${index}`, timestamp });
    }
  }
  await records.delete({ topic: "shortened", partition: 0, beforeOffset: 7 });
  await partitions.create({ topic: "shortened", numPartitions: 3 });
}

/** With a client of its own, since one that remembers a topic may ask for it and so make it anew. */
async function fillAndDelete(bootstrapServers: string): Promise<void> {
  await using client = new Client({ bootstrapServers });
  const { topics } = client.admin();
  await topics.create({ name: "gone" });
  const producer = client.producer();
  await producer.send({ topic: "gone", value: "soon" });
  await producer.close();
  await topics.delete("gone");
}

/** A compacted topic whose old values, removed keys and aborted records are gone from the log. */
async function fillCompacted(client: Client): Promise<void> {
  const topic = "compacted";
  const configs = {
    "cleanup.policy": "compact",
    "min.cleanable.dirty.ratio": "0.01",
    "segment.ms": "10",
    "delete.retention.ms": "0",
  };
  await client.admin().topics.create({ name: topic, configs });
  const put = async (transactionalId: string, isKept: boolean, from: number) => {
    await using producer = client.producer({ transactionalId });
    await producer.begin();
    for (let index = from; index < from + 100; index += 1) {
      const value = index % 10 === 9 ? null : `${transactionalId} ${index}`;
      const timestamp = firstTimestamp + index * 1_000;
      await producer.send({ topic, partition: 0, key: `key ${index % 10}`, value, timestamp });
    }
    await (isKept ? producer.commit() : producer.abort());
  };
  await put("t-kept", true, 0);
  await put("t-dropped", false, 100);
  await put("t-kept", true, 200);
  const assignment = [{ topic, partition: 0 }];
  await until("a compacted log", async () => {
    // A record that rolls the segment, so that what lies before it can be compacted.
    await using producer = client.producer();
    await producer.send({ topic, partition: 0, key: "last", value: "one" });
    await using consumer = client.consumer({ assignment, autoOffsetReset: "earliest" });
    const [first] = await consumer.poll({ timeoutMs: 1_000 });
    const [record] = first ?? [];
    return record !== undefined && record.offset > 200;
  });
}

async function fillGroups(client: Client, cluster: Cluster): Promise<void> {
  const topic = "records-none";
  for (const groupProtocol of ["classic", "consumer"] as const) {
    const groupId = `billing-${groupProtocol}`;
    const options = { topics: [topic], groupId, groupProtocol, enableAutoCommit: false };
    await using consumer = client.consumer({ ...options, autoOffsetReset: "earliest" });
    await until(`partitions of ${groupId}`, async () => {
      await consumer.poll({ timeoutMs: 100 });
      return consumer.assignment.length === 2;
    });
    await consumer.commit([
      { topic, partition: 0, offset: 42, leaderEpoch: 0, metadata: "by the laptop" },
      { topic, partition: 1, offset: 7 },
    ]);
  }
  await client.admin().groupOffsets.alter("by-hand", { topic, partition: 1, offset: 3 });
  for (const options of manned) {
    const member = new RecordedMember(cluster, options);
    await until(`partitions of ${options.groupId}`, async () => member.owned.size === 2);
    await member.membership.offsets.commit([{ topic, partition: 0, offset: 11 }], bound);
    await member.close({ leave: false });
  }
}

async function fillTransactions(client: Client): Promise<void> {
  const { topic, groupId } = openTransaction;
  await client.admin().topics.create({ name: topic, numPartitions: 2 });
  for (const [transactionalId, offset] of [
    ["t-committed", 10],
    ["t-aborted", 20],
  ] as const) {
    await using producer = client.producer({ transactionalId });
    await producer.begin();
    for (const partition of [0, 1]) {
      await producer.send({ topic, partition, value: transactionalId });
    }
    await producer.sendOffsets([{ topic: "records-none", partition: 0, offset }], groupId);
    await (offset === 10 ? producer.commit() : producer.abort());
  }
}

/** Request by request, since a producer would end its transaction when it is closed. */
async function leaveTransactionOpen(cluster: Cluster): Promise<void> {
  const { transactionalId, topic, groupId } = openTransaction;
  const coordinator = await cluster.coordinator("transaction", transactionalId);
  const init = { transactionalId, transactionTimeoutMs: 600_000 };
  const { producerId, producerEpoch } = await cluster.request(coordinator, InitProducerId, init);
  for (const partition of [0, 1]) {
    const stamp = { producerId, producerEpoch, baseSequence: 0 };
    const timestamps = [firstTimestamp, firstTimestamp + 1];
    await appendBatch(cluster, { topic, partition, timestamps, transactionalId, stamp });
  }
  const offset = { partitionIndex: 0, committedOffset: 30, committedMetadata: null };
  const { topics } = await cluster.request(
    await cluster.coordinator("group", groupId),
    TxnOffsetCommit,
    {
      transactionalId,
      groupId,
      producerId,
      producerEpoch,
      topics: [{ name: "records-none", partitions: [offset] }],
    },
  );
  assert.equal(topics[0]?.partitions[0]?.errorCode, 0);
}

async function fillSettings(client: Client, cluster: Cluster): Promise<void> {
  const { configs } = client.admin();
  const set = (type: "topic" | "broker" | "group", name: string, entry: string, value: string) =>
    configs.alter({ type, name, set: { [entry]: value } });
  await set("topic", "stamped", "retention.ms", "-1");
  await set("broker", "", "log.retention.ms", "-1");
  await set("broker", "1", "log.segment.bytes", "104857600");
  await set("group", "billing-consumer", "consumer.session.timeout.ms", "50000");
  const salt = Buffer.from("salt of alice");
  const iterations = 4096;
  const { results } = await cluster.request("any", AlterUserScramCredentials, {
    deletions: [],
    upsertions: [
      {
        name: alice.username,
        mechanism: 1,
        iterations,
        salt,
        saltedPassword: pbkdf2Sync(alice.password, salt, iterations, 32, "sha256"),
      },
    ],
  });
  assert.equal(results[0]?.errorCode, 0, results[0]?.errorMessage ?? "");
  const [topicType, literal, prefixed, read, write, deny, allow] = [2, 3, 4, 3, 4, 2, 3];
  const anywhere = { resourceType: topicType, principal: "User:alice", host: "*" };
  const acls = await cluster.request("any", CreateAcls, {
    creations: [
      { ...anywhere, resourceName: "records-", resourcePatternType: prefixed, operation: read },
      { ...anywhere, resourceName: "stamped", resourcePatternType: literal, operation: write },
    ].map((acl) => ({ ...acl, permissionType: acl.operation === read ? allow : deny })),
  });
  for (const { errorCode, errorMessage } of acls.results)
    assert.equal(errorCode, 0, `${errorMessage}`);
  const update = {
    feature: "eligible.leader.replicas.version",
    maxVersionLevel: 0,
    upgradeType: 2,
  };
  await cluster.request("any", UpdateFeatures, { timeoutMs: 5_000, featureUpdates: [update] });
}
