import assert from "node:assert/strict";
import { test } from "node:test";
import { opened } from "../../../test/group-requests.ts";
import type { Api } from "../../protocol/index.ts";
import { deleteGroups } from "../handlers/delete-groups.ts";
import { describeGroups } from "../handlers/describe-groups.ts";
import { findCoordinator } from "../handlers/find-coordinator.ts";
import type { Handler } from "../handlers/handler.ts";
import { heartbeat } from "../handlers/heartbeat.ts";
import { joinGroup } from "../handlers/join-group.ts";
import { leaveGroup } from "../handlers/leave-group.ts";
import { listGroups } from "../handlers/list-groups.ts";
import { offsetCommit } from "../handlers/offset-commit.ts";
import { offsetDelete } from "../handlers/offset-delete.ts";
import { offsetFetch } from "../handlers/offset-fetch.ts";
import { syncGroup } from "../handlers/sync-group.ts";
import { txnOffsetCommit } from "../handlers/txn-offset-commit.ts";

/** A request to each API that there is an answer to without anything having happened before. */
const requests: readonly (readonly [handler: Handler, request: (version: number) => object])[] = [
  [deleteGroups, () => ({ groupsNames: ["none"] })],
  [describeGroups, () => ({ groups: ["none"] })],
  [
    findCoordinator,
    (version) => (version < 4 ? { key: "team" } : { keyType: 0, coordinatorKeys: ["team"] }),
  ],
  [heartbeat, () => ({ groupId: "none", generationId: 1, memberId: "who" })],
  [
    joinGroup,
    () => ({
      groupId: "none",
      sessionTimeoutMs: 10_000,
      memberId: "who",
      protocolType: "consumer",
      protocols: [{ name: "range", metadata: Buffer.from("any") }],
    }),
  ],
  [
    leaveGroup,
    (version) => ({
      groupId: "none",
      ...(version < 3 ? { memberId: "who" } : { members: [{ memberId: "who" }] }),
    }),
  ],
  [listGroups, () => ({})],
  [
    offsetCommit,
    () => ({
      groupId: "team",
      memberId: "",
      topics: [
        {
          name: "none",
          topicId: "00000000-0000-0000-0000-00000000000f",
          partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: null }],
        },
      ],
    }),
  ],
  [
    offsetDelete,
    () => ({ groupId: "none", topics: [{ name: "none", partitions: [{ partitionIndex: 0 }] }] }),
  ],
  [
    offsetFetch,
    (version) => {
      const topic = {
        name: "none",
        topicId: "00000000-0000-0000-0000-00000000000f",
        partitionIndexes: [0],
      };
      const group = { groupId: "none", topics: [topic] };
      if (version >= 8) return { groups: [group] };
      return { groupId: "none", topics: [{ name: "none", partitionIndexes: [0] }] };
    },
  ],
  [syncGroup, () => ({ groupId: "none", generationId: 1, memberId: "who", assignments: [] })],
  [
    txnOffsetCommit,
    () => ({
      transactionalId: "none",
      groupId: "none",
      producerId: 1,
      producerEpoch: 0,
      topics: [
        {
          name: "none",
          partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: null }],
        },
      ],
    }),
  ],
];

test("every version of the groups' APIs has an answer that can be encoded, refused or not", async () => {
  const office = await opened();
  for (const [handler, request] of requests) {
    const [oldest, newest] = handler.versions;
    for (let version = oldest; version <= newest; version += 1) {
      for (const denied of [() => false, () => true]) {
        const answer = await office.ask(handler, looseApi(handler), version, request(version), {
          denied,
        });
        assert.ok(answer, `${handler.api.name} ${version}`);
      }
    }
  }
  office.close();
});

/** The handler's API for requests that the compiler does not check. */
function looseApi({ api }: Handler): Api<unknown, object, object, object> {
  return api as unknown as Api<unknown, object, object, object>;
}
