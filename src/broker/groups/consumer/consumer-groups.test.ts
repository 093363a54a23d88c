import assert from "node:assert/strict";
import { test } from "node:test";
import { ScriptedConsumerGroups, topicId } from "../../../../test/scripted-consumer-groups.ts";
import { BrokerError } from "../../../errors.ts";
import { zeroHash } from "../../../protocol/index.ts";

const refusedAs = (code: string) => (error: unknown) =>
  error instanceof BrokerError && error.code === code;

function withTopic(partitions: number): ScriptedConsumerGroups {
  const groups = new ScriptedConsumerGroups();
  groups.topic("t", partitions);
  return groups;
}

const owning = (...partitions: number[]) => ({
  topicPartitions: partitions.length === 0 ? [] : [{ topicId: topicId("t"), partitions }],
});

test("the first member gets all partitions with its first heartbeat", () => {
  const groups = withTopic(3);
  assert.deepEqual(groups.join("a", ["t"]), {
    memberId: "a",
    memberEpoch: 2,
    heartbeatIntervalMs: 5000,
    assignment: [{ topicId: topicId("t"), partitions: [0, 1, 2] }],
  });
  assert.equal(groups.consumer.groups.get("g")?.state, "Stable");
  assert.equal(groups.beat("a", 2).assignment, null);
});

test("a second member gets partitions only once the first has given them up", () => {
  const groups = withTopic(4);
  groups.join("a", ["t"]);
  assert.deepEqual(groups.join("b", ["t"]).assignment, []);
  assert.equal(groups.consumer.groups.get("g")?.state, "Reconciling");
  const told = groups.beat("a", 2, owning(0, 1, 2, 3));
  assert.equal(told.memberEpoch, 2);
  const kept = told.assignment?.[0]?.partitions ?? [];
  assert.equal(kept.length, 2);
  assert.equal(groups.beat("b", 3).assignment, null);
  assert.equal(groups.beat("a", 2, owning(...kept)).memberEpoch, 3);
  assert.equal(groups.beat("b", 3).assignment?.[0]?.partitions.length, 2);
  assert.equal(groups.consumer.groups.get("g")?.state, "Stable");
});

test("a new target assignment is made no sooner than the interval after the last", () => {
  const groups = withTopic(2);
  groups.configs.set("consumer.assignment.interval.ms", "1000");
  groups.join("a", ["t"]);
  assert.equal(groups.join("b", ["t"]).memberEpoch, 2);
  assert.equal(groups.consumer.groups.get("g")?.state, "Assigning");
  groups.pass(1000);
  assert.equal(groups.beat("b", 2).memberEpoch, 3);
});

test("a member that leaves hands its partitions to the others", () => {
  const groups = withTopic(2);
  groups.join("a", ["t"]);
  groups.join("b", ["t"]);
  const answer = groups.beat("a", -1);
  assert.deepEqual([answer.memberId, answer.memberEpoch], ["a", -1]);
  assert.equal(groups.beat("b", 3).assignment?.[0]?.partitions.length, 2);
  groups.beat("b", -1);
  assert.equal(groups.consumer.groups.get("g")?.state, "Empty");
});

test("a member that is silent for its session's length is removed", () => {
  const groups = withTopic(2);
  groups.join("a", ["t"]);
  groups.pass(44_999);
  assert.equal(groups.consumer.groups.get("g")?.members.size, 1);
  groups.pass(1);
  assert.equal(groups.consumer.groups.get("g")?.members.size, 0);
  assert.throws(() => groups.beat("a", 2), refusedAs("UNKNOWN_MEMBER_ID"));
});

test("heartbeats keep a member's session open", () => {
  const groups = withTopic(2);
  groups.join("a", ["t"]);
  for (let index = 0; index < 10; index += 1) {
    groups.pass(40_000);
    groups.beat("a", 2);
  }
  assert.deepEqual(groups.owned(), { a: "t-0 t-1" });
});

test("a member that does not give up partitions in its rebalance timeout is removed", () => {
  const groups = withTopic(2);
  groups.join("a", ["t"]);
  groups.join("b", ["t"]);
  groups.beat("a", 2, owning(0, 1));
  groups.pass(9000);
  groups.beat("a", 2, owning(0, 1));
  groups.beat("b", 3);
  groups.pass(1000);
  assert.deepEqual([...(groups.consumer.groups.get("g")?.members.keys() ?? [])], ["b"]);
});

