import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import {
  KafkaStreams,
  type MillraceError,
  StreamsBuilder,
  type StreamsConfig,
  string,
} from "millrace";
import { Client } from "millrace/client";
import { startKafka } from "../../tools/kafka/kafka.ts";
import type { KafkaCluster } from "../../tools/kafka/kafka-cluster.ts";
import { assertStopped } from "../app-scene.ts";
import { isEmbedded } from "../cluster.ts";
import { countingApp, inputTopic, longSession, outputTopic } from "../counting-app.ts";
import { CountingScene, countingConfigs } from "../counting-scene.ts";
import { until } from "../until.ts";

/** Longer than a session of the counting application. */
const pauseMs = 3_000;

describe("an application on Apache Kafka", {
  skip: isEmbedded && "it is about Apache Kafka",
  timeout: 400_000,
}, () => {
  const apps: KafkaStreams[] = [];
  let last: CountingScene | undefined;
  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close({ timeoutMs: 1_000 }).catch(() => {});
    await last?.close();
  });

  /** Starts a cluster, and words that flow into it. */
  async function begin(nodes = 1): Promise<{ kafka: KafkaCluster; scene: CountingScene }> {
    const properties = {
      ...countingConfigs,
      "broker.session.timeout.ms": 3_000,
      "default.replication.factor": nodes,
      "min.insync.replicas": nodes === 1 ? 1 : 2,
    };
    const kafka = await startKafka({ nodes, properties });
    const { bootstrapServers } = kafka;
    const scene = await CountingScene.start({ bootstrapServers, close: () => kafka.close() });
    last = scene;
    scene.flow();
    return { kafka, scene };
  }

  async function instance(
    scene: CountingScene,
    group: string,
    config?: Partial<StreamsConfig>,
  ): Promise<KafkaStreams> {
    const stateDir = scene.stateDir(group);
    const { bootstrapServers } = scene.broker;
    return started(countingApp(group, bootstrapServers, stateDir, config));
  }

  async function started(app: KafkaStreams): Promise<KafkaStreams> {
    apps.push(app);
    await app.start();
    await app.untilRunning();
    return app;
  }

  /** Waits until the application has processed so many records more. */
  async function progress(app: KafkaStreams, records = 500): Promise<void> {
    const processed = () => app.metrics().thread?.processedRecords ?? 0;
    const before = processed();
    await until("records are processed", () => processed() >= before + records);
  }

  /** Ends the flow, and waits until all of it is counted. */
  async function finish(scene: CountingScene, group: string): Promise<void> {
    await scene.ebb();
    await scene.caughtUp(group, [inputTopic, `${group}-counts-repartition`]);
  }

  test("survives a broker that is killed and comes back, and counts every word once", async () => {
    const { kafka, scene } = await begin();
    const app = await instance(scene, "outage", longSession);
    await progress(app);
    await kafka.kill(1);
    await kafka.restart(1);
    await progress(app);
    await finish(scene, "outage");
    assert.equal(app.state, "running");
    assert.deepEqual(await scene.results(), scene.written);
  });

  test("follows its coordinator and the leaders of its partitions to other nodes", async () => {
    const { kafka, scene } = await begin(3);
    const app = await instance(scene, "moving", longSession);
    await progress(app);
    const { coordinator } = await scene.admin.groups.describe("moving");
    await kafka.kill(coordinator);
    await progress(app);
    await kafka.restart(coordinator);
    await progress(app);
    await finish(scene, "moving");
    assert.equal(app.state, "running");
    assert.deepEqual(await scene.results(), scene.written);
  });

  test("is put out of the group by a long pause, comes back, and loses nothing", async () => {
    const { scene } = await begin();
    await scene.child("paused", "other");
    const app = await instance(scene, "paused");
    await scene.shared("paused", 2);
    await progress(app);
    const states: string[] = [];
    app.onStateChange((state) => states.push(state));
    // As a garbage collection would: nothing runs in this process.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
    await until("the tasks are this instance's no more", () => states.includes("rebalancing"));
    await scene.shared("paused", 2);
    await app.untilRunning();
    await progress(app);
    await finish(scene, "paused");
    const results = await scene.results();
    for (const [word, count] of scene.written) {
      assert.ok((results.get(word) ?? 0) >= count, `${word} was written ${count} times`);
    }
  });

  test("stops when partitions are added to a topic whose keys it has counted", async () => {
    const { scene } = await begin();
    const app = await instance(scene, "widened", { metadataMaxAgeMs: 500 });
    await progress(app);
    await scene.admin.partitions.create({ topic: inputTopic, numPartitions: 8 });
    await assertStopped(app, /internal topics have other numbers of partitions.*has 6 and needs 8/);
    assert.equal((app.error as MillraceError).code, "INVALID_INTERNAL_TOPIC");
  });

  test("reads partitions that are added to a topic where it keeps nothing by their keys", async () => {
    const { kafka, scene } = await begin();
    const builder = new StreamsBuilder();
    const serdes = { key: string, value: string };
    builder.stream(inputTopic, serdes).to(outputTopic, serdes);
    const plain = new KafkaStreams(builder.build(), {
      applicationId: "plain",
      bootstrapServers: kafka.bootstrapServers,
      stateDir: scene.stateDir("plain"),
      commitIntervalMs: 100,
      metadataMaxAgeMs: 500,
      producer: { lingerMs: 5 },
    });
    const app = await started(plain);
    await progress(app);
    await scene.ebb();
    await scene.admin.partitions.create({ topic: inputTopic, numPartitions: 8 });
    await until("the new tasks are there", () => app.metrics().thread?.tasks.length === 8);
    await using client = new Client({ bootstrapServers: kafka.bootstrapServers });
    const producer = client.producer({ value: string });
    await until("a record of a new partition is processed", async () => {
      await producer.send({ topic: inputTopic, partition: 7, value: "late" });
      const committed = await scene.admin.groupOffsets.list("plain");
      return committed.some(({ partition, offset }) => partition === 7 && offset > 0);
    });
    assert.equal(app.state, "running");
  });

  test("stops when a topic that it reads is deleted, and names it", async () => {
    const { scene } = await begin();
    const app = await instance(scene, "bereft", { metadataMaxAgeMs: 500 });
    await progress(app);
    await scene.ebb();
    await scene.admin.topics.delete(inputTopic);
    await assertStopped(app, /reads topics that do not exist: words/);
    assert.equal((app.error as MillraceError).code, "MISSING_SOURCE_TOPIC");
  });
});
