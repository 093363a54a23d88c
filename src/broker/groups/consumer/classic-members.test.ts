import assert from "node:assert/strict";
import { test } from "node:test";
import {
  classicJoin,
  ScriptedConsumerGroups,
  topicId,
} from "../../../../test/scripted-consumer-groups.ts";
import { BrokerError } from "../../../errors.ts";
import type { JoinEvent } from "../classic-protocol.ts";
import { decodeAssignment } from "./embedded-protocol.ts";

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

/** A JoinGroup to a consumer group. */
function join(groups: ScriptedConsumerGroups, memberId: string, event: Partial<JoinEvent> = {}) {
  const whole = { ...classicJoin(memberId, ["t"]), ...event };
  return groups.apply(groups.consumer.join(whole, groups.now));
}

const inGeneration = (memberId: string, generationId: number) => ({
  groupId: "g",
  memberId,
  generationId,
  groupInstanceId: null,
});

function sync(groups: ScriptedConsumerGroups, memberId: string, generationId: number): number[] {
  const event = {
    ...inGeneration(memberId, generationId),
    protocolType: "consumer",
    protocolName: "range",
    assignments: new Map(),
  };
  const { assignment } = groups.apply(groups.consumer.sync(event, groups.now));
  return decodeAssignment(assignment)?.assignedPartitions.flatMap((one) => one.partitions) ?? [];
}

function beat(groups: ScriptedConsumerGroups, memberId: string, generationId: number) {
  const event = inGeneration(memberId, generationId);
  return groups.apply(groups.consumer.heartbeat(event, groups.now));
}

/** A classic group with one member that has all partitions of the topic. */
async function classicGroup(groups: ScriptedConsumerGroups, count: number): Promise<string> {
  const first = groups.apply(groups.classic.join(classicJoin("", ["t"]), groups.now));
  const { memberId } = await first;
  const second = groups.apply(groups.classic.join(classicJoin(memberId, ["t"]), groups.now));
  groups.pass(0);
  const { generationId, protocolName } = await second;
  const owned = [{ topic: "t", partitions: Array.from({ length: count }, (_, index) => index) }];
  const assignment = encodedAssignment(owned);
  const event = {
    ...inGeneration(memberId, generationId),
    protocolType: "consumer",
    protocolName,
    assignments: new Map([[memberId, assignment]]),
  };
  await groups.apply(groups.classic.sync(event, groups.now));
  return memberId;
}

/** Version 1, one topic "t", no user data. */
function encodedAssignment(owned: readonly { readonly partitions: readonly number[] }[]): Buffer {
  const bytes: number[] = [0, 1, 0, 0, 0, 1, 0, 1, 116];
  const int32 = (value: number) => [0, 0, 0, value];
  const partitions = owned.flatMap((one) => one.partitions);
  return Buffer.from([
    ...bytes,
    ...int32(partitions.length),
    ...partitions.flatMap(int32),
    255,
    255,
    255,
    255,
  ]);
}

test("a classic consumer that joins a consumer group gets its part, by way of sync", () => {
  const groups = withTopic(4);
  groups.join("a", ["t"]);
  const { memberId, error } = join(groups, "");
  assert.equal(error, "MEMBER_ID_REQUIRED");
  const joined = join(groups, memberId);
  assert.deepEqual([joined.generationId, joined.protocolName, joined.leader], [3, "range", ""]);
  assert.deepEqual(sync(groups, memberId, 3), []);
  assert.equal(beat(groups, memberId, 3), undefined);
  const kept = groups.beat("a", 2, owning(0, 1, 2, 3)).assignment?.[0]?.partitions ?? [];
  groups.beat("a", 2, owning(...kept));
  assert.equal(beat(groups, memberId, 3), "REBALANCE_IN_PROGRESS");
  join(groups, memberId);
  assert.equal(sync(groups, memberId, 3).length, 2);
  assert.equal(beat(groups, memberId, 3), undefined);
});

test("a classic member that does not join again in time is removed", () => {
  const groups = withTopic(2);
  groups.join("a", ["t"]);
  join(groups, "c");
  sync(groups, "c", 3);
  groups.join("b", ["t"]);
  for (let index = 0; index < 6; index += 1) {
    assert.equal(beat(groups, "c", 3), "REBALANCE_IN_PROGRESS");
    for (const id of ["a", "b"]) {
      const epoch = groups.consumer.groups.get("g")?.members.get(id)?.epoch ?? 0;
      groups.beat(id, epoch, owning());
    }
    groups.pass(10_000);
  }
  assert.equal(groups.consumer.groups.get("g")?.members.has("c"), false);
});

test("a classic member that does not sync in time is removed", () => {
  const groups = withTopic(2);
  groups.join("a", ["t"]);
  join(groups, "c", { rebalanceTimeoutMs: 1000 });
  groups.pass(1000);
  assert.equal(groups.consumer.groups.get("g")?.members.has("c"), false);
});