test("a member that gave up in time outlives its rebalance timeout", () => {
  const groups = withTopic(2);
  groups.join("a", ["t"]);
  groups.join("b", ["t"]);
  groups.beat("a", 2, owning(0, 1));
  groups.beat("a", 2, owning(0));
  groups.pass(20_000);
  assert.equal(groups.consumer.groups.get("g")?.members.size, 2);
});

test("an epoch too great or too small fences the member, the one before with nothing new does not", () => {
  const groups = withTopic(2);
  groups.join("a", ["t"]);
  groups.join("b", ["t"]);
  assert.throws(() => groups.beat("a", 9), refusedAs("FENCED_MEMBER_EPOCH"));
  groups.beat("a", 2, owning(0, 1));
  groups.beat("a", 2, owning(0));
  assert.throws(() => groups.beat("a", 2), refusedAs("FENCED_MEMBER_EPOCH"));
  assert.throws(() => groups.beat("a", 2, owning(0, 1)), refusedAs("FENCED_MEMBER_EPOCH"));
  assert.equal(groups.beat("a", 2, owning(0)).memberEpoch, 3);
  assert.equal(
    groups.beat("a", 0, { ...owning(), rebalanceTimeoutMs: 1, subscribedTopicNames: ["t"] })
      .memberEpoch,
    3,
  );
});

test("heartbeats of groups or members that are not there are refused", () => {
  const groups = withTopic(2);
  assert.throws(() => groups.beat("a", 1), refusedAs("GROUP_ID_NOT_FOUND"));
  assert.throws(() => groups.beat("a", -1), refusedAs("GROUP_ID_NOT_FOUND"));
  groups.join("a", ["t"]);
  assert.throws(() => groups.beat("b", 1), refusedAs("UNKNOWN_MEMBER_ID"));
  assert.throws(() => groups.beat("b", -1), refusedAs("UNKNOWN_MEMBER_ID"));
});

test("a full group takes no more members", () => {
  const groups = withTopic(2);
  groups.configs.set("group.consumer.max.size", "1");
  groups.join("a", ["t"]);
  assert.throws(() => groups.join("b", ["t"]), refusedAs("GROUP_MAX_SIZE_REACHED"));
  groups.join("a", ["t"]);
});

test("a topic that grows or comes reaches its subscribers with their next heartbeats", () => {
  const groups = withTopic(1);
  groups.join("a", ["t", "later"]);
  groups.topic("t", 2);
  assert.deepEqual(groups.beat("a", 2).assignment, [{ topicId: topicId("t"), partitions: [0, 1] }]);
  groups.topic("later", 1);
  assert.equal(groups.beat("a", 3).assignment?.length, 2);
});

test("a topic that is deleted goes from the assignment, and comes back as another one", () => {
  const groups = withTopic(1);
  groups.join("a", ["t"]);
  groups.deleteTopic("t");
  assert.deepEqual(groups.beat("a", 2, owning(0)).assignment, []);
  assert.equal(groups.consumer.groups.get("g")?.metadataHash, zeroHash);
  assert.equal(groups.beat("a", 2, owning()).memberEpoch, 3);
  groups.topic("t", 1, topicId("reborn"));
  const assignment = groups.beat("a", 3).assignment;
  assert.deepEqual(assignment, [{ topicId: topicId("reborn"), partitions: [0] }]);
});

test("a static member that leaves for a while finds its partitions when it returns under another id", () => {
  const groups = withTopic(4);
  const instance = { instanceId: "i" };
  groups.join("a", ["t"], instance);
  groups.join("b", ["t"]);
  groups.beat("a", 2, { ...owning(0, 1), ...instance });
  groups.beat("a", 2, { ...owning(0, 1), ...instance });
  const before = groups.owned();
  assert.equal(groups.beat("a", -2, instance).memberEpoch, -2);
  const back = groups.join("c", ["t"], instance);
  assert.equal(back.memberEpoch, 3);
  assert.equal(groups.owned().c, before.a);
  assert.equal(groups.consumer.groups.get("g")?.epoch, 3);
  assert.throws(() => groups.beat("a", 3, instance), refusedAs("FENCED_INSTANCE_ID"));
});

