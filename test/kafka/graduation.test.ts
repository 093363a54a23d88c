import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Client } from "../../src/client/client.ts";
import { AlterClientQuotas } from "../../src/protocol/index.ts";
import type { KafkaCluster } from "../../tools/kafka/kafka-cluster.ts";
import { until } from "../until.ts";
import { pictureOf } from "./cluster-picture.ts";
import { alice, fill, manned, openTransaction, streaming } from "./graduation-fill.ts";
import { Laptop, withoutKafka } from "./laptop.ts";
import { clusterAt } from "./raw-cluster.ts";
import { RecordedMember } from "./recorded-member.ts";
import { StreamsMember } from "./streams-member.ts";

test("Apache Kafka finds without recovery all that a stopped broker had, and gives it back", {
  skip: withoutKafka,
}, async () => {
  using laptop = new Laptop();
  const broker = await laptop.broker();
  await fill(broker.bootstrapServers);
  const filled = await pictureOf(broker.bootstrapServers);
  await broker.stop();
  const kafka = await laptop.kafka();
  try {
    assert.deepEqual(await pictureOf(kafka.bootstrapServers), filled);
    assertNotRecovered(kafka);
    await assertGoesOn(kafka);
    await setQuota(kafka);
  } finally {
    await kafka.stop();
  }
  const grown = await kafka.restart().then(() => pictureOf(kafka.bootstrapServers));
  await kafka.close();
  const again = await laptop.broker();
  try {
    assert.deepEqual(await pictureOf(again.bootstrapServers), grown);
  } finally {
    await again.stop();
  }
});

test("Apache Kafka finds all that a killed broker had", { skip: withoutKafka }, async () => {
  using laptop = new Laptop();
  const broker = await laptop.broker();
  await fill(broker.bootstrapServers);
  const filled = await pictureOf(broker.bootstrapServers);
  await broker.kill();
  await using kafka = await laptop.kafka();
  assert.deepEqual(await pictureOf(kafka.bootstrapServers), filled);
  await assertGoesOn(kafka);
});

/** Of the metadata's own log Kafka always says that it recovers it: it keeps no recovery point for it. */
function assertNotRecovered({ nodes }: KafkaCluster): void {
  const said = readFileSync(nodes[0]?.logFile ?? "", "utf8").split("\n");
  const lines = said.filter((line) => !line.includes("partition=__cluster_metadata-0"));
  assert.ok(lines.some((line) => /Skipping recovery of \d+ logs/.test(line)));
  const alarming = /Recovering|Rebuilding|[Cc]orrupt|[Tt]runcat|index file|Found invalid/;
  assert.deepEqual(
    lines.filter((line) => alarming.test(line)),
    [],
  );
}

/** What our broker does not act on, and has to keep all the same. */
async function setQuota({ bootstrapServers }: KafkaCluster): Promise<void> {
  const cluster = clusterAt(bootstrapServers);
  const entity = [{ entityType: "user", entityName: alice.username }];
  const ops = [{ key: "producer_byte_rate", value: 1_000_000, remove: false }];
  const body = { entries: [{ entity, ops }], validateOnly: false };
  const { entries } = await cluster.request("any", AlterClientQuotas, body);
  assert.equal(entries[0]?.errorCode, 0);
  cluster.close();
}

/** Those who come back find their places, their rights and their transactions. */
async function assertGoesOn(kafka: KafkaCluster): Promise<void> {
  await assertMembersReturn(kafka);
  await assertTransactionEnds(kafka);
  const { sasl } = kafka.listeners;
  const login = { mechanism: "SCRAM-SHA-256", ...alice } as const;
  await using client = new Client({ bootstrapServers: sasl.join(), sasl: login });
  await using producer = client.producer();
  await assert.rejects(producer.send({ topic: "stamped", value: "forbidden" }), {
    code: "TOPIC_AUTHORIZATION_FAILED",
  });
}

async function assertMembersReturn({ bootstrapServers }: KafkaCluster): Promise<void> {
  const cluster = clusterAt(bootstrapServers);
  for (const options of manned) {
    const member = new RecordedMember(cluster, options);
    await until(`partitions of ${options.groupId}`, async () => member.owned.size === 2);
    const bound = { attempt: "looking for offsets", timeoutMs: 10_000 };
    const partition = { topic: options.topics[0] as string, partition: 0 };
    const [committed] = (await member.membership.offsets.fetch([partition], bound)).values();
    assert.equal(committed?.offset, 11);
    await member.close({ leave: false });
  }
  await new StreamsMember(cluster, streaming).leave();
  cluster.close();
}

async function assertTransactionEnds({ bootstrapServers }: KafkaCluster): Promise<void> {
  const { transactionalId, topic, groupId } = openTransaction;
  await using client = new Client({ bootstrapServers });
  const admin = client.admin();
  await using producer = client.producer({ transactionalId });
  await producer.begin();
  await producer.send({ topic, partition: 0, value: "after the move" });
  const offset = { topic: "records-none", partition: 0, offset: 40 };
  await producer.sendOffsets([offset], groupId);
  await producer.commit();
  await until("the end of the transaction", async () => {
    const query = { topic, partition: 0, at: "latest" } as const;
    const options = { isolationLevel: "read-committed" } as const;
    return (await admin.records.listOffsets(query, options)).offset === 9;
  });
  await until("the transaction's offsets", async () => {
    const [committed] = await admin.groupOffsets.list(groupId);
    return committed?.offset === offset.offset;
  });
}
