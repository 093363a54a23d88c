import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Client, type Consumer, string } from "millrace/client";
import type { Cluster } from "../../src/client/cluster.ts";
import { startKafka } from "../../tools/kafka/kafka.ts";
import type { KafkaCluster } from "../../tools/kafka/kafka-cluster.ts";
import { withoutNodes } from "../cluster.ts";
import { until } from "../until.ts";
import { createTopic, numbered, produce } from "./consumer-fixture.ts";
import { clusterAt } from "./raw-cluster.ts";

describe("a consumer of a cluster whose brokers fail", {
  skip: withoutNodes,
  timeout: 180_000,
}, () => {
  let kafka: KafkaCluster;
  let cluster: Cluster;
  let client: Client;
  before(async () => {
    kafka = await startKafka({
      nodes: 3,
      properties: {
        "broker.session.timeout.ms": "2000",
        "broker.heartbeat.interval.ms": "500",
        "replica.lag.time.max.ms": "2000",
      },
    });
    cluster = clusterAt(kafka.bootstrapServers);
    client = new Client({ bootstrapServers: kafka.bootstrapServers, requestTimeoutMs: 5_000 });
  });
  after(async () => {
    await client?.close();
    cluster?.close();
    await kafka?.close();
  });

  function reader(topic: string, autoOffsetReset: "earliest" | "none" = "earliest") {
    const assignment = [{ topic, partition: 0 }];
    return client.consumer({ assignment, autoOffsetReset, key: string, value: string });
  }

  async function values(consumer: Consumer<string, string>, count: number): Promise<string[]> {
    const seen: string[] = [];
    for await (const batch of consumer) {
      for (const { value } of batch) seen.push(value ?? "null");
      if (seen.length >= count) break;
    }
    return seen;
  }

  async function leaderOf(topic: string): Promise<number> {
    await cluster.refresh([topic]);
    return cluster.metadata.partition(topic, 0)?.leader ?? -1;
  }

  const numbers = (count: number, first = 0) =>
    Array.from({ length: count }, (_, index) => String(first + index));

  test("every record is read once and in order while the leader is killed and comes back", {
    timeout: 60_000,
  }, async () => {
    const topic = "killed";
    const configs = { "min.insync.replicas": "2" };
    await createTopic(cluster, topic, { replicas: 3, configs });
    await using producer = client.producer();
    const total = 3_000;
    const writing = (async () => {
      for (let first = 0; first < total; first += 100) {
        for (const value of numbers(100, first)) {
          await producer.enqueue({ topic, partition: 0, key: "k", value });
        }
        await producer.flush();
      }
    })();
    await using consumer = reader(topic);
    const seen: string[] = [];
    let killed: Promise<number> | undefined;
    for await (const batch of consumer) {
      for (const { value } of batch) seen.push(value ?? "null");
      if (seen.length >= total) break;
      killed ??= leaderOf(topic).then(async (leader) => {
        await kafka.kill(leader);
        return leader;
      });
    }
    await writing;
    assert.deepEqual(seen, numbers(total));
    const leader = await killed;
    assert.ok(leader !== undefined);
    await kafka.restart(leader);
    await produce(cluster, { topic, records: numbered(10, total) });
    assert.deepEqual(await values(consumer, 10), numbers(10, total));
  });

  test("a log that lost its end in an unclean election is noticed (KIP-320)", {
    timeout: 90_000,
  }, async () => {
    const topic = "truncated";
    const configs = { "unclean.leader.election.enable": "true", "min.insync.replicas": "1" };
    await createTopic(cluster, topic, { replicas: 2, configs });
    const { replicas = [] } = cluster.metadata.partition(topic, 0) ?? {};
    const leader = await leaderOf(topic);
    const follower = replicas.find((id) => id !== leader);
    assert.ok(follower !== undefined);
    await produce(cluster, { topic, records: numbered(10) });
    await using strict = reader(topic, "none");
    strict.seek({ topic, partition: 0, offset: 0 });
    await using lenient = reader(topic);
    assert.deepEqual(await values(strict, 10), numbers(10));
    assert.deepEqual(await values(lenient, 10), numbers(10));
    await kafka.kill(follower);
    await until("the follower is out of sync", async () => {
      await cluster.refresh([topic]);
      return cluster.metadata.partition(topic, 0)?.inSyncReplicas.length === 1;
    });
    await produce(cluster, { topic, records: numbered(10, 10) });
    assert.deepEqual(await values(strict, 10), numbers(10, 10));
    assert.deepEqual(await values(lenient, 10), numbers(10, 10));
    await kafka.kill(leader);
    await kafka.restart(follower);
    await until("the follower leads", async () => (await leaderOf(topic)) === follower);
    await produce(cluster, { topic, records: numbered(5, 100) });
    await assert.rejects(values(strict, 1), { code: "LOG_TRUNCATED", message: /at offset 10/ });
    strict.seek({ topic, partition: 0, offset: 10 });
    assert.deepEqual(await values(strict, 5), numbers(5, 100));
    assert.deepEqual(await values(lenient, 5), numbers(5, 100));
    await kafka.restart(leader);
  });
});
