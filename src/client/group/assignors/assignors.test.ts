import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { partitionName, type TopicPartition } from "../../topic-partition.ts";
import type { AssignablePartition, Assignment, GroupMember } from "../assignor.ts";
import { cooperativeSticky } from "./cooperative-sticky.ts";
import { range } from "./range.ts";
import { roundRobin } from "./round-robin.ts";
import { sticky } from "./sticky.ts";

/** One random group as Kafka's own assignors shared it out; written by AssignorVectors.java. */
interface Case {
  readonly topics: { readonly [topic: string]: readonly (readonly string[])[] };
  readonly members: readonly Pick<
    GroupMember,
    "memberId" | "groupInstanceId" | "rackId" | "topics"
  >[];
  readonly range: Shares;
  readonly roundrobin: Shares;
  readonly sticky: {
    readonly members: readonly {
      readonly memberId: string;
      readonly topics: readonly string[];
      readonly previous: readonly TopicPartition[];
      readonly userData?: string | null;
      readonly cooperativeUserData?: string;
    }[];
    /** How many partitions stayed with the members that had them. */
    readonly kept: number;
  };
}
interface Shares {
  readonly [memberId: string]: readonly string[];
}

const file = join(import.meta.dirname, "assignors.vectors.json");
const cases: readonly Case[] = JSON.parse(readFileSync(file, "utf8"));
const generationOfCases = 7;

describe("the assignors beside Kafka's own", () => {
  test("range gives everyone what Kafka's RangeAssignor does, racks included", async () => {
    for (const one of cases) {
      const shares = await range.assign(topicsOf(one), membersOf(one));
      assert.deepEqual(namesIn(shares), one.range);
    }
  });

  test("round-robin gives everyone what Kafka's RoundRobinAssignor does", async () => {
    for (const one of cases) {
      const shares = await roundRobin.assign(topicsOf(one), membersOf(one));
      assert.deepEqual(namesIn(shares), one.roundrobin);
    }
  });

  test("sticky leaves at least as many partitions where they were as Kafka's StickyAssignor", async () => {
    for (const one of cases) {
      const members = one.sticky.members.map(({ memberId, topics, userData }) =>
        memberOf({ memberId, topics, userData: bytesOf(userData) }),
      );
      const shares = await sticky.assign(topicsOf(one), members);
      const kept = one.sticky.members.reduce((count, { memberId, previous }) => {
        const names = new Set(namesOf(shares.get(memberId)));
        return count + previous.filter((it) => names.has(nameOf(it))).length;
      }, 0);
      assert.ok(kept >= one.sticky.kept, `${kept} stayed, and with Kafka ${one.sticky.kept}`);
    }
  });

  test("members tell the leader the same bytes as Kafka's", () => {
    for (const { sticky: group } of cases) {
      for (const { topics, previous, userData, cooperativeUserData } of group.members) {
        if (typeof userData !== "string") continue;
        const before = { partitions: previous, generationId: generationOfCases };
        const told = sticky.subscriptionUserData?.(topics, before);
        assert.deepEqual(previousIn(told), previousIn(bytesOf(userData)));
        const cooperative = cooperativeSticky.subscriptionUserData?.(topics, before);
        assert.equal(Buffer.from(cooperative ?? []).toString("hex"), cooperativeUserData);
      }
    }
  });
});

function topicsOf({ topics }: Case): ReadonlyMap<string, readonly AssignablePartition[]> {
  const withNumbers = (racks: readonly (readonly string[])[]) =>
    racks.map((ofPartition, partition) => ({ partition, racks: ofPartition }));
  return new Map(Object.entries(topics).map(([topic, racks]) => [topic, withNumbers(racks)]));
}

function membersOf({ members }: Case): GroupMember[] {
  return members.map(memberOf);
}

function memberOf(member: Partial<GroupMember> & { readonly memberId: string }): GroupMember {
  return {
    groupInstanceId: null,
    topics: [],
    userData: null,
    ownedPartitions: [],
    generationId: -1,
    rackId: null,
    ...member,
  };
}

function namesIn(shares: ReadonlyMap<string, Assignment>): Shares {
  return Object.fromEntries([...shares].map(([memberId, share]) => [memberId, namesOf(share)]));
}

function namesOf(share: Assignment | undefined): string[] {
  return (share?.partitions ?? []).map(nameOf).sort();
}

function nameOf({ topic, partition }: TopicPartition): string {
  return partitionName(topic, partition);
}

function bytesOf(hex: string | null | undefined): Buffer | null {
  return typeof hex === "string" ? Buffer.from(hex, "hex") : null;
}

/** Kafka writes the topics in no particular order: the pieces are compared in an order of their own. */
function previousIn(userData: Uint8Array | null | undefined): string[] {
  const hex = Buffer.from(userData ?? []).toString("hex");
  const [count, generation] = [hex.slice(0, 8), hex.slice(-8)];
  const startOfTopic = /(?=0006746f706963)/;
  return [count, generation, ...hex.slice(8, -8).split(startOfTopic).sort()];
}
