import assert from "node:assert/strict";
import { test } from "node:test";
import {
  both,
  counting,
  first,
  joining,
  noDelay,
  owning,
  ready,
  StreamsScene,
  second,
  silence,
} from "../../../../test/streams-scene.ts";
import type { Group } from "../group.ts";
import { statusCodes } from "./heartbeat-status.ts";

test("a member that joins alone gets all tasks at once where there is no initial delay", () => {
  const answer = ready().beat(joining("a", counting));
  assert.deepEqual(answer.activeTasks, both);
  assert.deepEqual(answer.standbyTasks, []);
  assert.equal(answer.memberEpoch, 2);
  assert.deepEqual(answer.status, []);
  assert.equal(answer.heartbeatIntervalMs, 5000);
});

test("a task moves once the member that has it no longer says so", () => {
  const scene = ready();
  scene.beat(joining("a", counting));
  assert.deepEqual(scene.beat(joining("b", counting)).activeTasks, []);
  const revoking = scene.beat(owning("a", 2, both));
  assert.deepEqual(revoking.activeTasks, first);
  assert.equal(revoking.memberEpoch, 2);
  assert.deepEqual(scene.beat({ memberId: "b", memberEpoch: 3 }).activeTasks, null);
  assert.equal(scene.beat(owning("a", 2, first)).memberEpoch, 3);
  assert.deepEqual(scene.beat({ memberId: "b", memberEpoch: 3 }).activeTasks, second);
  assert.equal(scene.group.state, "Stable");
});

test("a task that nobody says to have moves at once", () => {
  const scene = ready();
  scene.beat(joining("a", counting));
  scene.beat(joining("b", counting));
  const answer = scene.beat(owning("a", 2, first));
  assert.deepEqual([answer.memberEpoch, answer.activeTasks], [3, first]);
});

test("standby tasks go to another process than the active one", () => {
  const scene = ready({ ...noDelay, "streams.num.standby.replicas": "1" });
  scene.beat(joining("a", counting));
  scene.beat({ ...joining("a2", counting), processId: "a" });
  const [one, other] = ["a", "a2"].map((id) => scene.group.targetOf(id));
  assert.deepEqual([one?.standby.size, other?.standby.size], [0, 0]);
  scene.beat(joining("b", counting));
  assert.deepEqual([...(scene.group.targetOf("b").standby.get("0") ?? [])], [0, 1]);
});

test("a change of the number of standby tasks starts a new epoch with the next heartbeat", () => {
  const scene = ready();
  scene.beat(joining("a", counting));
  scene.settings.set("streams.num.standby.replicas", "1");
  scene.beat({ memberId: "a", memberEpoch: 2 });
  assert.equal(scene.group.epoch, 3);
  scene.beat({ memberId: "a", memberEpoch: 3 });
  assert.equal(scene.group.epoch, 3);
});

test("an application that is shut down by one member is told to all until the group is empty", () => {
  const scene = ready();
  scene.beat(joining("a", counting));
  scene.beat(joining("b", counting));
  const statusesOf = (memberId: string, more = {}) =>
    scene
      .beat({ memberId, memberEpoch: scene.group.member(memberId).epoch, ...more })
      .status.map(({ statusCode }) => statusCode);
  assert.deepEqual(statusesOf("a", { shutdownApplication: true }), [
    statusCodes.shutdownApplication,
  ]);
  assert.deepEqual(statusesOf("b"), [statusCodes.shutdownApplication]);
  scene.beat({ memberId: "a", memberEpoch: -1 });
  scene.beat({ memberId: "b", memberEpoch: -1 });
  assert.equal(scene.group.shutdownMemberId, undefined);
});

test("a member that leaves is gone, and its tasks go to the others", () => {
  const scene = ready();
  scene.beat(joining("a", counting));
  scene.beat(joining("b", counting));
  scene.beat(owning("a", 2, first));
  assert.equal(scene.beat({ memberId: "b", memberEpoch: -1 }).memberEpoch, -1);
  assert.deepEqual(scene.beat({ memberId: "a", memberEpoch: 3 }).activeTasks, both);
  assert.throws(() => scene.beat({ memberId: "b", memberEpoch: 3 }), { code: "UNKNOWN_MEMBER_ID" });
});

test("an epoch ahead or behind is fenced, unless the last answer may have been lost", () => {
  const scene = ready();
  scene.beat(joining("a", counting));
  scene.beat(joining("b", counting));
  scene.beat(owning("a", 2, first));
  const fenced = { code: "FENCED_MEMBER_EPOCH" };
  assert.throws(() => scene.beat(owning("a", 4, first)), fenced);
  assert.throws(() => scene.beat(owning("a", 1, first)), fenced);
  assert.throws(() => scene.beat(owning("a", 2, second)), fenced);
  assert.throws(() => scene.beat({ memberId: "a", memberEpoch: 2 }), fenced);
  assert.equal(scene.beat(owning("a", 2, first)).memberEpoch, 3);
});

