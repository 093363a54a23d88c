import assert from "node:assert/strict";
import { test } from "node:test";
import {
  currentRecord,
  epochRecord,
  memberRecord,
  regexRecord,
  targetEpochRecord,
  targetRecord,
} from "./consumer-group-record.ts";
import { newMember } from "./member.ts";

const topicId = "01020304-0506-0708-1112-131415161718";
const hex = (bytes: Buffer | null) => bytes?.toString("hex");

// All expected bytes were written by the generated classes of Kafka 4.3.1.

test("the group's record has its epoch, and its hash where there is one", () => {
  const { key, value } = epochRecord("g", 7, "a8eee5f6b16f90a0");
  assert.equal(hex(key), "0003000167");
  assert.equal(hex(value), "000000000007010008a8eee5f6b16f90a0");
  assert.equal(hex(epochRecord("g", 7, "0000000000000000").value), "00000000000700");
});

test("a member's record is Kafka's, with the classic protocol and without", () => {
  const member = {
    ...newMember("m"),
    instanceId: "i",
    clientId: "c",
    clientHost: "/127.0.0.1",
    subscribedTopicNames: ["a", "b"],
    subscribedTopicRegex: "r",
    rebalanceTimeoutMs: 300_000,
    serverAssignor: "range",
  };
  const { key, value } = memberRecord("g", member);
  const start = "000002690002630b2f3132372e302e302e3103026102620272000493e00672616e6765";
  assert.equal(hex(key), "000500016700016d");
  assert.equal(hex(value), `${start}01000100`);
  const supportedProtocols = [{ name: "range", metadata: Buffer.of(1, 2, 3) }];
  const classic = { ...member, classic: { sessionTimeoutMs: 45_000, supportedProtocols } };
  const tag = "010012010000afc8020672616e6765040102030000";
  assert.equal(hex(memberRecord("g", classic).value), start + tag);
});

test("assignments are Kafka's, with the epochs of partitions", () => {
  assert.equal(
    hex(targetEpochRecord("g", 7, 1_700_000_000_000).value),
    "0000000000070100080000018bcfe56800",
  );
  assert.equal(
    hex(targetRecord("g", "m", new Map([[topicId, new Set([2, 0])]])).value),
    "000002010203040506070811121314151617180300000000000000020000",
  );
  const epochs = [
    [0, 5],
    [2, 7],
  ] as const;
  const member = {
    ...newMember("m"),
    epoch: 7,
    previousEpoch: 6,
    state: "unrevoked-partitions" as const,
    assigned: new Map([[topicId, new Map(epochs)]]),
  };
  assert.equal(
    hex(currentRecord("g", member).value),
    "000000000007000000060102010203040506070811121314151617180300000000000000020100090300000005000000070100",
  );
});

test("the record of a regular expression is Kafka's", () => {
  const resolved = { topics: new Set(["ab", "a"]), version: 3, timestamp: 1_700_000_000_000 };
  const { key, value } = regexRecord("g", "a.*", resolved);
  assert.equal(hex(key), "00100001670003612e2a");
  assert.equal(hex(value), "000003026103616200000000000000030000018bcfe5680000");
});
