import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOf, groupId, Hall, Pending, subscription } from "../../../test/classic-hall.ts";
import type { JoinEvent } from "./classic-protocol.ts";

test("a new group waits three seconds, and longer while members come, but never past the rebalance timeout", async () => {
  const hall = new Hall();
  const first = hall.join({ rebalanceTimeoutMs: 7_000 });
  assert.equal(hall.group.state, "PreparingRebalance");
  await hall.pass(2_999);
  const second = hall.join({ rebalanceTimeoutMs: 7_000 });
  await hall.pass(1);
  assert.equal(await first.isOut(), true);
  await hall.pass(2_000);
  const third = hall.join({ rebalanceTimeoutMs: 7_000 });
  await hall.pass(1_000);
  assert.equal(await third.isOut(), true);
  await hall.pass(1_000);
  const answers = await Promise.all([first, second, third].map((join) => join.answer()));
  assert.deepEqual(
    answers.map(({ generationId, members }) => [generationId, members.length]),
    [
      [1, 3],
      [1, 0],
      [1, 0],
    ],
  );
  assert.equal(hall.group.state, "CompletingRebalance");
});

test("from version 4 on, a member without an id is given one and comes back with it", async () => {
  const hall = new Hall();
  const { error, memberId } = await hall.join({ apiVersion: 4 }).answer();
  assert.deepEqual([error, memberId], ["MEMBER_ID_REQUIRED", "client-1"]);
  assert.equal(hall.group.state, "Empty");
  const join = hall.join({ apiVersion: 4, memberId });
  await hall.pass(3_000);
  assert.equal((await join.answer()).memberId, memberId);
});

test("an id that nobody comes back with is taken back after the session timeout", async () => {
  const hall = new Hall();
  const { memberId } = await hall.join({ apiVersion: 4 }).answer();
  await hall.pass(10_000);
  assert.equal((await hall.join({ memberId }).answer()).error, "UNKNOWN_MEMBER_ID");
});

test("a rebalance ends without an id that was given out and is left", async () => {
  const hall = new Hall();
  const [leader = ""] = await hall.stable({});
  const { memberId } = await hall.join({ apiVersion: 4 }).answer();
  const rejoin = hall.join({ memberId: leader });
  assert.equal(await rejoin.isOut(), true);
  assert.deepEqual(hall.leave([memberId, null]), [undefined]);
  assert.equal((await rejoin.answer()).generationId, 2);
});

test("session timeouts out of bounds, empty ids and groups that are not there are refused", async () => {
  const hall = new Hall();
  const errorOf = async (event: Partial<JoinEvent>) => (await hall.join(event).answer()).error;
  assert.equal(await errorOf({ sessionTimeoutMs: 5_999 }), "INVALID_SESSION_TIMEOUT");
  assert.equal(await errorOf({ sessionTimeoutMs: 1_800_001 }), "INVALID_SESSION_TIMEOUT");
  assert.equal(await errorOf({ groupId: "" }), "INVALID_GROUP_ID");
  assert.equal(await errorOf({ memberId: "who" }), "UNKNOWN_MEMBER_ID");
  assert.equal(await errorOf({ protocolType: "" }), "INCONSISTENT_GROUP_PROTOCOL");
  assert.equal(await errorOf({ protocols: [] }), "INCONSISTENT_GROUP_PROTOCOL");
  assert.equal((await hall.sync("who", 1).answer()).error, "UNKNOWN_MEMBER_ID");
  assert.equal(hall.heartbeat("who", 1), "UNKNOWN_MEMBER_ID");
});

test("members must share the protocol type and one protocol, and the one with most votes is chosen", async () => {
  const hall = new Hall();
  const metadata = subscription("orders");
  const protocols = (...names: string[]) => names.map((name) => ({ name, metadata }));
  const joins = [
    hall.join({ protocols: protocols("range", "sticky", "own") }),
    hall.join({ protocols: protocols("sticky", "range") }),
    hall.join({ protocols: protocols("sticky", "range") }),
  ];
  const other = await hall.join({ protocols: protocols("own") }).answer();
  assert.equal(other.error, "INCONSISTENT_GROUP_PROTOCOL");
  const connect = await hall.join({ protocolType: "connect" }).answer();
  assert.equal(connect.error, "INCONSISTENT_GROUP_PROTOCOL");
  await hall.pass(6_000);
  for (const join of joins) assert.equal((await join.answer()).protocolName, "sticky");
});

