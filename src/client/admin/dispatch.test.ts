import assert from "node:assert/strict";
import { test } from "node:test";
import { ScriptedCluster } from "../../../test/scripted-cluster.ts";
import { brokerErrorNumber } from "../../broker-error-code.ts";
import { MillraceError } from "../../errors.ts";
import { CreateTopics } from "../../protocol/apis/create-topics.ts";
import { DeleteGroups } from "../../protocol/apis/delete-groups.ts";
import { FindCoordinator } from "../../protocol/apis/find-coordinator.ts";
import { ListOffsets } from "../../protocol/apis/list-offsets.ts";
import { Admin } from "./admin.ts";

const twoPartitions = [0, 1].map((partition) => ({ topic: "t", partition, at: "latest" }) as const);
const notLeader = brokerErrorNumber("NOT_LEADER_OR_FOLLOWER");

/** Two brokers that answer ListOffsets for the partitions they lead, and refuse the others. */
function leading(leaders: () => readonly number[]): ScriptedCluster {
  const scripted = new ScriptedCluster([1, 2]);
  return scripted.on(ListOffsets, ({ topics }, { broker }) => ({
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({
        partitionIndex,
        errorCode: leaders()[partitionIndex] === broker ? 0 : notLeader,
        offset: 10 * broker + partitionIndex,
      })),
    })),
  }));
}

test("each item goes to its own broker, and the outcomes come in the order asked", async () => {
  const scripted = leading(() => [2, 1]);
  scripted.topics = [{ name: "t", leaders: [2, 1] }];
  const outcomes = await new Admin(scripted.cluster).records.listOffsets(twoPartitions);
  assert.deepEqual(
    [...outcomes].map(([name, one]) => [name, one.state === "done" && one.value.offset]),
    [
      ["t-0", 20],
      ["t-1", 11],
    ],
  );
});

test("only what failed is tried again, at the leader that is found then", async () => {
  let asked = 0;
  const scripted = leading(() => [1, 2]);
  scripted.topics = [{ name: "t", leaders: [1, 1] }];
  const { records } = new Admin(scripted.cluster);
  scripted.clock.after(50, () => {
    asked = scripted.log.length;
    scripted.topics = [{ name: "t", leaders: [1, 2] }];
  });
  const outcomes = await records.listOffsets(twoPartitions);
  assert.deepEqual(
    [...outcomes.values()].map(({ state }) => state),
    ["done", "done"],
  );
  const later = scripted.log.slice(asked).filter((line) => line.startsWith("ListOffsets"));
  assert.deepEqual(later, ["ListOffsets v11 @2"]);
});

test("a missing topic is looked for during a second, not until the deadline", async () => {
  const scripted = leading(() => []);
  const query = { topic: "nowhere", partition: 0, at: "latest" } as const;
  await assert.rejects(new Admin(scripted.cluster).records.listOffsets(query), {
    code: "UNKNOWN_TOPIC_OR_PARTITION",
  });
  const passed = scripted.clock.elapsed();
  assert.equal(passed > 1_000 && passed < 3_000, true, `${passed} ms`);
});

test("what does not pass by the deadline has timed out, with the last failure as the cause", async () => {
  const scripted = new ScriptedCluster().on(FindCoordinator, ({ coordinatorKeys }) => ({
    coordinators: coordinatorKeys.map((key) => ({
      key,
      ...ScriptedCluster.address(-1),
      errorCode: brokerErrorNumber("COORDINATOR_NOT_AVAILABLE"),
      errorMessage: null,
    })),
  }));
  const outcome = (
    await new Admin(scripted.cluster).groups.delete(["g"], { timeoutMs: 5_000 })
  ).get("g");
  assert.equal(outcome?.state, "failed");
  assert.equal(outcome.error.code, "TIMED_OUT");
  assert.match(outcome.error.message, /deleting group g took longer than 5000 ms/);
  assert.equal((outcome.error.cause as MillraceError).code, "COORDINATOR_NOT_AVAILABLE");
  assert.equal(scripted.clock.elapsed() <= 5_000, true);
});

