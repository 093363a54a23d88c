import assert from "node:assert/strict";
import { test } from "node:test";
import { ScriptedCluster } from "../../../test/scripted-cluster.ts";
import { DeleteTopics } from "../../protocol/apis/delete-topics.ts";
import { DescribeGroups } from "../../protocol/apis/describe-groups.ts";
import { FindCoordinator } from "../../protocol/apis/find-coordinator.ts";
import { ListGroups } from "../../protocol/apis/list-groups.ts";
import { ListOffsets } from "../../protocol/apis/list-offsets.ts";
import { OffsetFetch } from "../../protocol/apis/offset-fetch.ts";
import { Admin } from "./admin.ts";

function withCoordinator(): ScriptedCluster {
  const found = { errorCode: 0, ...ScriptedCluster.address(1) };
  return new ScriptedCluster().on(FindCoordinator, () => found, 2);
}

test("the cluster is described by its metadata", async () => {
  const { cluster } = new ScriptedCluster([2, 1]);
  const { brokers, controller } = await new Admin(cluster).cluster.describe();
  assert.deepEqual(
    brokers.map(({ id }) => id),
    [1, 2],
  );
  assert.equal(controller, 2);
  await assert.rejects(new Admin(cluster).cluster.describe({ includeFencedBrokers: true }), {
    code: "UNSUPPORTED_VERSION",
  });
});

test("groups are classic ones, and their kind is no filter for the broker", async () => {
  const groups = [{ groupId: "g", protocolType: "consumer", groupState: "Stable" }];
  const scripted = new ScriptedCluster().on(ListGroups, () => ({ errorCode: 0, groups }), 4);
  const admin = new Admin(scripted.cluster);
  const [listing] = await admin.groups.list({ types: ["classic", "consumer"] });
  assert.equal(listing?.type, "classic");
  await assert.rejects(admin.groups.list({ types: ["share"] }), { code: "UNSUPPORTED_VERSION" });
});

test("a dead group is one that is not there", async () => {
  const scripted = withCoordinator().on(
    DescribeGroups,
    ({ groups }) => ({
      groups: groups.map((groupId) => ({
        errorCode: 0,
        groupId,
        groupState: groupId === "gone" ? "Dead" : "Empty",
        protocolType: "consumer",
        protocolData: "",
        members: [],
      })),
    }),
    5,
  );
  const { groups } = new Admin(scripted.cluster);
  assert.equal((await groups.describe("here")).state, "empty");
  await assert.rejects(groups.describe("gone"), { code: "GROUP_ID_NOT_FOUND" });
});

test("offsets are asked for one group after the other", async () => {
  const scripted = withCoordinator().on(
    OffsetFetch,
    ({ groupId }) => ({
      errorCode: groupId === "b" ? 30 : 0,
      topics: [
        {
          name: groupId,
          partitions: [
            { partitionIndex: 0, committedOffset: 4, metadata: null, errorCode: 0 },
            { partitionIndex: 1, committedOffset: -1, metadata: "", errorCode: 0 },
          ],
        },
      ],
    }),
    7,
  );
  const outcomes = await new Admin(scripted.cluster).groupOffsets.list(["a", "b", "c"]);
  assert.deepEqual(
    [...outcomes.values()].map((one) =>
      one.state === "done" ? one.value.map(({ topic, offset }) => [topic, offset]) : one.error.code,
    ),
    [[["a", 4]], "GROUP_AUTHORIZATION_FAILED", [["c", 4]]],
  );
});

test("topics are deleted by name, and not by id", async () => {
  const scripted = new ScriptedCluster().on(
    DeleteTopics,
    ({ topicNames }) => ({ responses: topicNames.map((name) => ({ name, errorCode: 0 })) }),
    5,
  );
  const { topics } = new Admin(scripted.cluster);
  assert.deepEqual(await topics.delete("t"), { name: "t", id: undefined });
  const id = "11111111-1111-4111-8111-111111111111";
  await assert.rejects(topics.delete({ id }), { code: "UNSUPPORTED_VERSION" });
});

test("a place that the broker would take for a time is not asked for", async () => {
  const scripted = new ScriptedCluster().on(ListOffsets, () => ({ topics: [] }), 6);
  scripted.topics = [{ name: "t", leaders: [1] }];
  const query = { topic: "t", partition: 0, at: "max-timestamp" } as const;
  const { records } = new Admin(scripted.cluster);
  await assert.rejects(records.listOffsets(query), { code: "UNSUPPORTED_VERSION" });
  await assert.rejects(records.listOffsets({ ...query, at: { timestamp: -3 } }), {
    code: "INVALID_ARGUMENT",
  });
});

test("a broker that dies is no longer asked once it has left the cluster", async () => {
  const scripted = new ScriptedCluster([1, 2]).on(ListGroups, (_request, { broker }) => ({
    errorCode: 0,
    groups: [{ groupId: `of-${broker}`, protocolType: "consumer" }],
  }));
  scripted.alive.delete(2);
  scripted.clock.after(9_000, () => {
    scripted.brokers = [1];
  });
  const groups = await new Admin(scripted.cluster).groups.list();
  assert.deepEqual(
    groups.map(({ groupId }) => groupId),
    ["of-1"],
  );
});
