import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { GroupOffice, type Sender } from "../../../test/group-office.ts";
import { counting, internal, joining, silence, topologyWith } from "../../../test/streams-scene.ts";
import { brokerErrorNumber } from "../../broker-error-code.ts";
import { StreamsGroupDescribe, StreamsGroupHeartbeat } from "../../protocol/index.ts";
import { statusCodes } from "../groups/streams/heartbeat-status.ts";
import type { HeartbeatRequest } from "../groups/streams/topology.ts";
import { streamsGroupDescribe } from "./streams-group-describe.ts";
import { streamsGroupHeartbeat } from "./streams-group-heartbeat.ts";

const noDelay = {
  "group.streams.initial.rebalance.delay.ms": "0",
  "group.streams.assignment.interval.ms": "0",
};
const changelog = "app-store-changelog";

async function opened(
  context: TestContext,
  { configs = {}, ...rest }: ConstructorParameters<typeof GroupOffice>[0] = {},
): Promise<GroupOffice> {
  const office = new GroupOffice({ configs: { ...noDelay, ...configs }, ...rest });
  // Left open, its timers would keep the virtual clock busy for ever.
  context.after(() => office.close());
  return office.open();
}

function beat(office: GroupOffice, request: Partial<HeartbeatRequest>, sender?: Sender) {
  const full = { ...silence, ...request };
  return office.ask(streamsGroupHeartbeat, StreamsGroupHeartbeat, 0, full, sender);
}

async function described(office: GroupOffice, groupIds: readonly string[], sender?: Sender) {
  const request = { groupIds, includeAuthorizedOperations: false };
  const { groups } = await office.ask(
    streamsGroupDescribe,
    StreamsGroupDescribe,
    0,
    request,
    sender,
  );
  return groups;
}

function denying(operation: string, resource?: string): Sender {
  return { denied: (one, name) => one === operation && (resource ?? name) === name };
}

function errorOf({ errorCode, errorMessage }: Awaited<ReturnType<typeof beat>>) {
  return [errorCode, errorMessage];
}

test("internal topics are made with the settings of the topology, and the next heartbeat has the tasks", async (context) => {
  const office = await opened(context);
  office.createTopic("in", 2);
  const topic = {
    ...internal(changelog),
    topicConfigs: [{ key: "cleanup.policy", value: "compact" }],
  };
  const topology = topologyWith({ "0": { sourceTopics: ["in"], stateChangelogTopics: [topic] } });
  const first = await beat(office, joining("a", topology));
  assert.deepEqual(first.status, [
    {
      statusCode: statusCodes.missingInternalTopics,
      statusDetail: `Internal topics are missing: ${changelog}`,
    },
  ]);
  const { controller } = office.parts;
  assert.equal(controller.image.topics.get(changelog)?.partitions.length, 2);
  const configs = controller.image.configs({ type: 2, name: changelog });
  assert.equal(configs?.get("cleanup.policy"), "compact");
  const second = await beat(office, { memberId: "a", memberEpoch: first.memberEpoch });
  assert.deepEqual([second.status, second.activeTasks?.length], [[], 1]);
});

test("a topic that cannot be made is told of, and not tried again for two heartbeats", async (context) => {
  const office = await opened(context);
  office.createTopic("in", 1);
  const topic = { ...internal(changelog), replicationFactor: 3 };
  const topology = topologyWith({ "0": { sourceTopics: ["in"], stateChangelogTopics: [topic] } });
  const { status } = await beat(office, joining("a", topology));
  assert.match(status?.[0]?.statusDetail ?? "", /; Creation failed: app-store-changelog \(.+\)\.$/);
  const { status: again } = await beat(office, { memberId: "a", memberEpoch: 2 });
  assert.deepEqual(again, status);
});

test("who may not create topics is told for which", async (context) => {
  const office = await opened(context);
  office.createTopic("in", 1);
  const { status } = await beat(office, joining("a", counting), denying("CREATE"));
  assert.equal(
    status?.[0]?.statusDetail,
    `Internal topics are missing: ${changelog}; Unauthorized to CREATE on topics ${changelog}.`,
  );
  assert.equal(office.parts.controller.image.topics.has(changelog), false);
  const allowed = await beat(office, { memberId: "a", memberEpoch: 2 }, denying("CREATE", "in"));
  assert.equal(allowed.errorCode, 0);
  assert.equal(office.parts.controller.image.topics.has(changelog), true);
});

