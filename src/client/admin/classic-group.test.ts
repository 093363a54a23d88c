import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "../../protocol/api.ts";
import { Writer } from "../../protocol/bytes.ts";
import {
  ConsumerProtocolAssignment,
  ConsumerProtocolSubscription,
} from "../../protocol/consumer-protocol.ts";
import { classicGroup } from "./classic-group.ts";

function written<In>(message: Message<unknown, In>, version: number, value: In): Buffer {
  const writer = new Writer();
  writer.int16(version);
  message.encode(writer, Math.min(version, 3), value);
  return writer.toBuffer();
}

const nothing: Buffer = Buffer.alloc(0);

function described({
  memberMetadata = nothing,
  memberAssignment = nothing,
  protocolType = "consumer",
}) {
  const member = {
    memberId: "m",
    groupInstanceId: null,
    clientId: "c",
    clientHost: "/10.0.0.1",
    memberMetadata,
    memberAssignment,
  };
  const group = classicGroup(
    {
      errorCode: 0,
      errorMessage: null,
      groupId: "g",
      groupState: "CompletingRebalance",
      protocolType,
      protocolData: "range",
      members: [member],
      authorizedOperations: 0,
    },
    1,
  );
  return { ...group, member: group.members[0] };
}

test("what consumers wrote to one another is read, newer versions included", () => {
  for (const version of [0, 3, 9]) {
    const memberMetadata = written(ConsumerProtocolSubscription, version, { topics: ["t", "u"] });
    const memberAssignment = written(ConsumerProtocolAssignment, version, {
      assignedPartitions: [{ topic: "t", partitions: [0, 2] }],
    });
    const { state, member } = described({ memberMetadata, memberAssignment });
    assert.equal(state, "completing-rebalance");
    assert.equal(member?.clientHost, "10.0.0.1");
    assert.deepEqual(member?.subscribedTopics, ["t", "u"]);
    assert.deepEqual(member?.assignment, [
      { topic: "t", partition: 0 },
      { topic: "t", partition: 2 },
    ]);
  }
});

test("bytes that make no sense, or none at all, leave the member without partitions", () => {
  for (const bytes of [Buffer.alloc(0), Buffer.of(0), Buffer.of(0, 3, 0x7f, 0xff, 0xff, 0xff)]) {
    const { member } = described({ memberMetadata: bytes, memberAssignment: bytes });
    assert.deepEqual(member?.assignment, []);
    assert.deepEqual(member?.subscribedTopics, []);
  }
});

test("the bytes of groups that are not consumers' are left to the caller", () => {
  const memberAssignment = written(ConsumerProtocolAssignment, 0, {
    assignedPartitions: [{ topic: "t", partitions: [0] }],
  });
  const { member } = described({ memberAssignment, protocolType: "connect" });
  assert.deepEqual(member?.assignment, []);
  assert.deepEqual(member?.memberAssignment, memberAssignment);
});