test("followers wait for the leader's assignment, and each gets its own once that is stored", async () => {
  const hall = new Hall();
  const joins = [hall.join(), hall.join()];
  await hall.pass(6_000);
  const [leader, follower] = await Promise.all(joins.map((join) => join.answer()));
  assert.ok(leader && follower);
  const waiting = hall.sync(follower.memberId, 1);
  assert.equal(await waiting.isOut(), true);
  const plan = { [leader.memberId]: "a", [follower.memberId]: "b" };
  const own = await hall.sync(leader.memberId, 1, plan).answer();
  assert.equal(String(own.assignment), "a");
  const theirs = await waiting.answer();
  assert.deepEqual([theirs.error, String(theirs.assignment)], [undefined, "b"]);
  assert.deepEqual([theirs.protocolType, theirs.protocolName], ["consumer", "range"]);
  assert.equal(hall.group.state, "Stable");
  assert.equal(String((await hall.sync(follower.memberId, 1).answer()).assignment), "b");
});

test("SyncGroup and Heartbeat are checked for member, generation and protocol, in this order", async () => {
  const hall = new Hall();
  const [member = ""] = await hall.stable({});
  assert.equal((await hall.sync("who", 9).answer()).error, "UNKNOWN_MEMBER_ID");
  assert.equal((await hall.sync(member, 9).answer()).error, "ILLEGAL_GENERATION");
  const event = { groupId, memberId: member, generationId: 1, groupInstanceId: null };
  const told = { protocolType: "consumer", protocolName: "sticky", assignments: new Map() };
  const answer = await new Pending(
    hall.carryOut(hall.groups.sync({ ...event, ...told }, hall.now)),
  ).answer();
  assert.equal(answer.error, "INCONSISTENT_GROUP_PROTOCOL");
  assert.equal(hall.heartbeat("who", 9), "UNKNOWN_MEMBER_ID");
  assert.equal(hall.heartbeat(member, 9), "ILLEGAL_GENERATION");
  assert.equal(hall.heartbeat(member, 1), undefined);
});

test("when the assignment cannot be stored, everyone is told and a rebalance begins", async () => {
  const hall = new Hall();
  const joins = [hall.join(), hall.join()];
  await hall.pass(6_000);
  const [leader, follower] = await Promise.all(joins.map((join) => join.answer()));
  assert.ok(leader && follower);
  const waiting = hall.sync(follower.memberId, 1);
  hall.failure = "NOT_COORDINATOR";
  assert.equal((await hall.sync(leader.memberId, 1).answer()).error, "NOT_COORDINATOR");
  assert.equal((await waiting.answer()).error, "NOT_COORDINATOR");
  assert.equal(hall.group.state, "PreparingRebalance");
});

test("a new group that cannot be stored is not there", async () => {
  const hall = new Hall();
  hall.failure = "NOT_COORDINATOR";
  assert.equal((await hall.join().answer()).error, "NOT_COORDINATOR");
  assert.equal(hall.groups.groups.size, 0);
});

test("members that fall silent are removed, and the others are called in", async () => {
  const hall = new Hall();
  const [first = "", second = ""] = await hall.stable({}, {});
  await hall.pass(9_000);
  assert.equal(hall.heartbeat(second, 1), undefined);
  await hall.pass(1_000);
  assert.equal(hall.group.state, "PreparingRebalance");
  assert.equal(hall.heartbeat(first, 1), "UNKNOWN_MEMBER_ID");
  assert.equal(hall.heartbeat(second, 1), "REBALANCE_IN_PROGRESS");
  const again = await hall.join({ memberId: second }).answer();
  assert.deepEqual([again.generationId, again.leader], [2, second]);
});

test("once all members have gone the group is empty, in the log too", async () => {
  const hall = new Hall();
  await hall.stable({});
  await hall.pass(10_000);
  assert.equal(hall.group.state, "Empty");
  const loaded = hall.reloaded().groups.get(groupId);
  assert.ok(loaded);
  assert.deepEqual([loaded.state, loaded.generation, loaded.members.size], ["Empty", 2, 0]);
  assert.equal(loaded.emptySince, hall.group.stateSince);
});