test("an item that the broker's answer leaves out has failed", async () => {
  const scripted = new ScriptedCluster().on(CreateTopics, () => ({ topics: [] }));
  await assert.rejects(new Admin(scripted.cluster).topics.create({ name: "lost" }), {
    code: "UNKNOWN_SERVER_ERROR",
    message: /creating topic lost.*leaves it out/,
  });
});

test("another controller is looked up when one has handed over", async () => {
  const scripted = new ScriptedCluster([1, 2]);
  scripted.topics = [{ name: "t", leaders: [1] }];
  scripted.on(CreateTopics, ({ topics }, { broker }) => {
    scripted.controller = 2;
    const errorCode = broker === 2 ? 0 : brokerErrorNumber("NOT_CONTROLLER");
    return { topics: topics.map(({ name }) => ({ name, errorCode, errorMessage: null })) };
  });
  await new Admin(scripted.cluster).topics.create({ name: "t" });
  const asked = scripted.log.filter((line) => line.startsWith("CreateTopics"));
  assert.deepEqual(asked, ["CreateTopics v7 @1", "CreateTopics v7 @2"]);
});

test("coordinators are found one by one where the broker does not take several", async () => {
  const scripted = new ScriptedCluster([1, 2])
    .on(
      FindCoordinator,
      ({ key }) => ({ errorCode: 0, ...ScriptedCluster.address(key === "b" ? 2 : 1) }),
      3,
    )
    .on(DeleteGroups, ({ groupsNames }) => ({
      results: groupsNames.map((groupId) => ({ groupId, errorCode: 0 })),
    }));
  const outcomes = await new Admin(scripted.cluster).groups.delete(["a", "b", "c"]);
  assert.deepEqual([...outcomes.keys()], ["a", "b", "c"]);
  const asked = scripted.log.filter((line) => !line.startsWith("Metadata")).sort();
  assert.deepEqual(asked, [
    "DeleteGroups v2 @1",
    "DeleteGroups v2 @2",
    "FindCoordinator v3 @2",
    "FindCoordinator v3 @2",
    "FindCoordinator v3 @2",
  ]);
});

test("a broker that cannot be reached fails its own items alone", async () => {
  const scripted = leading(() => [1, 2]);
  scripted.topics = [{ name: "t", leaders: [1, 2] }];
  scripted.alive.delete(2);
  const options = { timeoutMs: 3_000 };
  const outcomes = await new Admin(scripted.cluster).records.listOffsets(twoPartitions, options);
  const [first, second] = [...outcomes.values()];
  assert.equal(first?.state, "done");
  assert.equal(second?.state === "failed" && second.error.code, "TIMED_OUT");
});

test("the same name twice is one object, two orders for it are a mistake", async () => {
  const scripted = new ScriptedCluster();
  scripted.topics = [{ name: "t", leaders: [1] }];
  const { topics } = new Admin(scripted.cluster);
  assert.equal((await topics.describe(["t", "t"])).size, 1);
  await assert.rejects(topics.create([{ name: "t" }, { name: "t" }]), {
    code: "INVALID_ARGUMENT",
    message: /creating topic t is asked for twice/,
  });
});

test("an abort ends the wait between two tries", async () => {
  const scripted = leading(() => []);
  scripted.topics = [{ name: "t", leaders: [1, 1] }];
  const controller = new AbortController();
  scripted.clock.after(5_000, () => controller.abort(new Error("enough")));
  const { signal } = controller;
  const listing = new Admin(scripted.cluster).records.listOffsets(twoPartitions, { signal });
  await assert.rejects(listing, (error) => {
    return error instanceof MillraceError && error.code === "ABORTED";
  });
  assert.equal(scripted.clock.elapsed() < 5_100, true);
});
