import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { KafkaStreams, memoryEngine, StreamsBuilder, string } from "millrace";
import { Broker } from "millrace/broker";
import { Client } from "millrace/client";
import { until } from "../until.ts";

test("an application goes on after its broker was away, and counts every record", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "millrace-outage-"));
  let broker = await Broker.start({ port: 0, dataDir: join(directory, "broker") });
  const port = broker.port() as number;
  const apps: KafkaStreams[] = [];
  t.after(async () => {
    for (const app of apps) await app.close({ timeoutMs: 1_000 });
    await broker.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const bootstrapServers = `127.0.0.1:${port}`;
  await using client = new Client({ bootstrapServers });
  await client.admin().topics.create({ name: "in", numPartitions: 2 });
  const builder = new StreamsBuilder();
  const counts = builder
    .stream("in", { key: string, value: string })
    .groupBy((value) => value, { key: string, value: string })
    .count({ store: "counts" });
  const app = new KafkaStreams(builder.build(), {
    applicationId: "outage",
    bootstrapServers,
    stateDir: join(directory, "state"),
    commitIntervalMs: 20,
    producer: { lingerMs: 5 },
  });
  apps.push(app);
  await app.start();
  await app.untilRunning();
  const producer = client.producer();
  let sent = 0;
  const send = async (count: number) => {
    for (let index = 0; index < count; index += 1) producer.enqueue({ topic: "in", value: "word" });
    sent += count;
  };
  await send(1_000);
  await producer.flush();
  await broker.close();
  await send(1_000);
  broker = await Broker.start({ port, dataDir: join(directory, "broker") });
  await producer.flush();
  await send(1_000);
  await producer.flush();
  const view = app.store(counts);
  await until("all is counted", () => {
    return app.state === "running" && (view.get("word")?.value ?? 0) >= sent;
  });
  assert.equal(app.state, "running");
});

test("closing takes no longer than it may, though the broker is gone", async () => {
  const broker = await Broker.start({ port: 0 });
  const bootstrapServers = `127.0.0.1:${broker.port()}`;
  await using client = new Client({ bootstrapServers });
  await client.admin().topics.create([
    { name: "in", numPartitions: 1 },
    { name: "out", numPartitions: 1 },
  ]);
  const builder = new StreamsBuilder();
  const text = { key: string, value: string };
  let seen = 0;
  builder
    .stream("in", text)
    .peek(() => {
      seen += 1;
    })
    .to("out", text);
  const app = new KafkaStreams(builder.build(), {
    applicationId: "gone",
    bootstrapServers,
    storeEngine: memoryEngine,
    producer: { lingerMs: 300 },
  });
  await app.start();
  await app.untilRunning();
  const producer = client.producer();
  await producer.send({ topic: "in", value: "word" });
  await until("it is processed", () => seen === 1);
  await broker.close();
  const start = performance.now();
  await app.close({ timeoutMs: 500 }).catch((error) => assert.equal(error.code, "TIMED_OUT"));
  assert.ok(performance.now() - start < 5_000);
  assert.equal(app.state, "not-running");
});

test("closing calls off a commit that waits for a broker that is gone", async () => {
  const broker = await Broker.start({ port: 0 });
  const bootstrapServers = `127.0.0.1:${broker.port()}`;
  await using client = new Client({ bootstrapServers });
  await client.admin().topics.create({ name: "in", numPartitions: 1 });
  await client.admin().topics.create({ name: "out", numPartitions: 1 });
  const builder = new StreamsBuilder();
  const text = { key: string, value: string };
  let closing: Promise<void> | undefined;
  const end = () => {
    closing ??= broker.close();
  };
  builder.stream("in", text).peek(end).to("out", text);
  const app = new KafkaStreams(builder.build(), {
    applicationId: "gone",
    bootstrapServers,
    storeEngine: memoryEngine,
    commitIntervalMs: 10,
    producer: { lingerMs: 300 },
    retryBackoffMs: 20,
    retryBackoffMaxMs: 20,
    reconnectBackoffMaxMs: 20,
  });
  await app.start();
  await app.untilRunning();
  const producer = client.producer();
  await producer.send({ topic: "in", value: "word" }).catch(() => {});
  await until("it is processed", () => closing !== undefined);
  await closing;
  const { producer: written, postponedCommits } = app.metrics().thread ?? {};
  assert.deepEqual([written?.bufferedRecords, postponedCommits], [1, 0], "a commit waits");
  const start = performance.now();
  await app.close({ timeoutMs: 500 }).catch((error) => assert.equal(error.code, "TIMED_OUT"));
  assert.ok(performance.now() - start < 5_000);
});
