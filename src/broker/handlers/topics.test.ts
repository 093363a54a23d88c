import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, numberOf, openController, plainTopic } from "../../../test/metadata-fixture.ts";
import {
  CreateTopics,
  DeleteTopics,
  DescribeConfigs,
  DescribeTopicPartitions,
  Metadata,
  type RequestOf,
  type ResponseOf,
  zeroUuid,
} from "../../protocol/index.ts";
import { createTopics } from "./create-topics.ts";
import { deleteTopics } from "./delete-topics.ts";
import { describeConfigs } from "./describe-configs.ts";
import { describeTopicPartitions } from "./describe-topic-partitions.ts";
import { metadata } from "./metadata.ts";

test("a topic that is asked for is unknown once, and there the next time", () => {
  const controller = openController({ configs: [["num.partitions", "2"]] });
  const answer = () => ask(Metadata, metadata, { topics: [{ name: "orders" }] }, { controller });
  assert.equal(answer().topics[0]?.errorCode, numberOf("UNKNOWN_TOPIC_OR_PARTITION"));
  const [topic] = answer().topics;
  assert.equal(topic?.errorCode, 0);
  assert.equal(topic?.partitions.length, 2);
  assert.equal(topic?.topicId, controller.image.topics.get("orders")?.id);
});

test("topics are created by being asked for only where everyone agrees to it", () => {
  const topics = [{ name: "orders" }];
  const unwilling = openController();
  ask(Metadata, metadata, { topics, allowAutoTopicCreation: false }, { controller: unwilling });
  const off = openController({ configs: [["auto.create.topics.enable", "false"]] });
  ask(Metadata, metadata, { topics }, { controller: off });
  const forbidden = openController();
  const denied = ["CREATE CLUSTER kafka-cluster", "CREATE TOPIC orders"];
  const answer = ask(Metadata, metadata, { topics }, { controller: forbidden, denied });
  assert.equal(answer.topics[0]?.errorCode, numberOf("TOPIC_AUTHORIZATION_FAILED"));
  for (const { image } of [unwilling, off, forbidden]) assert.equal(image.topics.size, 0);
});

test("the topic of offsets gets Kafka's configs when it is asked for", () => {
  const controller = openController();
  const name = "__consumer_offsets";
  ask(Metadata, metadata, { topics: [{ name }] }, { controller });
  const [topic] = ask(Metadata, metadata, { topics: [{ name }] }, { controller }).topics;
  assert.deepEqual([topic?.isInternal, topic?.partitions.length], [true, 50]);
  assert.deepEqual(
    [...(controller.image.configs({ type: 2, name }) ?? [])],
    [
      ["cleanup.policy", "compact"],
      ["compression.type", "producer"],
      ["segment.bytes", "104857600"],
    ],
  );
});

test("topics are found by their ids, and unknown ids are named as such", () => {
  const controller = openController();
  const topicId = controller.createTopic(plainTopic("orders"));
  const other = "00000000-0000-0000-0000-000000000009";
  const request = { topics: [topicId, other].map((id) => ({ topicId: id, name: null })) };
  const answer = ask(Metadata, metadata, request, { controller });
  assert.deepEqual(
    answer.topics.map(({ name, errorCode }) => [name, errorCode]),
    [
      ["orders", 0],
      [null, numberOf("UNKNOWN_TOPIC_ID")],
    ],
  );
});

test("all topics but those that must not be seen are told of, in every version", () => {
  const controller = openController();
  for (const name of ["a", "b"]) controller.createTopic(plainTopic(name));
  for (let version = 0; version <= 13; version += 1) {
    const request = version === 0 ? { topics: [] } : { topics: null };
    const options = { controller, version, denied: ["DESCRIBE TOPIC b"] };
    const { topics } = ask(Metadata, metadata, request, options);
    assert.deepEqual(
      topics.map(({ name }) => name),
      ["a"],
    );
  }
});