test("an instance id belongs to one member at a time", () => {
  const groups = withTopic(2);
  groups.join("a", ["t"], { instanceId: "i" });
  const join = () => groups.join("b", ["t"], { instanceId: "i" });
  assert.throws(join, refusedAs("UNRELEASED_INSTANCE_ID"));
  assert.throws(() => groups.beat("x", 2, { instanceId: "none" }), refusedAs("UNKNOWN_MEMBER_ID"));
});

test("most members' wish decides the assignor", () => {
  const groups = withTopic(3);
  groups.topic("u", 3);
  groups.join("a", ["t", "u"], { serverAssignor: "range" });
  groups.join("b", ["t", "u"], { serverAssignor: "range" });
  const target = groups.consumer.groups.get("g")?.target("a");
  assert.deepEqual(
    [...(target?.values() ?? [])].map((of) => [...of]),
    [
      [0, 1],
      [0, 1],
    ],
  );
});

test("heartbeats that make no sense are refused", () => {
  const groups = withTopic(2);
  const invalid = refusedAs("INVALID_REQUEST");
  assert.throws(() => groups.join("", ["t"]), invalid);
  assert.throws(() => groups.join("a", ["t"], { groupId: " " }), invalid);
  assert.throws(() => groups.join("a", ["t"], { instanceId: "" }), invalid);
  assert.throws(() => groups.join("a", ["t"], { rackId: "" }), invalid);
  assert.throws(() => groups.join("a", ["t"], { rebalanceTimeoutMs: -1 }), invalid);
  assert.throws(() => groups.join("a", ["t"], { topicPartitions: null }), invalid);
  assert.throws(() => groups.join("a", ["t"], owning(0)), invalid);
  assert.throws(() => groups.join("a", [], { subscribedTopicNames: null }), invalid);
  assert.throws(() => groups.beat("a", -2), invalid);
  assert.throws(() => groups.beat("a", -3), invalid);
  const other = () => groups.join("a", ["t"], { serverAssignor: "sticky" });
  assert.throws(other, refusedAs("UNSUPPORTED_ASSIGNOR"));
});

test("the broker gives ids to members of version 0 that have none", () => {
  const groups = withTopic(2);
  assert.equal(groups.join("", ["t"], { apiVersion: 0 }).memberId, "id-1");
});

test("a member may have no topics at all", () => {
  const groups = withTopic(2);
  assert.deepEqual(groups.join("a", []).assignment, []);
  assert.equal(groups.consumer.groups.get("g")?.state, "Stable");
});

test("a regular expression is looked up after the heartbeat, and again when topics come", () => {
  const groups = withTopic(1);
  const regex = { subscribedTopicNames: null, subscribedTopicRegex: "t.*" };
  assert.deepEqual(groups.join("a", [], regex).assignment, []);
  groups.pass(0);
  assert.deepEqual(groups.beat("a", 1).assignment, [{ topicId: topicId("t"), partitions: [0] }]);
  groups.topic("t2", 1);
  groups.topic("x", 1);
  groups.beat("a", 2);
  groups.pass(0);
  assert.equal(groups.beat("a", 2).assignment, null);
  groups.pass(10_001);
  groups.beat("a", 2);
  groups.pass(0);
  assert.equal(groups.beat("a", 2).assignment?.length, 2);
  assert.equal(groups.consumer.groups.get("g")?.isSubscribedTo("t2"), true);
});

test("a regular expression stands for the topics that its member may see", () => {
  const groups = withTopic(1);
  groups.topic("secret", 1);
  groups.join("a", [], {
    subscribedTopicNames: null,
    subscribedTopicRegex: ".*",
    isVisible: (name) => name !== "secret",
  });
  groups.pass(0);
  groups.beat("a", 1);
  assert.deepEqual(groups.owned(), { a: "t-0" });
});