test("classic requests with another generation, protocol or member are refused", () => {
  const groups = withTopic(2);
  groups.join("a", ["t"]);
  join(groups, "c");
  assert.throws(() => beat(groups, "c", 9), refusedAs("ILLEGAL_GENERATION"));
  assert.throws(() => beat(groups, "a", 2), refusedAs("UNKNOWN_MEMBER_ID"));
  assert.throws(() => beat(groups, "x", 2), refusedAs("UNKNOWN_MEMBER_ID"));
  const connect = { protocolType: "connect" };
  assert.throws(() => join(groups, "d", connect), refusedAs("INCONSISTENT_GROUP_PROTOCOL"));
  const { protocols } = classicJoin("d", ["t"]);
  const other = { protocols: protocols.map((one) => ({ ...one, name: "sticky" })) };
  assert.throws(() => join(groups, "d", other), refusedAs("INCONSISTENT_GROUP_PROTOCOL"));
  groups.configs.set("group.consumer.migration.policy", "disabled");
  assert.throws(() => join(groups, "d"), refusedAs("INCONSISTENT_GROUP_PROTOCOL"));
});

test("a classic group becomes a consumer group when a member of that protocol joins it", async () => {
  const groups = withTopic(4);
  const classicId = await classicGroup(groups, 4);
  assert.deepEqual(groups.join("b", ["t"]).assignment, []);
  assert.equal(groups.classic.groups.has("g"), false);
  assert.deepEqual(groups.owned(), { [classicId]: "t-0 t-1 t-2 t-3", b: "" });
  assert.equal(beat(groups, classicId, 1), "REBALANCE_IN_PROGRESS");
  const all = [{ topic: "t", partitions: [0, 1, 2, 3] }];
  const revoking = { ...classicJoin(classicId, ["t"], all) };
  assert.equal(groups.apply(groups.consumer.join(revoking, groups.now)).generationId, 1);
  const kept = sync(groups, classicId, 1);
  assert.equal(kept.length, 2);
  const done = { ...classicJoin(classicId, ["t"], [{ topic: "t", partitions: kept }]) };
  assert.equal(groups.apply(groups.consumer.join(done, groups.now)).generationId, 2);
  assert.equal(groups.beat("b", 2).assignment?.[0]?.partitions.length, 2);
});

test("a classic group is left as it is where upgrades are disabled", async () => {
  const groups = withTopic(4);
  groups.configs.set("group.consumer.migration.policy", "downgrade");
  await classicGroup(groups, 4);
  assert.throws(() => groups.join("b", ["t"]), refusedAs("GROUP_ID_NOT_FOUND"));
  assert.equal(groups.classic.groups.get("g")?.state, "Stable");
});

test("an empty classic group makes way", async () => {
  const groups = withTopic(1);
  groups.classic.ensure("g");
  groups.join("b", ["t"]);
  assert.equal(groups.classic.groups.has("g"), false);
  assert.deepEqual(groups.owned(), { b: "t-0" });
});

test("a consumer group becomes a classic one when its last member of that protocol leaves", async () => {
  const groups = withTopic(4);
  const classicId = await classicGroup(groups, 4);
  groups.join("b", ["t"]);
  groups.beat("b", -1);
  assert.equal(groups.consumer.groups.has("g"), false);
  const classic = groups.classic.groups.get("g");
  assert.equal(classic?.state, "PreparingRebalance");
  assert.equal(classic?.generation, 2);
  const answer = groups.apply(groups.classic.join(classicJoin(classicId, ["t"]), groups.now));
  assert.deepEqual([(await answer).generationId, (await answer).leader], [3, classicId]);
});

test("a consumer group becomes a classic one when its last member of that protocol falls silent", async () => {
  const groups = withTopic(2);
  const classicId = await classicGroup(groups, 2);
  groups.join("b", ["t"]);
  groups.pass(20_000);
  join(groups, classicId);
  sync(groups, classicId, 2);
  groups.pass(25_000);
  assert.equal(groups.consumer.groups.has("g"), false);
  assert.equal(groups.classic.groups.get("g")?.members.size, 1);
});

test("a static member that returns with the classic protocol brings the group back to it", () => {
  const groups = withTopic(2);
  groups.join("a", ["t"], { instanceId: "i" });
  groups.beat("a", -2, { instanceId: "i" });
  const joined = join(groups, "", { groupInstanceId: "i" });
  assert.equal(groups.consumer.groups.has("g"), false);
  const classic = groups.classic.groups.get("g");
  const member = classic?.members.get(joined.memberId);
  assert.equal(classic?.state, "Stable");
  const assigned = decodeAssignment(member?.assignment ?? Buffer.alloc(0))?.assignedPartitions;
  assert.deepEqual(assigned, [{ topic: "t", partitions: [0, 1] }]);
  const loaded = withTopic(2);
  for (const record of groups.log) loaded.replay(record);
  assert.equal(loaded.consumer.groups.size, 0);
  assert.deepEqual([...(loaded.classic.groups.get("g")?.members.keys() ?? [])], [joined.memberId]);
});

test("members leave by the classic protocol, each with its own answer", () => {
  const groups = withTopic(2);
  groups.join("a", ["t"]);
  join(groups, "c");
  const members = ["c", "x"].map((memberId) => ({ memberId, groupInstanceId: null, reason: null }));
  const answer = groups.apply(groups.consumer.leave({ groupId: "g", members }, groups.now));
  assert.deepEqual(
    answer.map(({ error }) => error),
    [undefined, "UNKNOWN_MEMBER_ID"],
  );
  assert.deepEqual([...(groups.consumer.groups.get("g")?.members.keys() ?? [])], ["a"]);
});