test("creating topics answers each for itself, with all its configs", () => {
  const controller = openController();
  const topic = (name: string, numPartitions = 1) => {
    return { name, numPartitions, replicationFactor: 1, assignments: [], configs: [] };
  };
  const names = ["a", "b", "b", "c", "__cluster_metadata"];
  const topics = [...names.map((name) => topic(name)), topic("d", 0)];
  const denied = ["CREATE CLUSTER kafka-cluster", "CREATE TOPIC c", "DESCRIBE_CONFIGS TOPIC d"];
  const answer = ask(CreateTopics, createTopics, { topics }, { controller, denied });
  const codes = new Map(answer.topics.map(({ name, errorCode }) => [name, errorCode]));
  assert.deepEqual(Object.fromEntries(codes), {
    a: 0,
    b: numberOf("INVALID_REQUEST"),
    c: numberOf("TOPIC_AUTHORIZATION_FAILED"),
    d: numberOf("INVALID_PARTITIONS"),
    __cluster_metadata: numberOf("INVALID_REQUEST"),
  });
  const made = answer.topics.find(({ name }) => name === "a");
  assert.deepEqual(
    [made?.numPartitions, made?.replicationFactor, made?.configs?.length],
    [1, 1, 33],
  );
  assert.deepEqual([...controller.image.topics.keys()], ["a"]);
});

test("topics are deleted by name or id, once each", () => {
  const controller = openController();
  const [a, b, c] = ["a", "b", "c"].map((name) => controller.createTopic(plainTopic(name)));
  const topics = [
    { name: "a", topicId: zeroUuid },
    { name: null, topicId: b as string },
    { name: "nothing", topicId: zeroUuid },
    { name: null, topicId: zeroUuid },
    { name: "c", topicId: c as string },
  ];
  const answer = ask(DeleteTopics, deleteTopics, { topics, timeoutMs: 1000 }, { controller });
  assert.deepEqual(
    answer.responses.map(({ name, errorCode }) => [name, errorCode]),
    [
      ["a", 0],
      ["b", 0],
      ["nothing", numberOf("UNKNOWN_TOPIC_OR_PARTITION")],
      [null, numberOf("INVALID_REQUEST")],
      ["c", numberOf("INVALID_REQUEST")],
    ],
  );
  assert.equal(answer.responses[0]?.topicId, a);
  assert.deepEqual([...controller.image.topics.keys()], ["c"]);
});

test("partitions are described page by page, each once", () => {
  const controller = openController();
  for (const name of ["b", "a", "c"]) controller.createTopic(plainTopic(name, 3));
  const seen: string[] = [];
  const request: RequestOf<typeof DescribeTopicPartitions> = {
    topics: [],
    responsePartitionLimit: 2,
  };
  let cursor: ResponseOf<typeof DescribeTopicPartitions>["nextCursor"] = null;
  do {
    const answer: ResponseOf<typeof DescribeTopicPartitions> = ask(
      DescribeTopicPartitions,
      describeTopicPartitions,
      { ...request, cursor },
      { controller },
    );
    for (const { name, partitions } of answer.topics) {
      for (const { partitionIndex } of partitions) seen.push(`${name}${partitionIndex}`);
    }
    cursor = answer.nextCursor;
  } while (cursor !== null && seen.length < 20);
  assert.equal(seen.join(" "), "a0 a1 a2 b0 b1 b2 c0 c1 c2");
});

test("configs are described as asked for, and secrets are not", () => {
  const controller = openController({ configs: [["ssl.key.password", "secret"]] });
  const resource = { resourceType: 4, resourceName: "1", configurationKeys: null };
  const keys = ["ssl.key.password", "log.retention.hours"];
  const chosen = { ...resource, configurationKeys: keys };
  const request = { resources: [chosen], includeSynonyms: true, includeDocumentation: true };
  const [result] = ask(DescribeConfigs, describeConfigs, request, { controller }).results;
  const byName = new Map(result?.configs.map((one) => [one.name, one]));
  assert.equal(byName.size, 2);
  const password = byName.get("ssl.key.password");
  assert.deepEqual(
    [password?.value, password?.isSensitive, password?.synonyms[0]?.value],
    [null, true, null],
  );
  assert.equal(byName.get("log.retention.hours")?.value, "168");
  assert.ok(byName.get("log.retention.hours")?.documentation);
  const other = { ...resource, resourceName: "2" };
  const [refused] = ask(
    DescribeConfigs,
    describeConfigs,
    { resources: [other] },
    { controller },
  ).results;
  assert.equal(refused?.errorCode, numberOf("INVALID_REQUEST"));
});