test("who does not join again within the rebalance timeout is left behind, and another leads", async () => {
  const hall = new Hall();
  const [, second = ""] = await hall.stable(
    { sessionTimeoutMs: 60_000 },
    { sessionTimeoutMs: 60_000 },
  );
  const changed = [{ name: "range", metadata: subscription("orders", "returns") }];
  const rejoin = hall.join({ memberId: second, protocols: changed, sessionTimeoutMs: 60_000 });
  await hall.pass(29_999);
  assert.equal(await rejoin.isOut(), true);
  await hall.pass(1);
  const answer = await rejoin.answer();
  assert.deepEqual([answer.leader, answer.members.length], [second, 1]);
  assert.equal(hall.group.isSubscribedTo("returns"), true);
});

test("who never asks for its assignment is removed after the rebalance timeout", async () => {
  const hall = new Hall();
  const session = { sessionTimeoutMs: 60_000 };
  const joins = [hall.join(session), hall.join(session)];
  await hall.pass(6_000);
  const [leader, follower] = await Promise.all(joins.map((join) => join.answer()));
  assert.ok(leader && follower);
  await hall.sync(leader.memberId, 1, {}).answer();
  await hall.pass(30_000);
  assert.deepEqual([...hall.group.members.keys()], [leader.memberId]);
  assert.equal(hall.heartbeat(leader.memberId, 1), "REBALANCE_IN_PROGRESS");
});

test("in a stable group a follower with nothing new gets the present generation, a leader rebalances", async () => {
  const hall = new Hall();
  const [leader = "", follower = ""] = await hall.stable({}, {});
  const same = await hall.join({ memberId: follower }).answer();
  assert.deepEqual([same.generationId, same.leader, same.members.length], [1, leader, 0]);
  const rejoin = hall.join({ memberId: leader });
  assert.equal(hall.group.state, "PreparingRebalance");
  hall.join({ memberId: follower });
  assert.equal((await rejoin.answer()).generationId, 2);
});

test("in a full group newcomers are refused, and in a rebalance whoever joins last", async () => {
  const hall = new Hall({ maxSize: 2 });
  const [leader = "", follower = ""] = await hall.stable({}, {});
  assert.equal((await hall.join().answer()).error, "GROUP_MAX_SIZE_REACHED");
  const rejoin = hall.join({ memberId: leader });
  hall.join({ memberId: follower });
  assert.equal((await rejoin.answer()).error, undefined);
});

test("members leave one by one or by their instance ids, and unknown ones are told apart", async () => {
  const hall = new Hall();
  const [leader = "", fixed = ""] = await hall.stable({}, { groupInstanceId: "desk" }, {});
  assert.deepEqual(hall.leave(["who", null], ["", "lamp"], [leader, "desk"]), [
    "UNKNOWN_MEMBER_ID",
    "UNKNOWN_MEMBER_ID",
    "FENCED_INSTANCE_ID",
  ]);
  assert.equal(hall.group.state, "Stable");
  assert.deepEqual(hall.leave(["", "desk"], [leader, null]), [undefined, undefined]);
  assert.equal(hall.group.members.has(fixed), false);
  assert.equal(hall.group.state, "PreparingRebalance");
});

test("a static member that starts again takes its place without a rebalance, and fences its former self", async () => {
  const hall = new Hall();
  const [leader = "", desk = ""] = await hall.stable({}, { groupInstanceId: "desk" });
  const again = await hall.join({ groupInstanceId: "desk" }).answer();
  assert.deepEqual([again.generationId, again.leader], [1, leader]);
  assert.notEqual(again.memberId, desk);
  assert.equal(hall.group.state, "Stable");
  assert.equal(hall.heartbeat(desk, 1, "desk"), "FENCED_INSTANCE_ID");
  assert.equal(hall.heartbeat(again.memberId, 1, "desk"), undefined);
  assert.equal(String((await hall.sync(again.memberId, 1).answer()).assignment), "share 1");
  const loaded = hall.reloaded().groups.get(groupId);
  assert.equal(loaded?.staticMembers.get("desk"), again.memberId);
});

