import assert from "node:assert/strict";
import { test } from "node:test";
import { GroupOffice, type Sender } from "../../../test/group-office.ts";
import {
  commit,
  enter,
  fetched,
  groupId,
  hours,
  nameOf,
  opened,
  subscription,
  topic,
} from "../../../test/group-requests.ts";
import {
  DeleteGroups,
  DescribeGroups,
  FindCoordinator,
  Heartbeat,
  JoinGroup,
  ListGroups,
} from "../../protocol/index.ts";
import { deleteGroups } from "../handlers/delete-groups.ts";
import { describeGroups } from "../handlers/describe-groups.ts";
import { findCoordinator } from "../handlers/find-coordinator.ts";
import { heartbeat } from "../handlers/heartbeat.ts";
import { joinGroup } from "../handlers/join-group.ts";
import { listGroups } from "../handlers/list-groups.ts";

test("the first who looks for a coordinator finds it, and __consumer_offsets is there", async () => {
  const office = await opened();
  const answer = await office.ask(findCoordinator, FindCoordinator, 4, {
    keyType: 0,
    coordinatorKeys: [groupId, "other"],
  });
  const found = answer.coordinators.map(({ key, nodeId, host, port, errorCode }) => [
    key,
    nodeId,
    host,
    port,
    errorCode,
  ]);
  assert.deepEqual(found, [
    [groupId, 1, "localhost", 9092, 0],
    ["other", 1, "localhost", 9092, 0],
  ]);
  const partitions = office.parts.partitions.of("__consumer_offsets");
  assert.equal(partitions.length, 50);
  assert.equal(partitions[0]?.log.config.compacts, true);
  office.close();
});

test("a group's partition is the one that Kafka puts it in", async () => {
  const office = await opened();
  const { groups } = office.parts;
  // "hello".hashCode() in Java; the other text's is the int32 that has no positive counterpart.
  assert.equal(groups.partitionFor("hello"), 99_162_322 % 50);
  assert.equal(groups.partitionFor("polygenelubricants"), 0);
  office.close();
});

test("groups are deleted with their offsets once they are empty", async () => {
  const office = await opened();
  office.createTopic(topic);
  await commit(office, 10);
  await enter(office);
  const erase = async (id: string) => {
    const { results } = await office.ask(deleteGroups, DeleteGroups, 2, { groupsNames: [id, id] });
    assert.equal(results.length, 1);
    return nameOf(results[0]?.errorCode);
  };
  assert.equal(await erase(groupId), "NON_EMPTY_GROUP");
  assert.equal(await erase("none"), "GROUP_ID_NOT_FOUND");
  await office.clock.sleep(hours);
  assert.equal(await erase(groupId), "");
  assert.equal(await fetched(office), -1);
  office.close();
});

test("groups are listed by state and type, and described with their members", async () => {
  const office = await opened();
  office.createTopic(topic);
  await enter(office);
  const list = async (statesFilter: string[], typesFilter: string[]) => {
    const request = { statesFilter, typesFilter };
    const { groups } = await office.ask(listGroups, ListGroups, 5, request);
    return groups.map(
      (one) => `${one.groupId} ${one.protocolType} ${one.groupState} ${one.groupType}`,
    );
  };
  const line = "team consumer Stable classic";
  assert.deepEqual(await list([], []), [line]);
  assert.deepEqual(await list(["stable"], ["Classic"]), [line]);
  assert.deepEqual(await list(["Empty"], []), []);
  assert.deepEqual(await list([], ["share"]), []);
  const request = { groups: [groupId, "none"], includeAuthorizedOperations: true };
  const { groups } = await office.ask(describeGroups, DescribeGroups, 6, request);
  const [team, none] = groups;
  assert.deepEqual([team?.groupState, team?.protocolData], ["Stable", "range"]);
  const { clientHost, memberAssignment, memberMetadata } = team?.members[0] ?? {};
  assert.deepEqual([clientHost, String(memberAssignment)], ["/127.0.0.1", "all"]);
  assert.deepEqual(memberMetadata, subscription);
  // READ, DELETE, DESCRIBE, DESCRIBE_CONFIGS and ALTER_CONFIGS.
  assert.equal(team?.authorizedOperations, 0b110101001000);
  assert.deepEqual([none?.groupState, nameOf(none?.errorCode)], ["Dead", "GROUP_ID_NOT_FOUND"]);
  const old = await office.ask(describeGroups, DescribeGroups, 5, { groups: ["none"] });
  assert.equal(nameOf(old.groups[0]?.errorCode), "");
  office.close();
});

test("while groups are being loaded, members are told to stay and everyone else to come back", async () => {
  const office = new GroupOffice();
  const beat = { groupId, generationId: 1, memberId: "who" };
  assert.equal((await office.ask(heartbeat, Heartbeat, 0, beat)).errorCode, 0);
  const listed = await office.ask(listGroups, ListGroups, 5, {});
  assert.equal(nameOf(listed.errorCode), "COORDINATOR_LOAD_IN_PROGRESS");
  office.close();
  assert.equal(
    nameOf((await office.ask(listGroups, ListGroups, 5, {})).errorCode),
    "COORDINATOR_NOT_AVAILABLE",
  );
});

test("a JoinGroup is no longer waited for once its connection is closed", async () => {
  const office = await opened();
  let close = () => {};
  const sender: Sender = {
    onClose: (run) => {
      close = run;
      return () => {};
    },
  };
  const request = {
    groupId,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 60_000,
    memberId: "",
    protocolType: "consumer",
    protocols: [{ name: "range", metadata: subscription }],
  };
  const waiting = office.ask(joinGroup, JoinGroup, 3, request, sender);
  close();
  // No answer is sent, and that has no encoding.
  await assert.rejects(waiting);
  office.close();
});
