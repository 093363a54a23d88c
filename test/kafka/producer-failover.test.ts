import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Cluster } from "../../src/client/cluster.ts";
import { Producer } from "../../src/client/producer/producer.ts";
import { startKafka } from "../../tools/kafka/kafka.ts";
import type { KafkaCluster } from "../../tools/kafka/kafka-cluster.ts";
import { withoutNodes } from "../cluster.ts";
import { until } from "../until.ts";
import { createTopic } from "./consumer-fixture.ts";
import { readTopic } from "./producer-fixture.ts";
import { clusterAt } from "./raw-cluster.ts";

const topic = "failover";
const partitions = 3;

describe("a cluster of three nodes", { skip: withoutNodes }, () => {
  let kafka: KafkaCluster;
  let cluster: Cluster;
  before(async () => {
    const properties = { "min.insync.replicas": "2", "broker.session.timeout.ms": "3000" };
    kafka = await startKafka({ nodes: 3, heap: "400m", properties });
    cluster = clusterAt(kafka.bootstrapServers, 5_000);
  });
  after(async () => {
    cluster?.close();
    await kafka?.close();
  });

  test("a leader killed with kill -9 in the middle of a run loses, doubles and reorders nothing", async () => {
    await createTopic(cluster, topic, { partitions, replicas: 3 });
    const delivered: number[][] = Array.from({ length: partitions }, () => []);
    const errors: unknown[] = [];
    const producer = new Producer(cluster, {
      bufferMemory: 400_000,
      requestTimeoutMs: 5_000,
      onDelivery(error, metadata, record) {
        if (error) errors.push(error);
        else delivered[metadata?.partition ?? 0]?.push(record.metadata as number);
      },
    });
    let written = 0;
    const write = async (count: number) => {
      for (const end = written + count; written < end; written += 1) {
        const [partition, value] = [written % partitions, `${written}`.padStart(100, "0")];
        await producer.enqueue({ topic, partition, value, metadata: written });
      }
    };
    await write(30_000);
    const killed = cluster.metadata.partition(topic, 0)?.leader as number;
    const killing = kafka.kill(killed);
    await write(30_000);
    await killing;
    await until("another leader", async () => {
      await cluster.refresh([topic]);
      const leader = cluster.metadata.partition(topic, 0)?.leader;
      return leader !== killed && leader !== -1;
    });
    await write(30_000);
    await producer.flush();
    const { retries } = producer.metrics();
    await producer.close();
    await kafka.restart(killed);

    assert.deepEqual(errors, []);
    assert.ok(retries > 0, "the kill was felt");
    const found = await readTopic(cluster, topic);
    for (let partition = 0; partition < partitions; partition += 1) {
      const expected = Array.from({ length: written / partitions }, (_, index) => {
        return index * partitions + partition;
      });
      const values = found.filter((one) => one.partition === partition).map(({ value }) => +value!);
      assert.deepEqual(values, expected, `what lies in partition ${partition}`);
      assert.deepEqual(delivered[partition], expected, `what was delivered to ${partition}`);
    }
  });

  test("a leader killed in the middle of a transaction leaves each transaction whole or away", async () => {
    const topic = "failover-transactions";
    await createTopic(cluster, topic, { partitions, replicas: 3 });
    await using producer = new Producer(cluster, {
      transactionalId: "failover",
      requestTimeoutMs: 5_000,
    });
    const transactions = 30;
    const recordsEach = 600;
    let aborted = 0;
    let killing: Promise<void> | undefined;
    for (let number = 0; number < transactions; ) {
      try {
        await producer.begin();
        for (let index = 0; index < recordsEach; index += 1) {
          if (number === 10 && index === recordsEach / 2 && killing === undefined) {
            await cluster.refresh([topic]);
            killing = kafka.kill(cluster.metadata.partition(topic, 0)?.leader as number);
          }
          const value = `${number}`.padStart(100, " ");
          const full = producer.enqueue({ topic, partition: index % partitions, value });
          if (full) await full;
        }
        await producer.commit();
        number += 1;
      } catch (error) {
        if (producer.state !== "abortable-error") throw error;
        aborted += 1;
        await producer.abort();
      }
    }
    await killing;
    let found = await readTopic(cluster, topic, { committed: true });
    // The markers come to the logs a moment after the end was acknowledged.
    await until("the last transaction's markers", async () => {
      found = await readTopic(cluster, topic, { committed: true });
      return found.length >= transactions * recordsEach;
    });
    for (let partition = 0; partition < partitions; partition += 1) {
      const expected = Array.from({ length: transactions }, (_, number) =>
        new Array<number>(recordsEach / partitions).fill(number),
      ).flat();
      const values = found.filter((one) => one.partition === partition).map(({ value }) => +value!);
      assert.deepEqual(values, expected, `partition ${partition}, ${aborted} aborted`);
    }
  });
});
