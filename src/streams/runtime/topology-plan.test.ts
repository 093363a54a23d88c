import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamsBuilder } from "../dsl/streams-builder.ts";
import { string } from "../serdes.ts";
import { keyValueStore } from "../stores/key-value-builders.ts";
import { Topology } from "../topology.ts";
import { TopologyPlan } from "./topology-plan.ts";

const text = { key: string, value: string };
const dayMs = 86_400_000;

test("the changelog of versions is not compacted before they and a day are over, save where the store says so", () => {
  const builder = new StreamsBuilder();
  const versioned = { history: { hours: 1 } };
  builder.table("a", { ...text, store: "plain", versioned });
  const changelog = { "min.compaction.lag.ms": "7", "segment.bytes": "1000000" };
  builder.table("b", { ...text, store: "own", versioned, changelog });
  const topics = new TopologyPlan(builder.build().builder, "app")
    .subtopologies()
    .flatMap(({ changelogTopics }) => changelogTopics);
  const common = { "message.timestamp.type": "CreateTime", "cleanup.policy": "compact" };
  assert.deepEqual(
    topics.map(({ name, configs }) => [name, Object.fromEntries(configs)]),
    [
      ["app-plain-changelog", { ...common, "min.compaction.lag.ms": `${3_600_000 + dayMs}` }],
      ["app-own-changelog", { ...common, ...changelog }],
    ],
  );
});

test("a store that is only read is restored from the topic that feeds it, and has no changelog besides", () => {
  const topology = new Topology().addReadOnlyStateStore(
    keyValueStore("names", text),
    { ...text, name: "source", topic: "people" },
    { name: "filler", supply: () => ({ process() {} }) },
  );
  const plan = new TopologyPlan(topology.builder, "app");
  const [subtopology] = plan.subtopologies();
  const [store] = subtopology?.stores ?? [];
  assert.deepEqual(subtopology?.changelogTopics, []);
  assert.equal(store && plan.changelogOf(store), "people");
});
