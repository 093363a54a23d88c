import assert from "node:assert/strict";
import { test } from "node:test";
import {
  counting,
  internal,
  joining,
  silence,
  topologyWith,
} from "../../../../test/streams-scene.ts";
import { checkRequest } from "./request-check.ts";
import type { HeartbeatRequest } from "./topology.ts";

function refuses(request: Partial<HeartbeatRequest>, message: string, code = "INVALID_REQUEST") {
  assert.throws(() => checkRequest({ ...silence, ...request }), { code, message });
}

const join = joining("a", counting);
const beat = { memberId: "a", memberEpoch: 1 };

test("what Kafka 4.3 does not do yet is refused before anything else", () => {
  refuses({ instanceId: "i", groupId: "" }, "Static membership is not yet supported.");
  refuses({ ...beat, taskOffsets: [] }, "TaskOffsets are not supported yet.");
  refuses({ ...beat, taskEndOffsets: [] }, "TaskEndOffsets are not supported yet.");
  const warmupTasks = [{ subtopologyId: "0", partitions: [0] }];
  refuses({ ...beat, warmupTasks }, "WarmupTasks are not supported yet.");
  const topology = topologyWith({ "0": { sourceTopicRegex: ["in.*"] } });
  refuses({ ...join, topology }, "Regular expressions for source topics are not supported yet.");
});

test("names must not be blank", () => {
  refuses({ ...join, memberId: " " }, "MemberId can't be empty.");
  refuses({ ...join, groupId: "" }, "GroupId can't be empty.");
  refuses({ ...join, rackId: "" }, "RackId can't be empty.");
});

test("one who joins tells its timeout and its topology, and that it has no tasks", () => {
  checkRequest({ ...silence, ...join });
  refuses(
    { ...join, rebalanceTimeoutMs: -1 },
    "RebalanceTimeoutMs must be provided in first request.",
  );
  refuses({ ...join, activeTasks: null }, "ActiveTasks must be empty when (re-)joining.");
  const tasks = [{ subtopologyId: "0", partitions: [0] }];
  refuses({ ...join, standbyTasks: tasks }, "StandbyTasks must be empty when (re-)joining.");
  refuses({ ...join, topology: null }, "Topology must be non-null when (re-)joining.");
});

test("the partitions of a changelog are the broker's to decide", () => {
  const topology = topologyWith({ "0": { stateChangelogTopics: [internal("changelog", 3)] } });
  refuses(
    { ...join, topology },
    "Changelog topic changelog must have an undefined partition count, but it is set to 3.",
    "STREAMS_INVALID_TOPOLOGY",
  );
});

test("a heartbeat tells all kinds of tasks or none, and no topology", () => {
  checkRequest({ ...silence, ...beat });
  refuses({ ...beat, activeTasks: [] }, "If one task-type is non-null, all must be non-null.");
  refuses({ ...beat, topology: counting }, "Topology can only be provided when (re-)joining.");
  refuses({ ...beat, memberEpoch: -2 }, "InstanceId can't be null.");
  refuses(
    { ...beat, memberEpoch: -3 },
    "MemberEpoch is -3, but must be greater than or equal to -2.",
  );
});
