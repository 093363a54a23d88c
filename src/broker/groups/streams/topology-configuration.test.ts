import assert from "node:assert/strict";
import { test } from "node:test";
import { internal, StreamsScene, topologyWith } from "../../../../test/streams-scene.ts";
import { statusCodes } from "./heartbeat-status.ts";
import type { Subtopology } from "./topology.ts";
import { topologyOf, topologyValueOf } from "./topology.ts";
import { configureTopology } from "./topology-configuration.ts";

function configure(
  topics: Readonly<Record<string, number>>,
  subtopologies: Readonly<Record<string, Partial<Subtopology>>>,
) {
  const scene = new StreamsScene();
  for (const [name, partitions] of Object.entries(topics)) scene.topic(name, partitions);
  const topology = topologyOf(topologyValueOf(topologyWith(subtopologies)));
  return configureTopology(topology, scene.image);
}

function missing(configured: ReturnType<typeof configure>) {
  assert.equal(configured.name, "waiting");
  if (configured.name !== "waiting") return {};
  return Object.fromEntries(configured.missing.map(({ name, partitions }) => [name, partitions]));
}

function problem(configured: ReturnType<typeof configure>) {
  return configured.name === "ready" ? undefined : configured.status;
}

const joined = {
  sourceTopics: ["in"],
  repartitionSourceTopics: [internal("r")],
  copartitionGroups: [{ sourceTopics: [0], sourceTopicRegex: [], repartitionSourceTopics: [0] }],
};

test("a subtopology has a task for each partition of its largest source", () => {
  const configured = configure({ a: 2, b: 5 }, { "0": { sourceTopics: ["a", "b"] } });
  assert.equal(configured.name, "ready");
  if (configured.name === "ready") assert.equal(configured.subtopologies.get("0")?.taskCount, 5);
});

test("a repartition topic gets as many partitions as the sources of who writes to it, through others too", () => {
  const configured = configure(
    { in: 4 },
    {
      "0": { repartitionSourceTopics: [internal("second")] },
      "1": { repartitionSourceTopics: [internal("first")], repartitionSinkTopics: ["second"] },
      "2": { sourceTopics: ["in"], repartitionSinkTopics: ["first"] },
    },
  );
  assert.deepEqual(missing(configured), { second: 4, first: 4 });
});

test("a repartition topic with a number of its own keeps it, and passes it on", () => {
  const configured = configure(
    { in: 4 },
    {
      "0": { sourceTopics: ["in"], repartitionSinkTopics: ["r"] },
      "1": {
        repartitionSourceTopics: [internal("r", 7)],
        stateChangelogTopics: [internal("changelog")],
      },
    },
  );
  assert.deepEqual(missing(configured), { r: 7, changelog: 7 });
});

test("a repartition topic that is joined with a topic gets as many partitions as that one", () => {
  const configured = configure(
    { in: 6, other: 2 },
    { "0": { sourceTopics: ["other"], repartitionSinkTopics: ["r"] }, "1": joined },
  );
  assert.deepEqual(missing(configured), { r: 6 });
});

test("repartition topics that are joined with one another get the most partitions of them", () => {
  const configured = configure(
    { a: 3, b: 5 },
    {
      "0": { sourceTopics: ["a"], repartitionSinkTopics: ["x"] },
      "1": { sourceTopics: ["b"], repartitionSinkTopics: ["y"] },
      "2": {
        repartitionSourceTopics: [internal("x"), internal("y")],
        copartitionGroups: [
          { sourceTopics: [], sourceTopicRegex: [], repartitionSourceTopics: [0, 1] },
        ],
      },
    },
  );
  assert.deepEqual(missing(configured), { x: 5, y: 5 });
});

test("sources that are joined must have the same number of partitions", () => {
  const configured = configure(
    { b: 3, a: 2 },
    {
      "0": {
        sourceTopics: ["b", "a"],
        copartitionGroups: [
          { sourceTopics: [0, 1], sourceTopicRegex: [], repartitionSourceTopics: [] },
        ],
      },
    },
  );
  assert.deepEqual(problem(configured), {
    statusCode: statusCodes.incorrectlyPartitionedTopics,
    statusDetail: "Following topics do not have the same number of partitions: [{a=2, b=3}]",
  });
});

test("a repartition topic whose own number is not that of its partner is told of", () => {
  const configured = configure(
    { in: 6 },
    {
      "0": { sourceTopics: ["in"], repartitionSinkTopics: ["r"] },
      "1": { ...joined, repartitionSourceTopics: [internal("r", 4)] },
    },
  );
  assert.deepEqual(problem(configured), {
    statusCode: statusCodes.incorrectlyPartitionedTopics,
    statusDetail:
      "Number of partitions [4] of repartition topic [r] doesn't match number of partitions [6] of the source topic.",
  });
});

test("repartition topics in a circle make no topology", () => {
  const circle = {
    "0": { repartitionSourceTopics: [internal("x")], repartitionSinkTopics: ["y"] },
    "1": { repartitionSourceTopics: [internal("y")], repartitionSinkTopics: ["x"] },
  };
  assert.throws(() => configure({}, circle), { code: "STREAMS_INVALID_TOPOLOGY" });
});

test("a repartition topic that nobody writes to makes no topology", () => {
  const orphan = { "0": { repartitionSourceTopics: [internal("x")] } };
  assert.throws(() => configure({}, orphan), { code: "STREAMS_INVALID_TOPOLOGY" });
});

test("a subtopology without sources makes no topology", () => {
  const idle = { "0": { stateChangelogTopics: [internal("changelog")] } };
  assert.throws(() => configure({}, idle), { code: "STREAMS_INVALID_TOPOLOGY" });
});

test("a copartition group that points nowhere is a server error, as in Kafka", () => {
  const broken = { "0": { ...joined, repartitionSourceTopics: [] } };
  assert.throws(() => configure({ in: 1 }, broken), { code: "UNKNOWN_SERVER_ERROR" });
});

test("no more than three of the missing sources are named", () => {
  const sources = ["e", "d", "c", "b", "a"];
  assert.deepEqual(problem(configure({}, { "0": { sourceTopics: sources } })), {
    statusCode: statusCodes.missingSourceTopics,
    statusDetail: "Source topics a, b, c and 2 additional topics are missing.",
  });
});
