import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { partitionName, type TopicPartition } from "../../topic-partition.ts";
import type { GroupMember } from "../assignor.ts";
import { cooperativeSticky } from "./cooperative-sticky.ts";

const topicNames = ["a", "b", "c"];
/** What happens to a group: a member comes with a subscription, or the n-th goes. */
const change = fc.oneof(
  fc.record({ comes: fc.subarray(topicNames, { minLength: 1 }) }),
  fc.record({ goes: fc.nat(5) }),
);

describe("the cooperative sticky assignor", () => {
  test("gives nobody what another has, and everything is given out in the next round", async () => {
    const counts = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 3, maxLength: 3 });
    const history = fc.array(change, { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(counts, history, async (sizes, changes) => {
        let group: readonly GroupMember[] = [];
        for (const [index, one] of changes.entries()) {
          group = changed(group, one, index);
          const first = await nextGeneration(sizes, group);
          assertNothingIsTaken(group, first);
          const second = await nextGeneration(sizes, first);
          assertNothingIsTaken(first, second);
          assertAllIsGiven(sizes, second);
          const third = await nextGeneration(sizes, second);
          assert.deepEqual(owned(third), owned(second));
          group = third;
        }
      }),
    );
  });

  test("a partition that two claim to have is given up by both before anybody gets it", async () => {
    const claim = {
      topics: ["a"],
      ownedPartitions: [{ topic: "a", partition: 0 }],
      generationId: 2,
    };
    const group = ["one", "other"].map((memberId) => memberOf({ ...claim, memberId }));
    const shares = await cooperativeSticky.assign(topicsOf([1]), group);
    assert.deepEqual(
      [...shares.values()].map(({ partitions }) => partitions),
      [[], []],
    );
  });

  test("the generation of older clients is taken from their user data", async () => {
    const ownedPartitions = [{ topic: "a", partition: 0 }];
    const userData = (generation: number) => Buffer.from([0, 0, 0, generation]);
    const told = { topics: ["a"], ownedPartitions };
    const group = [
      memberOf({ ...told, memberId: "early", userData: userData(1) }),
      memberOf({ ...told, memberId: "late", userData: userData(2) }),
    ];
    const shares = await cooperativeSticky.assign(topicsOf([1]), group);
    assert.deepEqual(shares.get("late")?.partitions, ownedPartitions);
  });
});

function changed(
  group: readonly GroupMember[],
  one: { readonly comes: string[] } | { readonly goes: number },
  index: number,
): readonly GroupMember[] {
  if ("comes" in one)
    return [...group, memberOf({ memberId: `member-${index}`, topics: one.comes })];
  const rest = group.filter((_, at) => at !== one.goes % Math.max(1, group.length));
  return rest.length > 0 ? rest : group;
}

/** The group after it was assigned anew and everyone has taken that up. */
async function nextGeneration(
  sizes: readonly number[],
  group: readonly GroupMember[],
): Promise<GroupMember[]> {
  const shares = await cooperativeSticky.assign(topicsOf(sizes), group);
  const generationId = Math.max(-1, ...group.map((it) => it.generationId)) + 1;
  return group.map((member) => {
    const ownedPartitions = shares.get(member.memberId)?.partitions ?? [];
    return { ...member, ownedPartitions, generationId };
  });
}

function assertNothingIsTaken(before: readonly GroupMember[], after: readonly GroupMember[]): void {
  for (const member of before) {
    const own = new Set(member.ownedPartitions.map(nameOf));
    for (const other of after) {
      if (other.memberId === member.memberId) continue;
      assert.ok(!other.ownedPartitions.some((one) => own.has(nameOf(one))));
    }
  }
}

function assertAllIsGiven(sizes: readonly number[], group: readonly GroupMember[]): void {
  const given = group.flatMap(({ ownedPartitions }) => ownedPartitions.map(nameOf)).sort();
  const wanted = [...topicsOf(sizes)].filter(([topic]) =>
    group.some(({ topics }) => topics.includes(topic)),
  );
  const expected = wanted.flatMap(([topic, list]) => list.map((it) => nameOf({ topic, ...it })));
  assert.deepEqual(given, expected.sort());
}

function owned(group: readonly GroupMember[]): string[][] {
  return group.map(({ ownedPartitions }) => ownedPartitions.map(nameOf).sort());
}

function topicsOf(sizes: readonly number[]) {
  return new Map(
    sizes.map((size, index) => [
      topicNames[index] ?? "",
      Array.from({ length: size }, (_, partition) => ({ partition, racks: [] })),
    ]),
  );
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

function nameOf({ topic, partition }: TopicPartition): string {
  return partitionName(topic, partition);
}
