import assert from "node:assert/strict";
import { test } from "node:test";
import {
  both,
  counting,
  first,
  joining,
  owning,
  ready,
  second,
} from "../../../../test/streams-scene.ts";
import { statusCodes } from "./heartbeat-status.ts";

test("the first assignment of a new group waits for the initial rebalance delay", () => {
  const scene = ready({});
  const { activeTasks, status, memberEpoch } = scene.beat(joining("a", counting));
  assert.deepEqual(activeTasks, []);
  assert.equal(memberEpoch, 1);
  assert.deepEqual(
    status.map(({ statusCode }) => statusCode),
    [statusCodes.assignmentDelayed],
  );
  scene.beat(joining("b", counting));
  assert.equal(scene.groups.nextTickAt, 3000);
  scene.pass(3000);
  assert.deepEqual(scene.beat({ memberId: "a", memberEpoch: 1 }).activeTasks, first);
  assert.deepEqual(scene.beat({ memberId: "b", memberEpoch: 1 }).activeTasks, second);
  assert.equal(scene.group.state, "Stable");
});

test("two assignments have the assignment interval between them", () => {
  const scene = ready({ "streams.initial.rebalance.delay.ms": "0" });
  scene.beat(joining("a", counting));
  const delayed = scene.beat(joining("b", counting));
  assert.equal(delayed.status[0]?.statusCode, statusCodes.assignmentDelayed);
  assert.equal(scene.group.state, "Assigning");
  scene.pass(1000);
  assert.deepEqual(scene.beat({ memberId: "b", memberEpoch: 2 }).status, []);
  assert.equal(scene.group.state, "Reconciling");
});

test("members that fall silent are out after the session timeout, all in one new epoch", () => {
  const scene = ready();
  scene.beat(joining("a", counting));
  scene.beat(joining("b", counting));
  scene.pass(30_000);
  assert.equal(scene.group.members.size, 2);
  scene.beat({ memberId: "a", memberEpoch: 2 });
  scene.pass(15_000);
  assert.deepEqual([...scene.group.members.keys()], ["a"]);
  assert.equal(scene.group.epoch, 4);
  scene.pass(30_000);
  assert.equal(scene.group.state, "Empty");
  assert.equal(scene.groups.nextTickAt, undefined);
});

test("a member that does not give up tasks is out after its rebalance timeout", () => {
  const scene = ready();
  scene.beat({ ...joining("a", counting), rebalanceTimeoutMs: 20_000 });
  scene.beat(joining("b", counting));
  scene.beat(owning("a", 2, both));
  scene.pass(19_999);
  assert.equal(scene.group.members.size, 2);
  scene.pass(1);
  assert.deepEqual([...scene.group.members.keys()], ["b"]);
});

test("a member that has given up its tasks in time stays", () => {
  const scene = ready();
  scene.beat({ ...joining("a", counting), rebalanceTimeoutMs: 20_000 });
  scene.beat(joining("b", counting));
  scene.beat(owning("a", 2, both));
  scene.beat(owning("a", 2, first));
  scene.pass(20_000);
  assert.equal(scene.group.members.size, 2);
});

test("the members of a loaded group get a session of their own", () => {
  const scene = ready();
  scene.beat(joining("a", counting));
  scene.now = 100_000;
  assert.equal(scene.replayed().nextTickAt, 145_000);
});