test("tasks that there are not are refused", () => {
  const scene = ready();
  scene.beat(joining("a", counting));
  const tasks = (subtopologyId: string, partition: number) => [
    { subtopologyId, partitions: [partition] },
  ];
  assert.throws(() => scene.beat(owning("a", 2, tasks("1", 0))), {
    code: "INVALID_REQUEST",
    message: "Subtopology 1 does not exist in the topology.",
  });
  assert.throws(() => scene.beat(owning("a", 2, tasks("0", 2))), {
    code: "INVALID_REQUEST",
    message: "Task 2 for subtopology 0 is invalid. Number of tasks for this subtopology: 2",
  });
});

test("a group that is full takes nobody in", () => {
  const scene = ready({ ...noDelay, "group.streams.max.size": "1" });
  scene.beat(joining("a", counting));
  assert.throws(() => scene.beat(joining("b", counting)), { code: "GROUP_MAX_SIZE_REACHED" });
});

test("a group that is not there is only made by one who joins", () => {
  const scene = ready();
  const notFound = { code: "GROUP_ID_NOT_FOUND" };
  assert.throws(() => scene.beat({ memberId: "a", memberEpoch: 1 }), notFound);
  assert.throws(() => scene.beat({ memberId: "a", memberEpoch: -1 }), notFound);
});

test("an empty classic group makes room, and one with members does not", () => {
  const scene = ready();
  const tombstone = { key: Buffer.from([0, 2, 0, 3, 97, 112, 112]), value: null };
  const classic = { type: "classic", isEmpty: true, deletionRecords: () => [tombstone] };
  const group = classic as Partial<Group> as Group;
  const { records } = scene.groups.heartbeat(
    { ...silence, ...joining("a", counting) },
    { clientId: "", clientHost: "" },
    group,
    0,
  );
  assert.deepEqual(records[0], tombstone);
  assert.throws(() => scene.beat(joining("a", counting), { ...group, isEmpty: false }), {
    code: "GROUP_ID_NOT_FOUND",
    message: "Group app is not a streams group.",
  });
});

test("members with an endpoint are told who has which partitions, when that has changed", () => {
  const scene = ready();
  const endpoint = { host: "here", port: 80 };
  scene.beat({ ...joining("a", counting), userEndpoint: endpoint });
  const told = scene.beat({ memberId: "a", memberEpoch: 2, endpointInformationEpoch: -1 });
  assert.deepEqual(told.partitionsByUserEndpoint, [
    {
      userEndpoint: endpoint,
      activePartitions: [{ topic: "in", partitions: [0, 1] }],
      standbyPartitions: [],
    },
  ]);
  const { endpointInformationEpoch } = told;
  const again = scene.beat({ memberId: "a", memberEpoch: 2, endpointInformationEpoch });
  assert.equal(again.partitionsByUserEndpoint, null);
});

test("an endpoint is no trouble while the topology lacks topics", () => {
  const scene = new StreamsScene(noDelay);
  const userEndpoint = { host: "here", port: 80 };
  const answer = scene.beat({ ...joining("a", counting), userEndpoint });
  assert.deepEqual(answer.partitionsByUserEndpoint, [
    { userEndpoint, activePartitions: [], standbyPartitions: [] },
  ]);
});

test("a deleted group is gone after a replay as well", () => {
  const scene = ready();
  scene.beat(joining("a", counting));
  assert.throws(() => scene.group.checkDelete(), { code: "NON_EMPTY_GROUP" });
  scene.beat({ memberId: "a", memberEpoch: -1 });
  scene.group.checkDelete();
  scene.append(scene.group.deletionRecords());
  assert.equal(scene.groups.groups.size, 0);
  assert.equal(scene.replayed().groups.size, 0);
});

test("offsets are committed with the member's epoch, or an older one since which it has the task", () => {
  const scene = ready();
  scene.beat(joining("a", counting));
  scene.beat(joining("b", counting));
  scene.beat(owning("a", 2, first));
  const actor = {
    memberId: "a",
    groupInstanceId: null,
    memberEpoch: 3,
    isTransactional: false,
    apiVersion: 9,
  };
  const { group } = scene;
  assert.equal(group.checkCommit(actor), undefined);
  const check = group.checkCommit({ ...actor, memberEpoch: 2 });
  check?.("in", "", 0);
  const stale = { code: "STALE_MEMBER_EPOCH" };
  assert.throws(() => check?.("in", "", 1), stale);
  assert.throws(() => group.checkCommit({ ...actor, memberEpoch: 1 })?.("in", "", 0), stale);
  assert.throws(() => group.checkCommit({ ...actor, memberEpoch: 4 }), stale);
  assert.throws(() => group.checkCommit({ ...actor, apiVersion: 8 }), {
    code: "UNSUPPORTED_VERSION",
  });
  const anonymous = { ...actor, memberId: "", memberEpoch: -1 };
  assert.throws(() => group.checkCommit(anonymous), { code: "UNKNOWN_MEMBER_ID" });
  assert.equal(group.checkCommit({ ...anonymous, isTransactional: true }), undefined);
});
