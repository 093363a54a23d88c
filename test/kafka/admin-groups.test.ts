import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Admin } from "../../src/client/admin/admin.ts";
import type { GroupDescription } from "../../src/client/admin/group-description.ts";
import type { Outcomes } from "../../src/client/admin/outcome.ts";
import type { Cluster } from "../../src/client/cluster.ts";
import type { MembershipOptions } from "../../src/client/group/membership.ts";
import type { RequestOf } from "../../src/protocol/api.ts";
import { StreamsGroupHeartbeat } from "../../src/protocol/apis/streams-group-heartbeat.ts";
import { startCluster, type TestCluster, withoutShareGroups } from "../cluster.ts";
import { topologyWith } from "../streams-scene.ts";
import { until } from "../until.ts";
import { JavaTool } from "./java-tool.ts";
import { appendBatch, clusterAt } from "./raw-cluster.ts";
import { RecordedMember } from "./recorded-member.ts";

const consoleShareConsumer = "org.apache.kafka.tools.consumer.ConsoleShareConsumer";
const topic = "orders";
const noon = 1_700_000_000_000;
/** The name of the share group, where there are such groups. */
const shared = withoutShareGroups ? [] : ["shared"];
const everyPartition = [0, 1].map((partition) => ({ topic, partition }));

/** What a member of a streams group tells when it joins. */
const streamsMember = {
  rebalanceTimeoutMs: 60_000,
  topology: topologyWith({ "0": { sourceTopics: [topic] } }),
  activeTasks: [],
  processId: "process",
  userEndpoint: { host: "localhost", port: 7_000 },
  clientTags: [{ key: "zone", value: "a" }],
};

