import assert from "node:assert/strict";
import { test } from "node:test";
import { openController, plainTopic } from "../../../test/metadata-fixture.ts";
import type { BrokerErrorCode } from "../../broker-error-code.ts";
import type { TopicToCreate } from "./topic-to-create.ts";

const on = (...brokers: number[][]) => ({
  numPartitions: -1,
  replicationFactor: -1,
  assignments: brokers.map((brokerIds, partition) => ({ partition, brokerIds })),
});

test("topics that cannot be are refused with Kafka's errors", () => {
  const controller = openController();
  controller.createTopic(plainTopic("orders.eu"));
  const cases: [Partial<TopicToCreate>, BrokerErrorCode][] = [
    [{ name: "orders.eu" }, "TOPIC_ALREADY_EXISTS"],
    [{ name: "orders_eu" }, "INVALID_TOPIC_EXCEPTION"],
    [{ name: "" }, "INVALID_TOPIC_EXCEPTION"],
    [{ name: ".." }, "INVALID_TOPIC_EXCEPTION"],
    [{ name: "a b" }, "INVALID_TOPIC_EXCEPTION"],
    [{ name: "a".repeat(250) }, "INVALID_TOPIC_EXCEPTION"],
    [{ replicationFactor: 3 }, "INVALID_REPLICATION_FACTOR"],
    [{ replicationFactor: 0 }, "INVALID_REPLICATION_FACTOR"],
    [{ numPartitions: 0 }, "INVALID_PARTITIONS"],
    [{ numPartitions: 10_001 }, "POLICY_VIOLATION"],
    [{ configs: new Map([["no.such.config", "1"]]) }, "INVALID_CONFIG"],
    [{ configs: new Map([["retention.ms", "soon"]]) }, "INVALID_CONFIG"],
    [{ configs: new Map([["retention.ms", null]]) }, "INVALID_CONFIG"],
    [{ configs: new Map([["compression.gzip.level", "0"]]) }, "INVALID_CONFIG"],
    [
      {
        configs: new Map([
          ["max.compaction.lag.ms", "1"],
          ["min.compaction.lag.ms", "2"],
        ]),
      },
      "INVALID_CONFIG",
    ],
    [{ configs: new Map([["remote.storage.enable", "true"]]) }, "INVALID_CONFIG"],
    [{ ...on([1]), numPartitions: 1 }, "INVALID_REQUEST"],
    [{ ...on([1]), replicationFactor: 1 }, "INVALID_REQUEST"],
    [on([2]), "INVALID_REPLICA_ASSIGNMENT"],
    [on([1, 1]), "INVALID_REPLICA_ASSIGNMENT"],
    [on([]), "INVALID_REPLICA_ASSIGNMENT"],
    [{ ...on(), assignments: [{ partition: 1, brokerIds: [1] }] }, "INVALID_REPLICA_ASSIGNMENT"],
  ];
  for (const [wish, code] of cases) {
    const topic = { ...plainTopic("payments"), ...wish };
    assert.throws(() => controller.createTopic(topic), { code }, JSON.stringify(wish));
    assert.throws(() => controller.createTopic(topic, true), { code });
  }
  assert.deepEqual([...controller.image.topics.keys()], ["orders.eu"]);
});

test("numbers that are left out are the broker's", () => {
  const controller = openController({ configs: [["num.partitions", "4"]] });
  controller.createTopic({ ...plainTopic("orders", -1), replicationFactor: -1 });
  controller.createTopic({ ...plainTopic("payments"), ...on([1], [1]) });
  const sizes = [...controller.image.topics.values()].map(({ partitions }) => partitions.length);
  assert.deepEqual(sizes, [4, 2]);
});

test("a topic that is only checked is not made", () => {
  const controller = openController();
  controller.createTopic(plainTopic("orders"), true);
  assert.equal(controller.image.topics.size, 0);
});

test("a topic's configs go with it", () => {
  const controller = openController();
  controller.createTopic({ ...plainTopic("orders"), configs: new Map([["retention.ms", "5"]]) });
  const first = controller.image.topics.get("orders")?.id;
  controller.deleteTopic("orders");
  controller.createTopic(plainTopic("orders"));
  assert.equal(controller.image.configs({ type: 2, name: "orders" }), undefined);
  assert.notEqual(controller.image.topics.get("orders")?.id, first);
  assert.throws(() => controller.deleteTopic("nothing"), { code: "UNKNOWN_TOPIC_OR_PARTITION" });
});

test("partitions become more, never fewer", () => {
  const controller = openController();
  controller.createTopic(plainTopic("orders", 2));
  const grow = (count: number, assignments: number[][] | null = null) =>
    controller.createPartitions({ topic: "orders", count, assignments }, false);
  assert.throws(() => grow(2), { code: "INVALID_PARTITIONS" });
  assert.throws(() => grow(1), { code: "INVALID_PARTITIONS" });
  assert.throws(() => grow(4, [[1]]), { code: "INVALID_REPLICA_ASSIGNMENT" });
  assert.throws(() => grow(3, [[2]]), { code: "INVALID_REPLICA_ASSIGNMENT" });
  grow(4, [[1], [1]]);
  assert.equal(controller.image.topics.get("orders")?.partitions.length, 4);
  const unknown = { topic: "nothing", count: 2, assignments: null };
  assert.throws(() => controller.createPartitions(unknown, false), {
    code: "UNKNOWN_TOPIC_OR_PARTITION",
  });
});
