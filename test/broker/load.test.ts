import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  ApiVersions,
  CreateTopics,
  Fetch,
  ListOffsets,
  Metadata,
  Produce,
} from "../../src/protocol/index.ts";
import { batchOf } from "../broker-harness.ts";
import { BrokerProcess } from "../broker-process.ts";
import { RawClient } from "../raw-client.ts";

const mebibyte = 1024 * 1024;
const software = { clientSoftwareName: "load", clientSoftwareVersion: "1" };

/** A directory that goes when the test is over. */
function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "millrace-load-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

async function createTopics(client: RawClient, names: readonly string[], numPartitions: number) {
  const topics = names.map((name) => ({
    name,
    numPartitions,
    replicationFactor: 1,
    assignments: [],
    configs: [],
  }));
  const answer = await client.request(CreateTopics, 7, { topics, timeoutMs: 60_000 });
  for (const { errorCode, errorMessage } of answer.topics) {
    assert.equal(errorCode, 0, `${errorMessage}`);
  }
}

function produceBody(name: string, partitions: readonly number[]) {
  const partitionData = partitions.map((index) => ({
    index,
    records: batchOf([`${name}-${index}`], 1_700_000_000_000),
  }));
  return { acks: -1, timeoutMs: 30_000, topicData: [{ name, partitionData }] };
}

function fetchBody(topic: string, partitions: readonly number[], maxWaitMs = 0) {
  const asked = partitions.map((partition) => ({
    partition,
    fetchOffset: 0,
    partitionMaxBytes: mebibyte,
  }));
  return { maxWaitMs, minBytes: 1, isolationLevel: 0, topics: [{ topic, partitions: asked }] };
}

test("1,000 clients at once are served, and one append wakes all who wait for it", async (t) => {
  const broker = await BrokerProcess.start({ port: 0 });
  t.after(() => broker.kill());
  const writer = await RawClient.connect(broker.bootstrapServers);
  await createTopics(writer, ["news"], 1);
  const before = await broker.memory();
  const clients = await Promise.all(
    Array.from({ length: 1_000 }, () => RawClient.connect(broker.bootstrapServers)),
  );
  t.after(() => {
    for (const client of [writer, ...clients]) client.close();
  });
  await Promise.all(
    clients.map(async (client) => {
      const { errorCode } = await client.request(ApiVersions, 3, software);
      assert.equal(errorCode, 0);
      const { topics } = await client.request(Metadata, 9, { topics: [{ name: "news" }] });
      assert.equal(topics[0]?.errorCode, 0);
    }),
  );
  const waiting = clients.map((client) => client.request(Fetch, 11, fetchBody("news", [0], 5_000)));
  await writer.request(Produce, 9, produceBody("news", [0]));
  for (const { responses } of await Promise.all(waiting)) {
    assert.ok((responses[0]?.partitions[0]?.records?.length ?? 0) > 0);
  }
  const { resident } = await broker.memory();
  const each = Math.round((resident - before.resident) / clients.length / 1024);
  t.diagnostic(`${Math.round(resident / mebibyte)} MiB with 1,000 clients, ${each} KiB for each`);
  assert.ok(resident < 256 * mebibyte, `the broker holds ${resident} bytes`);
});

test("10,000 partitions are written, read and opened again within 512 MiB", {
  timeout: 180_000,
}, async (t) => {
  const options = { port: 0, dataDir: temporaryDirectory(t) };
  let broker = await BrokerProcess.start(options);
  t.after(() => broker.kill());
  const names = Array.from({ length: 10 }, (_, index) => `wide-${index}`);
  const partitions = Array.from({ length: 1_000 }, (_, index) => index);
  let client = await RawClient.connect(broker.bootstrapServers, 60_000);
  for (const name of names) await createTopics(client, [name], partitions.length);
  for (const name of names) {
    const { responses } = await client.request(Produce, 9, produceBody(name, partitions));
    const codes = new Set(responses[0]?.partitionResponses.map(({ errorCode }) => errorCode));
    assert.deepEqual([...codes], [0]);
  }
  const full = await broker.memory();
  client.close();
  await broker.stop();
  const stoppedAt = performance.now();
  broker = await BrokerProcess.start(options);
  const startMs = Math.round(performance.now() - stoppedAt);
  client = await RawClient.connect(broker.bootstrapServers, 60_000);
  for (const name of names) {
    const { responses } = await client.request(Fetch, 11, fetchBody(name, partitions));
    const found = responses.flatMap((topic) => topic.partitions);
    assert.equal(found.filter(({ records }) => (records?.length ?? 0) > 0).length, 1_000);
    const asked = partitions.map((partitionIndex) => ({ partitionIndex, timestamp: -1 }));
    const topics = [{ name, partitions: asked }];
    const ends = await client.request(ListOffsets, 5, { replicaId: -1, topics });
    assert.ok(ends.topics[0]?.partitions.every(({ offset }) => offset === 1));
  }
  const again = await broker.memory();
  client.close();
  const mib = (bytes: number) => `${Math.round(bytes / mebibyte)} MiB`;
  t.diagnostic(
    `${mib(full.resident)} after writing (at most ${mib(full.peak)}), ${mib(again.resident)} after a restart of ${startMs} ms and reading`,
  );
  assert.ok(Math.max(full.peak, again.peak) < 512 * mebibyte, "the broker holds too much");
});