test("a static leader that starts again is told to skip the assignment from version 9 on, before it is not told that it leads", async () => {
  const hall = new Hall();
  const [desk = ""] = await hall.stable({ groupInstanceId: "desk" });
  const old = await hall.join({ groupInstanceId: "desk", apiVersion: 8 }).answer();
  assert.deepEqual([old.leader, old.skipAssignment, old.members.length], [desk, false, 0]);
  const answer = await hall.join({ groupInstanceId: "desk", apiVersion: 9 }).answer();
  assert.deepEqual([answer.leader, answer.skipAssignment], [answer.memberId, true]);
  assert.equal(answer.members.length, 1);
});

test("a static member whose new id cannot be stored keeps the old one", async () => {
  const hall = new Hall();
  const [desk = ""] = await hall.stable({ groupInstanceId: "desk" });
  hall.failure = "COORDINATOR_NOT_AVAILABLE";
  const answer = await hall.join({ groupInstanceId: "desk" }).answer();
  assert.equal(answer.error, "COORDINATOR_NOT_AVAILABLE");
  assert.equal(hall.heartbeat(desk, 1, "desk"), undefined);
});

test("a static member that starts again with other protocols makes the group rebalance", async () => {
  const hall = new Hall();
  await hall.stable({ groupInstanceId: "desk" });
  const protocols = [{ name: "sticky", metadata: subscription("orders") }];
  const errors = await hall.join({ groupInstanceId: "desk", protocols }).answer();
  assert.equal(errors.error, "INCONSISTENT_GROUP_PROTOCOL");
  const both = [...protocols, { name: "range", metadata: subscription("orders") }];
  const answer = await hall.join({ groupInstanceId: "desk", protocols: both }).answer();
  assert.deepEqual([answer.generationId, answer.protocolName], [2, "sticky"]);
});

test("a static member that waits to join is fenced by its other self", async () => {
  const hall = new Hall();
  const first = hall.join({ groupInstanceId: "desk" });
  const second = hall.join({ groupInstanceId: "desk" });
  assert.equal((await first.answer()).error, "FENCED_INSTANCE_ID");
  await hall.pass(6_000);
  assert.equal((await second.answer()).members.length, 1);
});

test("commits are checked for member and generation, and put off while the leader assigns", async () => {
  const hall = new Hall();
  const joins = [hall.join()];
  await hall.pass(3_000);
  const member = (await joins[0]?.answer())?.memberId ?? "";
  const check = (memberId: string, memberEpoch: number, isTransactional = false) =>
    codeOf(() => {
      const actor = {
        memberId,
        memberEpoch,
        isTransactional,
        groupInstanceId: null,
        apiVersion: 8,
      };
      return hall.group.checkCommit(actor);
    });
  assert.equal(check(member, 1), "REBALANCE_IN_PROGRESS");
  assert.equal(check(member, 1, true), undefined);
  await hall.sync(member, 1).answer();
  assert.equal(check(member, 1), undefined);
  assert.equal(check(member, 2), "ILLEGAL_GENERATION");
  assert.equal(check("who", 1), "UNKNOWN_MEMBER_ID");
  assert.equal(check("", -1), "UNKNOWN_MEMBER_ID");
  assert.equal(check("", -1, true), undefined);
  hall.leave([member, null]);
  assert.equal(check("", -1), undefined);
});

test("after a restart members have a whole session to be heard of, and their assignments are there", async () => {
  const hall = new Hall();
  const [leader = "", follower = ""] = await hall.stable({}, {});
  const next = new Hall();
  for (const { key, value } of hall.log) next.groups.replay(key, value);
  next.groups.loaded(next.now);
  assert.equal(next.group.state, "Stable");
  await next.pass(9_999);
  assert.equal(next.heartbeat(leader, 1), undefined);
  assert.equal(String((await next.sync(follower, 1).answer()).assignment), "share 1");
  await next.pass(1);
  assert.deepEqual([...next.group.members.keys()], [leader]);
});

test("when the coordinator closes, everyone who waits is told", async () => {
  const hall = new Hall();
  const join = hall.join();
  hall.groups.close();
  assert.equal((await join.answer()).error, "NOT_COORDINATOR");
});
