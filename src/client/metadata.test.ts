import assert from "node:assert/strict";
import { test } from "node:test";
import type { ResponseOf } from "../protocol/api.ts";
import { operationsNotAsked } from "../protocol/apis/index.ts";
import type { Metadata as MetadataApi } from "../protocol/apis/metadata.ts";
import { Metadata } from "./metadata.ts";

type Answer = ResponseOf<typeof MetadataApi>;
const firstId = "00000000-0000-0000-0000-000000000001";
const secondId = "00000000-0000-0000-0000-000000000002";

function topic(name: string, leader: number, leaderEpoch: number, topicId = firstId) {
  const partition = {
    errorCode: 0,
    partitionIndex: 0,
    leaderId: leader,
    leaderEpoch,
    replicaNodes: [1, 2],
    isrNodes: [1, 2],
    offlineReplicas: [],
  };
  return {
    errorCode: 0,
    name,
    topicId,
    isInternal: false,
    partitions: [partition],
    topicAuthorizedOperations: operationsNotAsked,
  };
}

function answer(topics: Answer["topics"]): Answer {
  return {
    throttleTimeMs: 0,
    brokers: [{ nodeId: 1, host: "a", port: 1, rack: null }],
    clusterId: "c",
    controllerId: 1,
    topics,
    clusterAuthorizedOperations: operationsNotAsked,
    errorCode: 0,
  };
}

test("an answer with an older leader epoch does not replace a newer one", () => {
  const metadata = new Metadata();
  metadata.update(answer([topic("t", 2, 7)]), false);
  metadata.update(answer([topic("t", 1, 6)]), false);
  assert.equal(metadata.partition("t", 0)?.leader, 2);
  metadata.update(answer([topic("t", 1, 8)]), false);
  assert.equal(metadata.partition("t", 0)?.leader, 1);
});

test("a topic that was deleted and created again begins with fresh epochs", () => {
  const metadata = new Metadata();
  metadata.update(answer([topic("t", 2, 7)]), false);
  metadata.update(answer([topic("t", 1, 0, secondId)]), false);
  assert.equal(metadata.partition("t", 0)?.leader, 1);
  assert.equal(metadata.topicName(firstId), undefined);
  assert.equal(metadata.topicName(secondId), "t");
});

test("a list of all topics drops those that are gone", () => {
  const metadata = new Metadata();
  metadata.update(answer([topic("t", 2, 7), topic("u", 2, 7, secondId)]), false);
  metadata.update(answer([topic("u", 2, 7, secondId)]), true);
  assert.equal(metadata.topic("t"), undefined);
  assert.equal(metadata.topic("u")?.partitions.length, 1);
});

test("a leader named by a Produce or Fetch answer counts only when its epoch is newer", () => {
  const metadata = new Metadata();
  metadata.update(answer([topic("t", 2, 7)]), false);
  metadata.updateLeader("t", 0, 1, 7);
  assert.equal(metadata.partition("t", 0)?.leader, 2);
  metadata.updateLeader("t", 0, 1, 8);
  assert.equal(metadata.partition("t", 0)?.leader, 1);
});
