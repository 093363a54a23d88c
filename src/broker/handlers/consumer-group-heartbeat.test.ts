import assert from "node:assert/strict";
import { test } from "node:test";
import { GroupOffice, type Sender } from "../../../test/group-office.ts";
import { brokerErrorNumber } from "../../broker-error-code.ts";
import {
  ConsumerGroupDescribe,
  ConsumerGroupHeartbeat,
  DeleteGroups,
  JoinGroup,
  type RequestOf,
} from "../../protocol/index.ts";
import { consumerGroupDescribe } from "./consumer-group-describe.ts";
import { consumerGroupHeartbeat } from "./consumer-group-heartbeat.ts";
import { deleteGroups } from "./delete-groups.ts";
import { joinGroup } from "./join-group.ts";

type Heartbeat = RequestOf<typeof ConsumerGroupHeartbeat>;

const heartbeatVersion = 1;
const joining: Heartbeat = {
  groupId: "team",
  memberId: "a",
  memberEpoch: 0,
  rebalanceTimeoutMs: 10_000,
  subscribedTopicNames: ["orders"],
  topicPartitions: [],
};

async function opened(disk?: GroupOffice["disk"]): Promise<GroupOffice> {
  return new GroupOffice(disk === undefined ? {} : { disk }).open();
}

const beat = (office: GroupOffice, change: Partial<Heartbeat> = {}, sender?: Sender) => {
  const request = { ...joining, ...change };
  return office.ask(
    consumerGroupHeartbeat,
    ConsumerGroupHeartbeat,
    heartbeatVersion,
    request,
    sender,
  );
};

async function describe(office: GroupOffice, groupId: string, sender?: Sender) {
  const request = { groupIds: [groupId], includeAuthorizedOperations: false };
  const answer = await office.ask(consumerGroupDescribe, ConsumerGroupDescribe, 1, request, sender);
  const [group] = answer.groups;
  assert.ok(group !== undefined);
  return group;
}

test("a member joins, is described, and is there after a restart", async () => {
  const office = await opened();
  const topicId = office.createTopic("orders", 2);
  const answer = await beat(office);
  assert.deepEqual(
    [answer.errorCode, answer.memberId, answer.memberEpoch, answer.heartbeatIntervalMs],
    [0, "a", 2, 5000],
  );
  assert.deepEqual(answer.assignment, { topicPartitions: [{ topicId, partitions: [0, 1] }] });
  const described = await describe(office, "team");
  assert.deepEqual(
    [described.groupState, described.groupEpoch, described.assignorName],
    ["Stable", 2, "uniform"],
  );
  assert.deepEqual(described.members[0]?.assignment, {
    topicPartitions: [{ topicId, topicName: "orders", partitions: [0, 1] }],
  });
  assert.deepEqual(
    [described.members[0]?.clientHost, described.members[0]?.memberType],
    ["/127.0.0.1", 1],
  );
  office.close();
  const again = await opened(office.disk);
  assert.deepEqual(await describe(again, "team"), described);
  again.close();
});

test("refusals carry Kafka's error and its reason", async () => {
  const office = await opened();
  const denying = (name: string): Sender => ({ denied: (_operation, other) => other === name });
  const codes = async (change: Partial<Heartbeat>, sender?: Sender) => {
    const { errorCode, errorMessage } = await beat(office, change, sender);
    return [errorCode, errorMessage];
  };
  assert.deepEqual(await codes({}, denying("team")), [
    brokerErrorNumber("GROUP_AUTHORIZATION_FAILED"),
    null,
  ]);
  assert.deepEqual(await codes({}, denying("orders")), [
    brokerErrorNumber("TOPIC_AUTHORIZATION_FAILED"),
    null,
  ]);
  assert.deepEqual(await codes({ groupId: "" }), [
    brokerErrorNumber("INVALID_REQUEST"),
    "GroupId can't be empty.",
  ]);
  assert.deepEqual(await codes({ memberEpoch: 5 }), [
    brokerErrorNumber("GROUP_ID_NOT_FOUND"),
    "Consumer group team not found.",
  ]);
  assert.deepEqual(await codes({ serverAssignor: "mine" }), [
    brokerErrorNumber("UNSUPPORTED_ASSIGNOR"),
    "ServerAssignor mine is not supported. Supported assignors: uniform, range.",
  ]);
  const regex = { subscribedTopicNames: null, subscribedTopicRegex: "(" };
  assert.deepEqual(await codes(regex), [
    brokerErrorNumber("INVALID_REGULAR_EXPRESSION"),
    "SubscribedTopicRegex `(` is not a valid regular expression: missing closing ).",
  ]);
  office.close();
});

test("a group is described to those alone who may see it and all its topics", async () => {
  const office = await opened();
  office.createTopic("orders");
  await beat(office);
  const group = await describe(office, "team", { denied: (_operation, name) => name === "team" });
  assert.equal(group.errorCode, brokerErrorNumber("GROUP_AUTHORIZATION_FAILED"));
  const topic = await describe(office, "team", { denied: (_operation, name) => name === "orders" });
  assert.equal(topic.errorCode, brokerErrorNumber("TOPIC_AUTHORIZATION_FAILED"));
  assert.deepEqual(topic.members, []);
  const none = await describe(office, "none");
  assert.equal(none.errorCode, brokerErrorNumber("GROUP_ID_NOT_FOUND"));
  assert.equal(none.errorMessage, "Group none not found.");
  const nameless = await describe(office, "");
  assert.equal(nameless.errorCode, brokerErrorNumber("INVALID_GROUP_ID"));
  office.close();
});

test("silence removes a member, and an empty group can be deleted", async () => {
  const office = await opened();
  office.createTopic("orders");
  await beat(office);
  const request = { groupsNames: ["team"] };
  const refused = await office.ask(deleteGroups, DeleteGroups, 2, request);
  assert.equal(refused.results[0]?.errorCode, brokerErrorNumber("NON_EMPTY_GROUP"));
  await office.clock.sleep(46_000);
  assert.equal((await describe(office, "team")).groupState, "Empty");
  const deleted = await office.ask(deleteGroups, DeleteGroups, 2, request);
  assert.equal(deleted.results[0]?.errorCode, 0);
  const gone = await describe(office, "team");
  assert.equal(gone.errorCode, brokerErrorNumber("GROUP_ID_NOT_FOUND"));
  office.close();
});

test("a group whose last member of the consumer protocol leaves calls its classic members in", async () => {
  const office = await opened();
  office.createTopic("orders");
  await beat(office);
  // Version 0 of a consumer's subscription to "orders".
  const metadata = Buffer.from([
    0,
    0,
    0,
    0,
    0,
    1,
    0,
    6,
    ...Buffer.from("orders"),
    255,
    255,
    255,
    255,
  ]);
  const join = (memberId: string) =>
    office.ask(joinGroup, JoinGroup, 9, {
      groupId: "team",
      memberId,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      protocolType: "consumer",
      protocols: [{ name: "range", metadata }],
    });
  const { memberId } = await join("");
  assert.equal((await join(memberId)).generationId, 2);
  await beat(office, { memberEpoch: -1 });
  assert.equal((await describe(office, "team")).errorCode, brokerErrorNumber("GROUP_ID_NOT_FOUND"));
  const rejoined = await join(memberId);
  assert.deepEqual([rejoined.errorCode, rejoined.leader], [0, memberId]);
  office.close();
});