describe("administration of groups", () => {
  let kafka: TestCluster;
  let cluster: Cluster;
  let admin: Admin;
  /** How the members of a group are stopped, by the group. */
  const members = new Map<string, () => Promise<void>>();

  before(async () => {
    kafka = await startCluster();
    cluster = clusterAt(kafka.bootstrapServers);
    admin = new Admin(cluster);
    await admin.topics.create({ name: topic, numPartitions: 2 });
    const timestamps = Array.from({ length: 10 }, (_, index) => noon + index * 1_000);
    await appendBatch(cluster, { topic, partition: 0, timestamps });
    // Makes the topic in which offsets are kept, so that there are coordinators.
    await admin.groupOffsets.list("streaming");
    await startMembers();
  });
  after(async () => {
    await Promise.all([...members.values()].map((stop) => stop()));
    cluster?.close();
    await kafka?.close();
  });

  /** A member for each kind of group; share groups need one of Kafka's own consumers. */
  async function startMembers(): Promise<void> {
    const join = (groupId: string, options: Partial<MembershipOptions>) => {
      const member = new RecordedMember(cluster, { groupId, topics: [topic], ...options });
      members.set(groupId, () => member.close());
    };
    join("classic", { groupInstanceId: "the-first" });
    join("modern", { groupProtocol: "consumer" });
    for (const group of shared) {
      const args = ["--topic", topic, "--group", group];
      const tool = await JavaTool.start(kafka, consoleShareConsumer, ...args);
      members.set(group, () => tool.stop());
    }
    await joinStreams();
    await until("groups that are stable", async () => {
      const groups = await admin.groups.list({ states: ["stable"] });
      return groups.length === 3 + shared.length;
    });
  }

  /** Joins a streams group, whose topology reads the topic, as the one member it has. */
  async function joinStreams(): Promise<void> {
    const coordinator = await cluster.coordinator("group", "streaming");
    const member = { groupId: "streaming", memberId: "lone-member", endpointInformationEpoch: 0 };
    const beat = async (
      body: Omit<RequestOf<typeof StreamsGroupHeartbeat>, keyof typeof member>,
    ) => {
      const all = { ...member, ...body, standbyTasks: [], warmupTasks: [] };
      const answer = await cluster.request(coordinator, StreamsGroupHeartbeat, all);
      assert.equal(answer.errorCode, 0, answer.errorMessage ?? "the heartbeat was refused");
      return answer;
    };
    let { memberEpoch, activeTasks } = await beat({ ...streamsMember, memberEpoch: 0 });
    await until("a streams group that is stable", async () => {
      const answer = await beat({ memberEpoch, activeTasks: activeTasks ?? [] });
      memberEpoch = answer.memberEpoch;
      activeTasks = answer.activeTasks ?? activeTasks;
      return (await admin.groups.describe("streaming")).state === "stable";
    });
  }

  test("groups of every kind are listed, by kind and state if wanted", async () => {
    const all = await admin.groups.list();
    assert.deepEqual(
      all.map(({ groupId, type, state, coordinator }) => [groupId, type, state, coordinator]),
      [
        ["classic", "classic", "stable", 1],
        ["modern", "consumer", "stable", 1],
        ...shared.map((group) => [group, "share", "stable", 1]),
        ["streaming", "streams", "stable", 1],
      ],
    );
    const some = await admin.groups.list({ types: ["share", "classic"], states: ["stable"] });
    assert.deepEqual(
      some.map(({ groupId }) => groupId),
      ["classic", ...shared],
    );
    assert.deepEqual(await admin.groups.list({ states: ["dead"] }), []);
  });

  test("a classic group's members are described with what they read", async () => {
    const group = await describedAs("classic", "classic");
    assert.equal(group.state, "stable");
    assert.equal(group.protocolType, "consumer");
    assert.equal(group.assignor, "range");
    const [member] = group.members;
    assert.equal(member?.groupInstanceId, "the-first");
    assert.equal(member?.clientHost, "127.0.0.1");
    assert.deepEqual(member?.subscribedTopics, [topic]);
    assert.deepEqual(member?.assignment, everyPartition);
  });

  test("a group of the consumer protocol is described with epochs and both assignments", async () => {
    const group = await describedAs("modern", "consumer");
    assert.equal(group.assignor, "uniform");
    assert.equal(group.groupEpoch, group.assignmentEpoch);
    const [member] = group.members;
    assert.equal(member?.protocol, "consumer");
    assert.deepEqual(member?.subscribedTopics, [topic]);
    assert.deepEqual(sorted(member?.assignment), everyPartition);
    assert.deepEqual(sorted(member?.targetAssignment), everyPartition);
  });

  test("a share group is described", { skip: withoutShareGroups }, async () => {
    const share = await describedAs("shared", "share");
    assert.deepEqual(
      share.members.map(({ subscribedTopics }) => subscribedTopics),
      [[topic]],
    );
  });

  test("a streams group is described", async () => {
    const streams = await describedAs("streaming", "streams");
    assert.deepEqual(
      streams.subtopologies.map(({ subtopologyId, sourceTopics }) => [subtopologyId, sourceTopics]),
      [["0", [topic]]],
    );
    const [member] = streams.members;
    assert.equal(member?.memberId, "lone-member");
    assert.deepEqual(member?.userEndpoint, { host: "localhost", port: 7_000 });
    assert.deepEqual([...(member?.clientTags ?? [])], [["zone", "a"]]);
    assert.deepEqual(member?.assignment.activeTasks, [
      { subtopologyId: "0", partition: 0 },
      { subtopologyId: "0", partition: 1 },
    ]);
  });

  test("groups of several kinds are described at once, and a missing one is told", async () => {
    const ids = ["streaming", "nobody", "modern", ...shared, "classic"];
    const outcomes = await admin.groups.describe(ids, { includeAuthorizedOperations: true });
    const kinds = [...outcomes].map(([id, outcome]) => [
      id,
      outcome.state === "done" ? outcome.value.type : outcome.error.code,
    ]);
    assert.deepEqual(kinds, [
      ["streaming", "streams"],
      ["nobody", "GROUP_ID_NOT_FOUND"],
      ["modern", "consumer"],
      ...shared.map((group) => [group, "share"]),
      ["classic", "classic"],
    ]);
    const classic = outcomes.get("classic");
    assert.equal(
      classic?.state === "done" && classic.value.authorizedOperations?.includes("delete"),
      true,
    );
  });

  test("a group with members is neither deleted nor moved", async () => {
    const outcomes = await admin.groups.delete(["classic", "modern", ...shared, "streaming"]);
    assert.deepEqual(new Set(codes(outcomes)), new Set(["NON_EMPTY_GROUP"]));
    for (const group of ["classic", "modern"]) {
      await assert.rejects(admin.groupOffsets.alter(group, { topic, partition: 0, offset: 0 }), {
        code: "UNKNOWN_MEMBER_ID",
        message: /orders-0.*the group has members.*stop them first/,
      });
      await assert.rejects(admin.groupOffsets.delete(group, { topic, partition: 0 }), {
        code: "GROUP_SUBSCRIBED_TO_TOPIC",
      });
    }
    const start = { topic, partition: 0, startOffset: 0 };
    for (const group of shared) {
      await assert.rejects(admin.shareGroupOffsets.alter(group, start), {
        code: "NON_EMPTY_GROUP",
      });
    }
  });

  test("members are removed by id or by instance, and strangers are told apart", async () => {
    const named = [{ groupInstanceId: "the-first" }, { groupInstanceId: "nobody" }];
    const outcomes = await admin.groups.removeMembers("classic", named, { reason: "suite" });
    assert.deepEqual(codes(outcomes), ["done", "UNKNOWN_MEMBER_ID"]);
    const { members: others } = await describedAs("modern", "consumer");
    const memberId = others[0]?.memberId ?? "";
    await admin.groups.removeMembers("modern", { memberId });
    const { members: left } = await describedAs("modern", "consumer");
    assert.equal(
      left.some((member) => member.memberId === memberId),
      false,
    );
  });

  test("offsets are set, listed, reset and deleted once the group is empty", async () => {
    for (const group of ["classic", "modern"]) {
      await emptied(group);
      const offsets = everyPartition.map((one) => ({ ...one, offset: 0, metadata: "by hand" }));
      await admin.groupOffsets.alter(group, offsets);
      assert.deepEqual(
        await admin.groupOffsets.list(group),
        offsets.map((one) => ({ ...one, leaderEpoch: undefined })),
      );
      const cases = [
        ["latest", 10],
        [{ shiftBy: -3 }, 7],
        [{ shiftBy: 99 }, 10],
        [{ offset: 2 }, 2],
        [{ timestamp: noon + 4_500 }, 5],
        ["earliest", 0],
      ] as const;
      for (const [to, expected] of cases) {
        await admin.groupOffsets.reset(group, { to, topics: [topic] });
        const [first] = await admin.groupOffsets.list(group, { partitions: everyPartition });
        assert.equal(first?.offset, expected, JSON.stringify(to));
      }
      await admin.groupOffsets.delete(group, everyPartition);
      assert.deepEqual(await admin.groupOffsets.list(group), []);
    }
  });

  test("a reset that is only validated tells the offsets and leaves them", async () => {
    await admin.groupOffsets.alter("planned", { topic, partition: 0, offset: 4 });
    const reset = { to: "latest", partitions: everyPartition } as const;
    const plan = await admin.groupOffsets.reset("planned", reset, { validateOnly: true });
    assert.deepEqual(
      [...plan.values()].map((one) => one.state === "done" && one.value),
      [
        { topic, partition: 0, offset: 10, previousOffset: 4 },
        { topic, partition: 1, offset: 0, previousOffset: undefined },
      ],
    );
    const shift = await admin.groupOffsets.reset("planned", { ...reset, to: { shiftBy: 1 } });
    assert.deepEqual(codes(shift), ["done", "NO_OFFSET"]);
    const lists = await admin.groupOffsets.list(["planned", "nobody"]);
    assert.deepEqual(
      [...lists.values()].map((one) => one.state === "done" && one.value.map((at) => at.offset)),
      [[5], []],
    );
  });

  test("an offset in a topic that is not there is refused without waiting", async () => {
    const at = { topic: "nowhere", partition: 0 };
    const code = "UNKNOWN_TOPIC_OR_PARTITION";
    await assert.rejects(admin.groupOffsets.alter("planned", { ...at, offset: 1 }), { code });
    const unknown = admin.groupOffsets.delete("nobody", { topic, partition: 0 });
    await assert.rejects(unknown, { code: "GROUP_ID_NOT_FOUND" });
  });

  test("a share group without members is moved, and its offsets are deleted", {
    skip: withoutShareGroups,
  }, async () => {
    await emptied("shared");
    const { shareGroupOffsets } = admin;
    await shareGroupOffsets.alter("shared", { topic, partition: 0, startOffset: 3 });
    const startOffset = async () => {
      const list = await shareGroupOffsets.list("shared");
      return list.find(({ partition }) => partition === 0)?.startOffset;
    };
    assert.equal(await startOffset(), 3);
    await shareGroupOffsets.reset("shared", { to: "latest" });
    assert.equal(await startOffset(), 10);
    const deleted = await shareGroupOffsets.delete("shared", [topic, "nowhere"]);
    assert.deepEqual(codes(deleted), ["done", "UNKNOWN_TOPIC_OR_PARTITION"]);
    assert.equal(await startOffset(), undefined);
  });

  test("groups without members are deleted, whatever their kind", async () => {
    const ids = ["classic", "modern", ...shared, "planned"];
    const outcomes = await admin.groups.delete([...ids, "nobody"]);
    assert.deepEqual(codes(outcomes), [...ids.map(() => "done"), "GROUP_ID_NOT_FOUND"]);
    const left = (await admin.groups.list()).map(({ groupId }) => groupId);
    assert.deepEqual(left, ["streaming"]);
  });

  async function describedAs<T extends GroupDescription["type"]>(
    groupId: string,
    type: T,
  ): Promise<Extract<GroupDescription, { type: T }>> {
    const group = await admin.groups.describe(groupId);
    assert.equal(group.type, type);
    return group as Extract<GroupDescription, { type: T }>;
  }

  async function emptied(group: string): Promise<void> {
    await members.get(group)?.();
    await until(`an empty group ${group}`, async () => {
      const { state, ...described } = await admin.groups.describe(group);
      if (described.type === "classic" && described.members.length > 0) {
        const ids = described.members.map(({ memberId }) => ({ memberId }));
        await admin.groups.removeMembers(group, ids);
      }
      return state === "empty";
    });
  }
});

function codes(outcomes: Outcomes<unknown>): string[] {
  return [...outcomes.values()].map((one) => (one.state === "done" ? "done" : one.error.code));
}

function sorted<P extends { readonly partition: number }>(list: readonly P[] = []): P[] {
  return list.toSorted((left, right) => left.partition - right.partition);
}
