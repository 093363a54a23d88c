import assert from "node:assert/strict";
import { test } from "node:test";
import {
  both,
  counting,
  internal,
  joining,
  noDelay,
  ready,
  StreamsScene,
  topologyWith,
} from "../../../../test/streams-scene.ts";
import { zeroHash } from "../../../protocol/index.ts";
import { statusCodes } from "./heartbeat-status.ts";

test("missing source topics leave the group not ready until they are there", () => {
  const scene = new StreamsScene(noDelay);
  const { status, activeTasks } = scene.beat(joining("a", counting));
  assert.deepEqual(status, [
    {
      statusCode: statusCodes.missingSourceTopics,
      statusDetail: "Source topics in are missing.",
    },
  ]);
  assert.deepEqual(activeTasks, []);
  assert.equal(scene.group.state, "NotReady");
  scene.topic("in", 2);
  scene.topic("app-store-changelog", 2);
  assert.deepEqual(scene.beat({ memberId: "a", memberEpoch: 2 }).activeTasks, both);
  assert.equal(scene.group.state, "Stable");
});

test("internal topics that are missing are asked for, and the group goes on once they are there", () => {
  const scene = new StreamsScene(noDelay);
  scene.topic("in", 2);
  const { answer, topicsToCreate } = scene.run(joining("a", counting));
  assert.deepEqual(topicsToCreate, [
    { name: "app-store-changelog", partitions: 2, replicationFactor: 0, configs: new Map() },
  ]);
  assert.deepEqual(answer.status, [
    {
      statusCode: statusCodes.missingInternalTopics,
      statusDetail: "Internal topics are missing: app-store-changelog",
    },
  ]);
  assert.equal(scene.groups.topicCreation.create(topicsToCreate, 0, 10_000).size, 0);
  const next = scene.beat({ memberId: "a", memberEpoch: 2 });
  assert.deepEqual([next.status, next.activeTasks], [[], both]);
});

test("a changelog with the wrong number of partitions is told of", () => {
  const scene = new StreamsScene(noDelay);
  scene.topic("in", 2);
  scene.topic("app-store-changelog", 3);
  const [status] = scene.beat(joining("a", counting)).status;
  assert.deepEqual(status, {
    statusCode: statusCodes.incorrectlyPartitionedTopics,
    statusDetail:
      "Existing topic app-store-changelog has different number of partitions: expected 2, found 3",
  });
});

test("a source that grows gives the group more tasks", () => {
  const scene = new StreamsScene(noDelay);
  scene.topic("in", 2);
  const plain = topologyWith({ "0": { sourceTopics: ["in"] } });
  scene.beat(joining("a", plain));
  const hash = scene.group.metadata.metadataHash;
  assert.notEqual(hash, zeroHash);
  scene.topic("in", 3);
  const { activeTasks } = scene.beat({ memberId: "a", memberEpoch: 2 });
  assert.deepEqual(activeTasks, [{ subtopologyId: "0", partitions: [0, 1, 2] }]);
  assert.notEqual(scene.group.metadata.metadataHash, hash);
});

test("another topology is refused, and an older one goes on as stale", () => {
  const scene = ready();
  const newer = { ...counting, epoch: 5 };
  scene.beat(joining("a", newer));
  const other = topologyWith({ "0": { sourceTopics: ["in"] } }, 5);
  assert.throws(() => scene.beat(joining("b", other)), {
    code: "INVALID_REQUEST",
    message: "Topology updates are not supported yet.",
  });
  const { status } = scene.beat(joining("b", { ...counting, epoch: 4 }));
  assert.deepEqual(status, [
    {
      statusCode: statusCodes.staleTopology,
      statusDetail: "The member's topology epoch 4 is behind the group's topology epoch 5.",
    },
  ]);
});

test("the order of subtopologies does not make another topology", () => {
  const scene = ready();
  scene.topic("more", 1);
  const parts = { a: { sourceTopics: ["in"] }, b: { sourceTopics: ["more"] } };
  scene.beat(joining("a", topologyWith(parts)));
  const reordered = topologyWith({ b: parts.b, a: parts.a });
  assert.equal(scene.beat(joining("b", reordered)).memberEpoch, 3);
});

test("a topology with a repartition topic has its tasks counted through it", () => {
  const scene = new StreamsScene(noDelay);
  scene.topic("in", 3);
  const topology = topologyWith({
    "0": { sourceTopics: ["in"], repartitionSinkTopics: ["app-by-key-repartition"] },
    "1": {
      repartitionSourceTopics: [internal("app-by-key-repartition")],
      stateChangelogTopics: [internal("app-store-changelog")],
    },
  });
  const { topicsToCreate } = scene.run(joining("a", topology));
  assert.deepEqual(
    topicsToCreate.map(({ name, partitions }) => [name, partitions]),
    [
      ["app-by-key-repartition", 3],
      ["app-store-changelog", 3],
    ],
  );
});
