import assert from "node:assert/strict";
import { test } from "node:test";
import {
  begin,
  commit,
  commitWithin,
  end,
  enter,
  fetched,
  groupId,
  hours,
  nameOf,
  opened,
  topic,
} from "../../../test/group-requests.ts";
import {
  Heartbeat,
  ListGroups,
  OffsetCommit,
  OffsetDelete,
  OffsetFetch,
} from "../../protocol/index.ts";
import { heartbeat } from "../handlers/heartbeat.ts";
import { listGroups } from "../handlers/list-groups.ts";
import { offsetCommit } from "../handlers/offset-commit.ts";
import { offsetDelete } from "../handlers/offset-delete.ts";
import { offsetFetch } from "../handlers/offset-fetch.ts";

test("offsets are kept with their metadata over a restart, and given back by name, by id and all at once", async () => {
  const first = await opened();
  const topicId = first.createTopic(topic);
  assert.equal(await commit(first, 42, { metadata: "mark" }), "");
  first.close();
  const office = await opened({ disk: first.disk });
  assert.equal(await fetched(office), 42);
  const all = await office.ask(offsetFetch, OffsetFetch, 10, {
    groups: [{ groupId, topics: null }],
  });
  const byId = [{ groupId, topics: [{ topicId, partitionIndexes: [0] }] }];
  const one = await office.ask(offsetFetch, OffsetFetch, 10, { groups: byId });
  for (const answer of [all, one]) {
    const [found] = answer.groups[0]?.topics ?? [];
    assert.equal(found?.topicId, topicId);
    const { committedOffset, committedLeaderEpoch, metadata } = found?.partitions[0] ?? {};
    assert.deepEqual([committedOffset, committedLeaderEpoch, metadata], [42, -1, "mark"]);
  }
  office.close();
});

test("commits that cannot be are refused one by one", async () => {
  const office = await opened();
  office.createTopic(topic);
  assert.equal(await commit(office, 1, { topic: "none" }), "UNKNOWN_TOPIC_OR_PARTITION");
  assert.equal(await commit(office, 1, { partition: 1 }), "UNKNOWN_TOPIC_OR_PARTITION");
  assert.equal(await commit(office, 1, { metadata: "x".repeat(4096) }), "");
  assert.equal(
    await commit(office, 2, { metadata: "x".repeat(4097) }),
    "OFFSET_METADATA_TOO_LARGE",
  );
  assert.equal(await fetched(office), 1);
  const denied = (_operation: string, name: string) => name === topic;
  assert.equal(await commit(office, 3, { sender: { denied } }), "TOPIC_AUTHORIZATION_FAILED");
  const deniedGroup = (_operation: string, name: string) => name === groupId;
  assert.equal(
    await commit(office, 3, { sender: { denied: deniedGroup } }),
    "GROUP_AUTHORIZATION_FAILED",
  );
  const unknown = [{ topicId: "00000000-0000-0000-0000-00000000000f", partitions: [] }];
  const byId = { groupId, memberId: "", topics: unknown };
  assert.deepEqual((await office.ask(offsetCommit, OffsetCommit, 10, byId)).topics, []);
  office.close();
});

test("members commit under their generation, and a group that is not there says so from version 9 on", async () => {
  const office = await opened();
  office.createTopic(topic);
  const codeOf = async (version: number, memberId: string, generation: number) => {
    const partitions = [{ partitionIndex: 0, committedOffset: 7, committedMetadata: null }];
    const topics = [{ name: topic, partitions }];
    const request = { groupId, memberId, generationIdOrMemberEpoch: generation, topics };
    const answer = await office.ask(offsetCommit, OffsetCommit, version, request);
    return nameOf(answer.topics[0]?.partitions[0]?.errorCode);
  };
  assert.equal(await codeOf(8, "who", 1), "ILLEGAL_GENERATION");
  assert.equal(await codeOf(9, "who", 1), "GROUP_ID_NOT_FOUND");
  const memberId = await enter(office);
  assert.equal(await codeOf(8, memberId, 1), "");
  assert.equal(await codeOf(8, memberId, 2), "ILLEGAL_GENERATION");
  assert.equal(await codeOf(8, "who", 1), "UNKNOWN_MEMBER_ID");
  assert.equal(await commit(office, 9), "UNKNOWN_MEMBER_ID");
  assert.equal(await fetched(office), 7);
  office.close();
});

test("offsets of an open transaction are held back, and count once it is committed", async () => {
  const office = await opened();
  office.createTopic(topic);
  await commit(office, 10);
  const producer = await begin(office);
  assert.equal(await commitWithin(office, producer, 20), "");
  assert.equal(await fetched(office), 10);
  assert.equal(await fetched(office, true), "UNSTABLE_OFFSET_COMMIT");
  await end(office, producer, true);
  assert.equal(await fetched(office, true), 20);
  office.close();
});

