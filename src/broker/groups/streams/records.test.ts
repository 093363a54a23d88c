import assert from "node:assert/strict";
import { test } from "node:test";
import type { CoordinatorRecord } from "../coordinator-record.ts";
import { type Member, newMember } from "./member.ts";
import {
  currentAssignmentRecord,
  groupTombstones,
  memberRecord,
  metadataRecord,
  targetMetadataRecord,
  targetRecord,
  topologyRecord,
} from "./records.ts";
import { replayCurrentAssignment, replayMember } from "./replay.ts";
import { StreamsGroup } from "./streams-group.ts";

// Written by StreamsCoordinatorRecordHelpers and GroupCoordinatorRecordSerde of Kafka 4.3.1.
const kafka = {
  member:
    "0013000361707000066d656d626572 000000057261636b07636c69656e740b2f3132372e302e302e310000ea60000000030870726f636573730105686572659c40000308636c757374657203633100057a6f6e65037a310000",
  bareMember: "0013000361707000066d656d626572 000000000101ffffffffffffffff01ff0100",
  current:
    "0016000361707000066d656d626572 00000000000500000004020302300200000005010005020000000202310300000000000000020100090300000003000000040202310200000001000102023002000000060100050200000001010100",
  metadata:
    "00110003617070 000000000007fffffffffffffffe02000400000003011902156e756d2e7374616e6462792e7265706c69636173023100",
  unvalidated: "00110003617070 000000000007000000000000000000",
  target:
    "0015000361707000066d656d626572 00000302300200000005000231030000000000000002000202310200000001000100",
  targetMetadata: "00140003617070 0000000000070100080000018bcfe56800",
  topology:
    "00170003617070 0000000000030202300203696e01020a6368616e67656c6f67000000000001020f636c65616e75702e706f6c69637908636f6d706163740000020573696e6b020c7265706172746974696f6e00000004000001000202000001020000000000",
};

const member: Member = {
  ...newMember("member"),
  rackId: "rack",
  clientId: "client",
  clientHost: "/127.0.0.1",
  rebalanceTimeoutMs: 60_000,
  topologyEpoch: 3,
  processId: "process",
  userEndpoint: { host: "here", port: 40_000 },
  clientTags: new Map([
    ["cluster", "c1"],
    ["zone", "z1"],
  ]),
  epoch: 5,
  previousEpoch: 4,
  state: "unrevoked-tasks",
  assigned: {
    active: new Map([
      [
        "1",
        new Map([
          [2, 4],
          [0, 3],
        ]),
      ],
      ["0", new Map([[5, 2]])],
    ]),
    standby: new Map([["1", new Set([1])]]),
    warmup: new Map(),
  },
  pendingRevocation: {
    active: new Map([["0", new Map([[6, 1]])]]),
    standby: new Map(),
    warmup: new Map(),
  },
};

function hex({ key, value }: CoordinatorRecord): string {
  return `${key.toString("hex")} ${value?.toString("hex")}`;
}

test("the records of members are Kafka's, byte for byte", () => {
  assert.equal(hex(memberRecord("app", member)), kafka.member);
  assert.equal(hex(memberRecord("app", newMember("member"))), kafka.bareMember);
  assert.equal(hex(currentAssignmentRecord("app", member)), kafka.current);
  const target = {
    active: new Map([
      ["1", new Set([2, 0])],
      ["0", new Set([5])],
    ]),
    standby: new Map([["1", new Set([1])]]),
    warmup: new Map(),
  };
  assert.equal(hex(targetRecord("app", "member", target)), kafka.target);
});

test("the records of groups are Kafka's, byte for byte", () => {
  const metadata = { epoch: 7, metadataHash: "fffffffffffffffe", validatedTopologyEpoch: 3 };
  const assignmentConfigs = new Map([["num.standby.replicas", "1"]]);
  assert.equal(hex(metadataRecord("app", { ...metadata, assignmentConfigs })), kafka.metadata);
  const unvalidated = {
    epoch: 7,
    metadataHash: "0000000000000000",
    validatedTopologyEpoch: -1,
    assignmentConfigs: new Map(),
  };
  assert.equal(hex(metadataRecord("app", unvalidated)), kafka.unvalidated);
  assert.equal(hex(targetMetadataRecord("app", 7, 1_700_000_000_000)), kafka.targetMetadata);
});

test("the record of a topology is Kafka's, byte for byte", () => {
  const subtopology = {
    subtopologyId: "0",
    sourceTopics: ["in"],
    sourceTopicRegex: [],
    stateChangelogTopics: [
      {
        name: "changelog",
        partitions: 0,
        replicationFactor: 1,
        topicConfigs: [{ key: "cleanup.policy", value: "compact" }],
      },
    ],
    repartitionSinkTopics: ["sink"],
    repartitionSourceTopics: [
      { name: "repartition", partitions: 4, replicationFactor: 0, topicConfigs: [] },
    ],
    copartitionGroups: [{ sourceTopics: [0], sourceTopicRegex: [], repartitionSourceTopics: [0] }],
  };
  const value = { epoch: 3, subtopologies: [subtopology] };
  assert.equal(hex(topologyRecord("app", value)), kafka.topology);
});

test("a group's tombstones come in the order of Kafka's", () => {
  assert.deepEqual(groupTombstones("app", ["member"]).map(hex), [
    "0016000361707000066d656d626572 undefined",
    "0015000361707000066d656d626572 undefined",
    "00140003617070 undefined",
    "0013000361707000066d656d626572 undefined",
    "00110003617070 undefined",
    "00170003617070 undefined",
  ]);
});

test("a member comes back from its records as it was", () => {
  const group = new StreamsGroup("app");
  replayMember(group, "member", memberRecord("app", member).value);
  replayCurrentAssignment(group, "member", currentAssignmentRecord("app", member).value);
  assert.deepEqual(group.members.get("member"), member);
});