test("a regular expression that is none is refused, and one that others have is known at once", () => {
  const groups = withTopic(2);
  const none = { subscribedTopicNames: null };
  const bad = () => groups.join("a", [], { ...none, subscribedTopicRegex: "(" });
  assert.throws(bad, refusedAs("INVALID_REGULAR_EXPRESSION"));
  groups.join("a", [], { ...none, subscribedTopicRegex: "t" });
  groups.pass(0);
  groups.beat("a", 1);
  groups.join("b", [], { ...none, subscribedTopicRegex: "t" });
  assert.equal(groups.consumer.groups.get("g")?.target("b").size, 1);
  groups.beat("a", -1);
  groups.beat("b", -1);
  assert.equal(groups.consumer.groups.get("g")?.regexes.size, 0);
});

test("a member that drops its regular expression for names keeps what both stand for", () => {
  const groups = withTopic(1);
  groups.topic("u", 1);
  groups.join("a", [], { subscribedTopicNames: null, subscribedTopicRegex: "[tu]" });
  groups.pass(0);
  groups.beat("a", 1);
  groups.beat("a", 2, {
    subscribedTopicNames: ["t"],
    subscribedTopicRegex: "",
    topicPartitions: [],
  });
  assert.deepEqual(groups.owned(), { a: "t-0" });
});

test("offsets may be committed by those whose epoch and partitions allow it", () => {
  const groups = withTopic(2);
  groups.join("a", ["t"]);
  const group = groups.consumer.groups.get("g");
  const actor = {
    memberId: "a",
    groupInstanceId: null,
    memberEpoch: 2,
    isTransactional: false,
    apiVersion: 9,
  };
  assert.equal(group?.checkCommit(actor), undefined);
  const newer = () => group?.checkCommit({ ...actor, memberEpoch: 3 });
  assert.throws(newer, refusedAs("STALE_MEMBER_EPOCH"));
  const older = group?.checkCommit({ ...actor, memberEpoch: 1 });
  assert.throws(() => older?.("t", topicId("t"), 0), refusedAs("STALE_MEMBER_EPOCH"));
  const old = () => group?.checkCommit({ ...actor, apiVersion: 8 });
  assert.throws(old, refusedAs("UNSUPPORTED_VERSION"));
  const outsider = () => group?.checkCommit({ ...actor, memberId: "", memberEpoch: -1 });
  assert.throws(outsider, refusedAs("UNKNOWN_MEMBER_ID"));
  groups.join("b", ["t"]);
  groups.beat("a", 2, owning(0, 1));
  groups.beat("a", 2, owning(0));
  const kept = group?.checkCommit({ ...actor, memberEpoch: 2 });
  kept?.("t", topicId("t"), 0);
  assert.throws(() => kept?.("t", topicId("t"), 1), refusedAs("STALE_MEMBER_EPOCH"));
});

test("a group with members cannot be deleted, and one without leaves nothing behind", () => {
  const groups = withTopic(2);
  groups.join("a", ["t"]);
  const group = groups.consumer.groups.get("g");
  assert.throws(() => group?.checkDelete(), refusedAs("NON_EMPTY_GROUP"));
  groups.beat("a", -1);
  group?.checkDelete();
  groups.apply({ records: group?.deletionRecords() ?? [], result: undefined });
  assert.equal(groups.consumer.groups.size, 0);
});

test("a group that is loaded from its log is the one that wrote it, and its sessions begin anew", () => {
  const groups = withTopic(5);
  groups.join("a", ["t"], { instanceId: "i", rackId: "r", serverAssignor: "range" });
  groups.join("b", [], { subscribedTopicNames: null, subscribedTopicRegex: "t" });
  groups.pass(0);
  groups.beat("a", 2, { ...owning(0, 1, 2, 3, 4), instanceId: "i" });
  const loaded = withTopic(5);
  for (const record of groups.log) loaded.replay(record);
  const [before, after] = [groups, loaded].map(({ consumer }) => {
    const group = consumer.groups.get("g");
    const { epoch, assignmentEpoch, metadataHash, members, targets, regexes } = group ?? {};
    return { epoch, assignmentEpoch, metadataHash, members, targets, regexes };
  });
  assert.deepEqual(after, before);
  loaded.consumer.loaded(loaded.now);
  loaded.pass(44_999);
  assert.equal(loaded.consumer.groups.get("g")?.members.size, 1);
  loaded.pass(1);
  assert.equal(loaded.consumer.groups.get("g")?.members.size, 0);
});
