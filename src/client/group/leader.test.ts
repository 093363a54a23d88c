import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MillraceError } from "../../errors.ts";
import type { ResponseOf } from "../../protocol/api.ts";
import type { Metadata as MetadataApi } from "../../protocol/apis/metadata.ts";
import { Metadata } from "../metadata.ts";
import type { Assignor, GroupMember } from "./assignor.ts";
import { cooperativeSticky } from "./assignors/cooperative-sticky.ts";
import { range } from "./assignors/range.ts";
import { assignGroup, membersOf, topicsOf } from "./leader.ts";
import { decodeAssignment, encodeSubscription } from "./member-data.ts";

const order = { topic: "orders", partition: 0 };

describe("the leader of a classic group", () => {
  test("reads what members told, older versions and racks included", () => {
    const told = {
      topics: ["returns", "orders"],
      userData: Buffer.from("mine"),
      ownedPartitions: [{ topic: "orders", partition: 1 }, order],
      generationId: 3,
      rackId: "here",
    };
    const metadata = encodeSubscription(told);
    const oldest = Buffer.concat([
      Buffer.from([0, 0]),
      metadata.subarray(2, 2 + 4 + 2 + 6 + 2 + 7 + 4 + 4),
    ]);
    const [newer, older] = membersOf([
      { memberId: "newer", groupInstanceId: null, metadata },
      { memberId: "older", groupInstanceId: "one", metadata: oldest },
    ]) as [GroupMember, GroupMember];
    const topics = ["orders", "returns"];
    const ownedPartitions = [order, { topic: "orders", partition: 1 }];
    assert.deepEqual(newer, {
      ...told,
      memberId: "newer",
      groupInstanceId: null,
      topics,
      ownedPartitions,
    });
    assert.deepEqual(older, {
      memberId: "older",
      groupInstanceId: "one",
      topics,
      userData: Buffer.from("mine"),
      ownedPartitions: [],
      generationId: -1,
      rackId: null,
    });
    assert.deepEqual(topicsOf([newer, older]), topics);
  });

  test("gives every member an assignment, an empty one where there is nothing to share", async () => {
    const members = [memberOf({ memberId: "a" }), memberOf({ memberId: "b", topics: ["missing"] })];
    const assignments = await assignGroup(range, members, knowing(1));
    const decoded = assignments.map(({ memberId, assignment }) => [
      memberId,
      decodeAssignment(assignment).partitions,
    ]);
    assert.deepEqual(decoded, [
      ["a", [order]],
      ["b", []],
    ]);
  });

  test("tells why the assignor failed, by the code of its error", async () => {
    const failing = (cause: Error): Assignor => ({
      ...range,
      assign: () => {
        throw cause;
      },
    });
    const failure = async (cause: Error) => {
      await assignGroup(failing(cause), [memberOf({ memberId: "a" })], knowing(1));
    };
    const missing = new MillraceError("MISSING_SOURCE_TOPIC", "there is no topic orders");
    await assert.rejects(failure(missing), {
      code: "MISSING_SOURCE_TOPIC",
      message: /"range" failed .* there is no topic orders/,
      cause: missing,
    });
    await assert.rejects(failure(new TypeError("oops")), {
      code: "INVALID_STATE",
      message: /oops/,
    });
  });

  test("lets no cooperative assignor take what a member has", async () => {
    const thief: Assignor = {
      ...cooperativeSticky,
      assign: (_topics, members) =>
        new Map(
          members.map(({ memberId }) => [
            memberId,
            { partitions: memberId === "b" ? [order] : [] },
          ]),
        ),
    };
    const owner = memberOf({ memberId: "a", ownedPartitions: [order], generationId: 4 });
    const taking = assignGroup(thief, [owner, memberOf({ memberId: "b" })], knowing(1));
    await assert.rejects(taking, {
      code: "INVALID_STATE",
      message: /orders-0 to b while a has it/,
    });
    const former = { ...owner, generationId: 3 };
    const successor = memberOf({ memberId: "b", ownedPartitions: [order], generationId: 4 });
    await assignGroup(thief, [former, successor], knowing(1));
  });
});

function memberOf(member: Partial<GroupMember> & { readonly memberId: string }): GroupMember {
  return {
    groupInstanceId: null,
    topics: ["orders"],
    userData: null,
    ownedPartitions: [],
    generationId: -1,
    rackId: null,
    ...member,
  };
}

function knowing(partitionCount: number): Metadata {
  const metadata = new Metadata();
  const partitions = Array.from({ length: partitionCount }, (_, partitionIndex) => ({
    errorCode: 0,
    partitionIndex,
    leaderId: 1,
    leaderEpoch: 0,
    replicaNodes: [1],
    isrNodes: [1],
    offlineReplicas: [],
  }));
  const topic = { errorCode: 0, name: "orders", topicId: "1", isInternal: false, partitions };
  const answer = { clusterId: "test", controllerId: 1, brokers: [], topics: [topic] };
  metadata.update(answer as unknown as ResponseOf<typeof MetadataApi>, true);
  return metadata;
}
