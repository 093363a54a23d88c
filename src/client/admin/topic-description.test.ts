import assert from "node:assert/strict";
import { test } from "node:test";
import { ScriptedCluster } from "../../../test/scripted-cluster.ts";
import { CreateTopics } from "../../protocol/apis/create-topics.ts";
import { DescribeTopicPartitions } from "../../protocol/apis/describe-topic-partitions.ts";
import { zeroUuid } from "../../protocol/bytes.ts";
import { Admin } from "./admin.ts";

function page(name: string, partitions: readonly number[]) {
  return {
    errorCode: 0,
    name,
    topicId: zeroUuid,
    partitions: partitions.map((partitionIndex) => ({
      errorCode: 0,
      partitionIndex,
      leaderId: 1,
      replicaNodes: [1],
      isrNodes: [1],
      offlineReplicas: [],
    })),
  };
}

test("a broker that has no pages is asked for metadata", async () => {
  const scripted = new ScriptedCluster();
  scripted.topics = [{ name: "t", leaders: [1, -1] }];
  const { partitions } = await new Admin(scripted.cluster).topics.describe("t");
  assert.deepEqual(
    partitions.map(({ leader }) => leader),
    [1, -1],
  );
  assert.equal(partitions[0]?.eligibleLeaderReplicas, undefined);
  await assert.rejects(new Admin(scripted.cluster).topics.describe("u"), {
    code: "UNKNOWN_TOPIC_OR_PARTITION",
  });
});

test("a topic that spans pages is put together", async () => {
  const scripted = new ScriptedCluster().on(DescribeTopicPartitions, ({ cursor }) =>
    cursor === null
      ? { topics: [page("a", [0, 1])], nextCursor: { topicName: "a", partitionIndex: 2 } }
      : { topics: [page("a", [2]), page("b", [0])], nextCursor: null },
  );
  const outcomes = await new Admin(scripted.cluster).topics.describe(["a", "b"]);
  assert.deepEqual(
    [...outcomes.values()].map((one) => one.state === "done" && one.value.partitions.length),
    [3, 1],
  );
});

test("pages that do not advance are an error, not a loop", async () => {
  const scripted = new ScriptedCluster().on(DescribeTopicPartitions, () => ({
    topics: [page("a", [0])],
    nextCursor: { topicName: "a", partitionIndex: 0 },
  }));
  await assert.rejects(new Admin(scripted.cluster).topics.describe("a"), {
    code: "INVALID_VALUE",
    message: /pages.*do not advance/,
  });
});

test("a created topic is waited for until it has leaders", async () => {
  const scripted = new ScriptedCluster().on(CreateTopics, () => ({
    topics: [{ name: "t", errorCode: 0, errorMessage: null, numPartitions: 1 }],
  }));
  scripted.clock.after(4_000, () => {
    scripted.topics = [{ name: "t", leaders: [1] }];
  });
  await new Admin(scripted.cluster).topics.create({ name: "t" });
  assert.equal(scripted.clock.elapsed() > 4_000, true);
});

test("a created topic without leaders at the deadline is told to be there", async () => {
  const scripted = new ScriptedCluster().on(CreateTopics, () => ({
    topics: [{ name: "t", errorCode: 0, errorMessage: null }],
  }));
  const creating = new Admin(scripted.cluster).topics.create({ name: "t" }, { timeoutMs: 2_000 });
  await assert.rejects(creating, { code: "TIMED_OUT", message: /topic t, which was created/ });
});