test("a heartbeat is refused in the order in which Kafka looks", async (context) => {
  const office = await opened(context);
  const join = joining("a", counting);
  assert.deepEqual(errorOf(await beat(office, join, denying("READ", "app"))), [
    brokerErrorNumber("GROUP_AUTHORIZATION_FAILED"),
    null,
  ]);
  const reading = (...sourceTopics: string[]) =>
    joining("a", topologyWith({ "0": { sourceTopics } }));
  assert.deepEqual(errorOf(await beat(office, reading("__consumer_offsets", "b c"))), [
    brokerErrorNumber("STREAMS_INVALID_TOPOLOGY"),
    "Use of Kafka internal topics __consumer_offsets in a Kafka Streams topology is prohibited.",
  ]);
  assert.deepEqual(errorOf(await beat(office, reading("b c", "..", "in"))), [
    brokerErrorNumber("STREAMS_INVALID_TOPOLOGY"),
    "Topic names b c,.. are not valid topic names.",
  ]);
  assert.deepEqual(errorOf(await beat(office, join, denying("DESCRIBE", changelog))), [
    brokerErrorNumber("TOPIC_AUTHORIZATION_FAILED"),
    null,
  ]);
  assert.deepEqual(errorOf(await beat(office, { ...join, rebalanceTimeoutMs: -1 })), [
    brokerErrorNumber("INVALID_REQUEST"),
    "RebalanceTimeoutMs must be provided in first request.",
  ]);
  assert.deepEqual(errorOf(await beat(office, { memberId: "a", memberEpoch: 1 })), [
    brokerErrorNumber("GROUP_ID_NOT_FOUND"),
    "Streams group app not found.",
  ]);
});

test("streams groups can be switched off", async (context) => {
  const office = await opened(context, {
    configs: { "group.coordinator.rebalance.protocols": "classic,consumer" },
  });
  const { errorCode } = await beat(office, joining("a", counting));
  assert.equal(errorCode, brokerErrorNumber("UNSUPPORTED_VERSION"));
  const [group] = await described(office, ["app"]);
  assert.equal(group?.errorCode, brokerErrorNumber("UNSUPPORTED_VERSION"));
});

test("a group is described with its topology and the tasks of its members", async (context) => {
  const office = await opened(context);
  office.createTopic("in", 2);
  office.createTopic(changelog, 2);
  const { memberEpoch } = await beat(office, joining("a", counting));
  await beat(office, { memberId: "a", memberEpoch });
  const [group] = await described(office, ["app"]);
  assert.deepEqual(
    [group?.errorCode, group?.groupState, group?.groupEpoch, group?.assignmentEpoch],
    [0, "Stable", 2, 2],
  );
  assert.deepEqual(group?.topology, {
    epoch: 0,
    subtopologies: [
      {
        subtopologyId: "0",
        sourceTopics: ["in"],
        repartitionSinkTopics: [],
        stateChangelogTopics: [
          { name: changelog, partitions: 2, replicationFactor: 0, topicConfigs: [] },
        ],
        repartitionSourceTopics: [],
      },
    ],
  });
  const [member] = group?.members ?? [];
  const tasks = {
    activeTasks: [{ subtopologyId: "0", partitions: [0, 1] }],
    standbyTasks: [],
    warmupTasks: [],
  };
  assert.deepEqual([member?.assignment, member?.targetAssignment], [tasks, tasks]);
  assert.equal(member?.clientHost, "/127.0.0.1");
});

test("groups that may not be described, or are not there, have an error each", async (context) => {
  const office = await opened(context);
  await beat(office, joining("a", counting));
  const hidden = await described(office, ["app", "none", ""], denying("DESCRIBE", "in"));
  assert.deepEqual(
    hidden.map(({ groupId, errorCode, errorMessage }) => [groupId, errorCode, errorMessage]),
    [
      [
        "app",
        brokerErrorNumber("TOPIC_AUTHORIZATION_FAILED"),
        "The described group uses topics that the client is not authorized to describe.",
      ],
      ["none", brokerErrorNumber("GROUP_ID_NOT_FOUND"), "Group none not found."],
      ["", brokerErrorNumber("INVALID_GROUP_ID"), null],
    ],
  );
  const [denied] = await described(office, ["app"], denying("DESCRIBE", "app"));
  assert.equal(denied?.errorCode, brokerErrorNumber("GROUP_AUTHORIZATION_FAILED"));
});

test("a group goes on after a restart where it was", async (context) => {
  const office = await opened(context);
  office.createTopic("in", 2);
  office.createTopic(changelog, 2);
  const { memberEpoch } = await beat(office, joining("a", counting));
  const before = await described(office, ["app"]);
  office.close();
  const next = await opened(context, { disk: office.disk, clock: office.clock });
  assert.deepEqual((await described(next, ["app"]))[0]?.members, before[0]?.members);
  const answer = await beat(next, { memberId: "a", memberEpoch });
  assert.deepEqual([answer.errorCode, answer.memberEpoch], [0, memberEpoch]);
});
