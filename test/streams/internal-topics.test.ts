import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { StreamsBuilder, string, tumbling } from "millrace";
import { Broker } from "millrace/broker";
import { Client } from "millrace/client";
import {
  InternalTopics,
  type InternalTopicsOptions,
} from "../../src/streams/runtime/internal-topics.ts";
import { TopologyPlan } from "../../src/streams/runtime/topology-plan.ts";

const text = { key: string, value: string };

let broker: Broker;
let client: Client;

before(async () => {
  broker = await Broker.start({ port: 0 });
  client = new Client({ bootstrapServers: broker.bootstrapServers });
  await client.admin().topics.create({ name: "words", numPartitions: 3 });
});

after(async () => {
  await client.close();
  await broker.close();
});

/** Words counted, and counted per minute, with configs of its own for one of the changelogs. */
function wordCount(applicationId: string): TopologyPlan {
  const builder = new StreamsBuilder();
  const words = builder.stream("words", text).groupBy((word) => word, { ...text, name: "words" });
  words.count({ store: "counts", changelog: { "segment.ms": "60000" } });
  const minutes = tumbling({ size: { minutes: 1 }, grace: { hours: 1 } });
  words.windowedBy(minutes).count({ store: "perMinute" });
  return new TopologyPlan(builder.build().builder, applicationId);
}

function internalTopics(
  plan: TopologyPlan,
  options: Partial<InternalTopicsOptions> = {},
): InternalTopics {
  return new InternalTopics({ admin: client.admin(), plan, ...options });
}

async function configsOf(name: string): Promise<ReadonlyMap<string, string | null>> {
  const configs = await client.admin().configs.describe({ type: "topic", name });
  return new Map([...configs].map(([config, { value }]) => [config, value]));
}

test("internal topics are created with Kafka Streams' configs, and those that are there are left alone", async () => {
  const topics = internalTopics(wordCount("fresh"));
  const counts = await topics.ensure();
  assert.deepEqual(Object.fromEntries(counts), {
    words: 3,
    "fresh-words-repartition": 3,
    "fresh-counts-changelog": 3,
    "fresh-perMinute-changelog": 3,
  });
  const repartition = await configsOf("fresh-words-repartition");
  assert.equal(repartition.get("cleanup.policy"), "delete");
  assert.equal(repartition.get("retention.ms"), "-1");
  assert.equal(repartition.get("segment.bytes"), "52428800");
  const changelog = await configsOf("fresh-counts-changelog");
  assert.equal(changelog.get("cleanup.policy"), "compact");
  assert.equal(changelog.get("segment.ms"), "60000");
  const windowed = await configsOf("fresh-perMinute-changelog");
  assert.equal(windowed.get("cleanup.policy"), "compact,delete");
  assert.ok(Number(windowed.get("retention.ms")) >= 25 * 3_600_000);
  const ids = await topicIds("fresh-");
  await topics.ensure();
  assert.deepEqual(await topicIds("fresh-"), ids);
});

test("settings for all internal topics replace the library's own, not a single store's nor a window's retention", async () => {
  const topicConfigs = new Map([
    ["segment.ms", "30000"],
    ["cleanup.policy", "compact,delete"],
    ["retention.ms", "1000"],
  ]);
  await internalTopics(wordCount("tuned"), { topicConfigs }).ensure();
  const changelog = await configsOf("tuned-counts-changelog");
  assert.equal(changelog.get("segment.ms"), "60000");
  assert.equal(changelog.get("cleanup.policy"), "compact,delete");
  assert.equal(changelog.get("retention.ms"), "1000");
  const windowed = await configsOf("tuned-perMinute-changelog");
  assert.equal(windowed.get("segment.ms"), "30000");
  assert.ok(Number(windowed.get("retention.ms")) >= 25 * 3_600_000);
});

test("several instances may create them at once", async () => {
  const instances = Array.from({ length: 5 }, () => internalTopics(wordCount("crowd")));
  const all = await Promise.all(instances.map((instance) => instance.ensure()));
  for (const counts of all) assert.equal(counts.get("crowd-counts-changelog"), 3);
});

test("an internal topic with another number of partitions stops the application before it loses anything", async () => {
  await client.admin().topics.create({ name: "odd-counts-changelog", numPartitions: 7 });
  await assert.rejects(internalTopics(wordCount("odd")).ensure(), {
    code: "INVALID_INTERNAL_TOPIC",
    message: /odd-counts-changelog has 7 and needs 3/,
  });
});

test("configs under which data may be lost are warned of, once", async () => {
  const { topics } = client.admin();
  const configs = { "cleanup.policy": "delete", "retention.ms": "1000" };
  await topics.create({ name: "risky-counts-changelog", numPartitions: 3, configs });
  await topics.create({ name: "risky-words-repartition", numPartitions: 3, configs });
  const warnings: string[] = [];
  const quiet = { debug() {}, info() {}, error() {} };
  const logger = { ...quiet, warn: (_: object, message: string) => warnings.push(message) };
  const risky = internalTopics(wordCount("risky"), { logger });
  await risky.ensure();
  await risky.ensure();
  assert.deepEqual(warnings.sort(), [
    'internal topic risky-counts-changelog: its cleanup.policy contains "delete", so that it may lose what it is to keep',
    "internal topic risky-words-repartition: its retention.ms is 1000 but should be -1",
  ]);
});

test("a topic that is read and not there is named", async () => {
  const builder = new StreamsBuilder();
  builder.stream(["words", "gone"], text).to("out", text);
  const plan = new TopologyPlan(builder.build().builder, "lost");
  await assert.rejects(internalTopics(plan).ensure(), {
    code: "MISSING_SOURCE_TOPIC",
    message: /gone/,
  });
  const names = (await client.admin().topics.list()).map(({ name }) => name);
  assert.ok(!names.includes("gone"), "looking for a topic must not create it");
});

test("what matches a pattern is found on the broker", async () => {
  await client.admin().topics.create([
    { name: "log-a", numPartitions: 2 },
    { name: "log-b", numPartitions: 5 },
  ]);
  const builder = new StreamsBuilder();
  builder.stream(/log-.*/, text).toTable({ ...text, store: "logs" });
  const plan = new TopologyPlan(builder.build().builder, "pattern");
  const counts = await internalTopics(plan).ensure();
  assert.deepEqual(
    [...counts].filter(([, count]) => count !== 3),
    [
      ["log-a", 2],
      ["log-b", 5],
      ["pattern-logs-changelog", 5],
    ],
  );
});

test("an abort ends the wait for a cluster that does not answer", async () => {
  const lost = new Client({ bootstrapServers: "127.0.0.1:1" });
  const abort = new AbortController();
  const topics = internalTopics(wordCount("abort"), { admin: lost.admin() });
  const ensured = assert.rejects(topics.ensure({ signal: abort.signal }), { code: "ABORTED" });
  abort.abort();
  await ensured;
  await lost.close();
});

async function topicIds(prefix: string): Promise<readonly (readonly [string, string])[]> {
  const topics = await client.admin().topics.list();
  return topics.filter(({ name }) => name.startsWith(prefix)).map(({ name, id }) => [name, id]);
}
