import assert from "node:assert/strict";
import { test } from "node:test";
import { Controller } from "../../src/broker/metadata/controller.ts";
import { systemClock } from "../../src/clock.ts";
import { systemDisk } from "../../src/disk.ts";
import { silentLogger } from "../../src/log.ts";
import { systemRandom } from "../../src/random.ts";
import type { KafkaCluster } from "../../tools/kafka/kafka-cluster.ts";
import { Laptop, withoutKafka } from "./laptop.ts";

const topicTool = "org.apache.kafka.tools.TopicCommand";
const configTool = "kafka.admin.ConfigCommand";
const aclTool = "org.apache.kafka.tools.AclCommand";
const featureTool = "org.apache.kafka.tools.FeatureCommand";

function open(
  { data }: Laptop,
  wasClosedCleanly: boolean,
  configs: readonly (readonly [string, string])[] = [],
): Controller {
  const controller = new Controller({
    settings: { nodeId: 1, listeners: [], dataDir: data, configs: new Map(configs) },
    disk: systemDisk,
    directory: data,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    wasClosedCleanly,
  });
  const listener = { name: "PLAINTEXT", host: "127.0.0.1", port: 9092 };
  controller.register([{ ...listener, protocol: "PLAINTEXT" }]);
  return controller;
}

function fill(controller: Controller): void {
  const topic = { numPartitions: 3, replicationFactor: 1 };
  const configs = new Map([["cleanup.policy", "compact"]]);
  controller.createTopic({ ...topic, name: "orders", configs });
  controller.createTopic({ ...topic, name: "gone", configs: new Map() });
  controller.deleteTopic("gone");
  controller.createPartitions({ topic: "orders", count: 4, assignments: null }, false);
  const set = (type: number, name: string, config: string, value: string) =>
    controller.changeConfigs({ type, name }, [{ name: config, operation: "set", value }], false);
  set(2, "orders", "segment.ms", "3600000");
  set(4, "", "log.retention.ms", "86400000");
  set(32, "billing", "consumer.session.timeout.ms", "50000");
  controller.updateFeatures([{ feature: "transaction.version", level: 1, upgradeType: 2 }], false);
  const keys = {
    salt: Buffer.alloc(8, 1),
    storedKey: Buffer.alloc(32, 2),
    serverKey: Buffer.alloc(32, 3),
  };
  const credential = { ...keys, iterations: 4096 };
  controller.setScramCredentials([{ user: "alice", mechanism: "SCRAM-SHA-256", credential }]);
  const access = { resourceType: 2, resourceName: "orders", patternType: 3, host: "*" };
  controller.createAcls([{ ...access, principal: "User:alice", operation: 3, permissionType: 3 }]);
}

async function assertFound(kafka: KafkaCluster, topicId: string): Promise<void> {
  const server = ["--bootstrap-server", kafka.bootstrapServers];
  const shortId = Buffer.from(topicId.replaceAll("-", ""), "hex").toString("base64url");
  const topics = await kafka.tool(topicTool, ...server, "--describe");
  assert.ok(topics.includes(`Topic: orders\tTopicId: ${shortId}\tPartitionCount: 4`), topics);
  assert.match(
    topics,
    /cleanup\.policy=compact.*segment\.ms=3600000|segment\.ms=3600000.*cleanup\.policy=compact/,
  );
  assert.equal(topics.match(/Leader: 1\tReplicas: 1\tIsr: 1/g)?.length, 4);
  assert.doesNotMatch(topics, /Topic: gone/);
  const describe = (...entity: string[]) =>
    kafka.tool(configTool, ...server, "--describe", ...entity);
  assert.match(
    await describe("--entity-type", "brokers", "--entity-default"),
    /log\.retention\.ms=86400000/,
  );
  const group = await describe("--entity-type", "groups", "--entity-name", "billing");
  assert.match(group, /consumer\.session\.timeout\.ms=50000/);
  assert.match(
    await describe("--entity-type", "users"),
    /'alice' are SCRAM-SHA-256=iterations=4096/,
  );
  assert.match(await kafka.tool(aclTool, ...server, "--list"), /principal=User:alice.*READ.*ALLOW/);
  const features = await kafka.tool(featureTool, ...server, "describe");
  assert.match(features, /transaction\.version.*FinalizedVersionLevel: 1/);
  assert.match(features, /metadata\.version.*FinalizedVersionLevel: 4\.3-IV0/);
}

test("Apache Kafka goes on with the metadata of a broker that was stopped, and gives them back", {
  skip: withoutKafka,
}, async () => {
  using laptop = new Laptop();
  const controller = open(laptop, true);
  fill(controller);
  const topicId = controller.image.topics.get("orders")?.id ?? "";
  controller.close();
  await using kafka = await laptop.kafka();
  await assertFound(kafka, topicId);
  const server = ["--bootstrap-server", kafka.bootstrapServers];
  await kafka.tool(topicTool, ...server, "--create", "--topic", "refunds", "--partitions", "2");
  await kafka.close();
  const again = open(laptop, true);
  assert.equal(again.image.topics.get("orders")?.id, topicId);
  assert.equal(again.image.topics.get("refunds")?.partitions.length, 2);
  again.close();
});

test("Apache Kafka goes on with the metadata of a broker that was killed, from its last snapshot on", {
  skip: withoutKafka,
}, async () => {
  using laptop = new Laptop();
  const controller = open(laptop, true, [
    ["metadata.log.max.record.bytes.between.snapshots", "1000"],
  ]);
  fill(controller);
  const topicId = controller.image.topics.get("orders")?.id ?? "";
  const restarted = open(laptop, false);
  assert.equal(restarted.image.topics.get("orders")?.partitions[0]?.leaderEpoch, 1);
  await using kafka = await laptop.kafka();
  await assertFound(kafka, topicId);
});
