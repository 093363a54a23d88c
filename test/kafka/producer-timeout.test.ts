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

const topic = "lonely";

describe("a cluster of three nodes, of which two are lost", { skip: withoutNodes }, () => {
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

  test("a delivery that times out for want of replicas leaves the producer in order", async () => {
    await createTopic(cluster, topic, { replicas: 3 });
    await using producer = new Producer(cluster, {
      deliveryTimeoutMs: 4_000,
      requestTimeoutMs: 2_000,
    });
    await producer.send({ topic, value: "before" });
    const leader = cluster.metadata.partition(topic, 0)?.leader;
    const others = kafka.nodes.map(({ id }) => id).filter((id) => id !== leader);
    await Promise.all(others.map((id) => kafka.kill(id)));
    await assert.rejects(producer.send({ topic, value: "meanwhile" }), {
      code: "DELIVERY_TIMED_OUT",
    });
    await kafka.restart(...others);
    await until("a delivery again", async () => {
      const sent = producer.send({ topic, value: "after" });
      return sent.then(
        () => true,
        () => false,
      );
    });
    await producer.send({ topic, value: "last" });
    const values = (await readTopic(cluster, topic)).map(({ value }) => value);
    const kinds = values.filter((value, index) => value !== values[index - 1]);
    assert.deepEqual(
      kinds.filter((value) => value !== "meanwhile"),
      ["before", "after", "last"],
    );
    assert.ok(values.filter((value) => value === "meanwhile").length <= 1);
  });
});
