import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { valuesOrThrow } from "millrace/client";
import { isEmbedded } from "../cluster.ts";
import { PeerScene, type RawRecord, rowsOf, sorted } from "./peer-scene.ts";
import * as peers from "./peer-topologies.ts";

const partitions = 3;
const records = 300;
const engines = ["jvm", "ours"] as const;

/** How the records of a topic are compared. */
type Comparison =
  /** All of them in their order. */
  | "log"
  /** All of them; which comes first depends on which task was faster. */
  | "records"
  /** The last of each key; how many there were before depends on which task was faster. */
  | "rows"
  /** The same without timestamps, which say when the rows were written. */
  | "values"
  /** Not at all: what is said on the way depends on which task was faster. */
  | "nothing";

const comparisons = {
  log: (all: readonly RawRecord[]) => all,
  records: sorted,
  rows: rowsOf,
  values: (all: readonly RawRecord[]) => rowsOf(all).map(({ timestamp: _, ...row }) => row),
  nothing: () => [],
} satisfies Record<Comparison, unknown>;

/** How an application's own topic is compared, by the end of its name, if nothing else is said. */
const usualComparisons: readonly (readonly [RegExp, Comparison])[] = [
  [/-(SUPPRESS-STATE-STORE-\d+|joined)-changelog$/, "values"],
  [/-changelog$/, "rows"],
  [/-SUBSCRIPTION-RESPONSE-\d+-topic$/, "nothing"],
  [/./, "records"],
];

describe("Kafka Streams on the JVM and ours, on one cluster", {
  skip: isEmbedded && "it is about Apache Kafka",
  timeout: 400_000,
}, () => {
  let scene: PeerScene;
  before(async () => {
    scene = await PeerScene.start();
  });
  after(() => scene?.close());

  /** Runs a topology on both engines over the same records, and compares what they made of them. */
  async function compare(
    name: string,
    { inputs, writingTo, records: made }: peers.PeerTopology,
    {
      output,
      internal,
      ...settings
    }: {
      readonly output: Comparison;
      /** Of internal topics, if there is more to say of them than usual. */
      readonly internal?: Comparison;
      readonly cacheBytes?: number;
      readonly optimization?: string;
    },
  ): Promise<void> {
    const outputs = engines.map((engine) => `out-${name}-${engine}`);
    await scene.create(partitions, ...inputs, ...outputs);
    await scene.write(made(0, records));
    for (const engine of engines) {
      const applicationId = `${name}-${engine}`;
      const topology = writingTo(`out-${name}-${engine}`);
      const app = await scene.run(engine, topology, { applicationId, ...settings });
      await scene.caughtUp(applicationId, inputs);
      await app.close();
    }
    const [jvm, ours] = engines.map((engine) => `${name}-${engine}`) as [string, string];
    assert.deepEqual(await topicsOf(ours), await topicsOf(jvm), "internal topics");
    assert.deepEqual(await commitsOf(ours), await commitsOf(jvm), "committed offsets");
    const names = (await topicsOf(jvm)).map(({ name: topic }) => topic);
    for (const topic of names) {
      const usual = usualComparisons.find(([pattern]) => pattern.test(topic))?.[1] ?? "records";
      const comparison = usual === "values" ? usual : (internal ?? usual);
      await compareTopics(comparison, `${jvm}${topic}`, `${ours}${topic}`);
    }
    await compareTopics(output, `out-${jvm}`, `out-${ours}`);
  }

  async function compareTopics(comparison: Comparison, theirs: string, ours: string) {
    const expected = await scene.read(theirs);
    assert.notEqual(expected.length, 0, `${theirs} has records`);
    const shown = comparisons[comparison];
    assert.deepEqual(shown(await scene.read(ours)), shown(expected), ours);
  }

  /** An application's own topics by name, with their partitions and what was configured for them. */
  async function topicsOf(applicationId: string) {
    const admin = scene.client.admin();
    const names = await scene.internalTopics(applicationId);
    const described = valuesOrThrow(await admin.topics.describe(names));
    const resources = names.map((name) => ({ type: "topic", name }) as const);
    const configs = valuesOrThrow(await admin.configs.describe(resources));
    return names.map((name) => ({
      name: name.slice(applicationId.length),
      partitions: described.get(name)?.partitions.length,
      configs: [...(configs.get(`topic:${name}`)?.values() ?? [])]
        .filter(({ source }) => source === "topic")
        .map((entry) => `${entry.name}=${entry.value}`)
        .sort(),
    }));
  }

  /** What an application has committed, metadata included; but for what depends on which task was faster. */
  async function commitsOf(applicationId: string) {
    const committed = await scene.client.admin().groupOffsets.list(applicationId);
    return committed
      .filter(({ topic }) => !topic.includes("-SUBSCRIPTION-"))
      .map(({ topic, partition, offset, metadata }) => {
        return `${topic.replace(applicationId, "")}-${partition} ${offset} ${metadata}`;
      })
      .sort();
  }

  test("count words alike through a repartition topic", async () => {
    await compare("words", peers.wordCount, { output: "rows" });
  });

  test("close windows alike, late records among them, and suppress alike what comes before", async () => {
    await compare("windows", peers.finalCounts, { output: "log", internal: "log" });
  });

  test("join streams alike within windows", async () => {
    await compare("streams", peers.streamJoin, { output: "log", internal: "log" });
  });

  test("merge sessions alike", async () => {
    await compare("sessions", peers.sessions, { output: "log", internal: "log" });
  });

  test("join tables alike by a foreign key", async () => {
    // A deletion's time shows where it came last.
    await compare("foreign", peers.foreignKeys, { output: "values" });
  });

  test("group tables anew alike", async () => {
    await compare("regrouped", peers.regrouped, { output: "rows" });
  });

  test("look records up alike in versioned tables", async () => {
    await compare("versions", peers.versions, { output: "log", internal: "log" });
  });

  test("look records up alike in global tables", async () => {
    await scene.create(partitions, "places");
    await scene.write(peers.places);
    await compare("global", peers.globalJoin, { output: "log" });
  });
});