test("offsets of an aborted transaction vanish", async () => {
  const office = await opened();
  office.createTopic(topic);
  await commit(office, 10);
  const producer = await begin(office);
  await commitWithin(office, producer, 20);
  await end(office, producer, false);
  assert.equal(await fetched(office, true), 10);
  office.close();
});

test("an open transaction is open still after a restart, and its end counts then", async () => {
  const first = await opened();
  first.createTopic(topic);
  const producer = await begin(first);
  await commitWithin(first, producer, 20);
  first.close();
  const second = await opened({ disk: first.disk });
  assert.equal(await fetched(second, true), "UNSTABLE_OFFSET_COMMIT");
  await end(second, producer, true);
  second.close();
  const third = await opened({ disk: first.disk });
  assert.equal(await fetched(third, true), 20);
  third.close();
});

test("a plain commit that comes after one in a transaction wins, whenever that ends", async () => {
  const office = await opened();
  office.createTopic(topic);
  const producer = await begin(office);
  await commitWithin(office, producer, 20);
  await commit(office, 30);
  await end(office, producer, true);
  assert.equal(await fetched(office), 30);
  office.close();
});

test("who has not begun a transaction cannot commit offsets in it", async () => {
  const office = await opened();
  office.createTopic(topic);
  const stranger = { transactionalId: "stranger", producerId: 5, producerEpoch: 0 };
  assert.notEqual(await commitWithin(office, stranger, 20), "");
  assert.equal(await fetched(office, true), -1);
  office.close();
});

test("offsets without members expire a week after their commit, and the group with them", async () => {
  const office = await opened();
  office.createTopic(topic);
  await commit(office, 10);
  await office.clock.sleep(7 * 24 * hours - 1);
  assert.equal(await fetched(office), 10);
  await office.clock.sleep(hours);
  assert.equal(await fetched(office), -1);
  assert.deepEqual((await office.ask(listGroups, ListGroups, 5, {})).groups, []);
  office.close();
  const next = await opened({ disk: office.disk, clock: office.clock });
  assert.deepEqual((await next.ask(listGroups, ListGroups, 5, {})).groups, []);
  next.close();
});

test("a client's own retention counts, where its version can ask for it", async () => {
  const office = await opened();
  office.createTopic(topic);
  await commit(office, 10, { retentionTimeMs: hours });
  await office.clock.sleep(2 * hours);
  assert.equal(await fetched(office), -1);
  office.close();
});

test("what a group subscribes to does not expire, and after its last member has gone only in a week", async () => {
  const office = await opened({ configs: { "offsets.retention.minutes": "60" } });
  office.createTopic(topic);
  await commit(office, 10);
  const memberId = await enter(office);
  const beat = { groupId, generationId: 1, memberId };
  for (let round = 0; round < 6; round += 1) {
    await office.clock.sleep(0.4 * hours);
    assert.equal((await office.ask(heartbeat, Heartbeat, 0, beat)).errorCode, 0);
  }
  assert.equal(await fetched(office), 10);
  // The session ends after half an hour, and an hour from then on the offsets wait.
  await office.clock.sleep(1.4 * hours);
  assert.equal(await fetched(office), 10);
  await office.clock.sleep(0.5 * hours);
  assert.equal(await fetched(office), -1);
  office.close();
});

test("a deleted topic takes its offsets along", async () => {
  const office = await opened();
  office.createTopic(topic);
  await commit(office, 10);
  office.parts.controller.deleteTopic(topic);
  office.createTopic(topic);
  assert.equal(await fetched(office), -1);
  office.close();
});

test("offsets are deleted unless the group subscribes to the topic", async () => {
  const office = await opened();
  office.createTopic(topic);
  office.createTopic("returns");
  const erase = async (name: string) => {
    const topics = [{ name, partitions: [{ partitionIndex: 0 }] }];
    const answer = await office.ask(offsetDelete, OffsetDelete, 0, { groupId, topics });
    return nameOf(answer.errorCode) || nameOf(answer.topics[0]?.partitions[0]?.errorCode);
  };
  assert.equal(await erase(topic), "GROUP_ID_NOT_FOUND");
  await commit(office, 10);
  await commit(office, 11, { topic: "returns" });
  await enter(office);
  assert.equal(await erase(topic), "GROUP_SUBSCRIBED_TO_TOPIC");
  assert.equal(await erase("returns"), "");
  assert.equal(await erase("none"), "UNKNOWN_TOPIC_OR_PARTITION");
  const all = await office.ask(offsetFetch, OffsetFetch, 8, {
    groups: [{ groupId, topics: null }],
  });
  assert.deepEqual(
    all.groups[0]?.topics.map(({ name }) => name),
    [topic],
  );
  office.close();
});
