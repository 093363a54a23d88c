import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { partitionName, type TopicPartition } from "../../topic-partition.ts";
import type { AssignableTopics } from "../assignor.ts";
import { type StickyMember, shareOut } from "./sticky-balance.ts";

const topicNames = ["a", "b", "c", "d"];

/** Topics by their partition counts; 0 for one that does not exist. */
const someTopics = fc
  .array(fc.nat(9), { minLength: topicNames.length, maxLength: topicNames.length })
  .map((counts) => topicsOf(counts));

/** Members with what they claim to have, which may be wrong, double or out of date. */
const someMembers = fc
  .array(
    fc.record({
      topics: fc.subarray(topicNames),
      owned: fc.array(fc.record({ topic: fc.constantFrom(...topicNames), partition: fc.nat(9) }), {
        maxLength: 12,
      }),
      generationId: fc.integer({ min: -1, max: 2 }),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((members) => members.map((member, index) => ({ ...member, memberId: `member-${index}` })));

describe("sharing out stickily", () => {
  test("every partition goes to exactly one member, and that one subscribes to its topic", () => {
    fc.assert(
      fc.property(someTopics, someMembers, (topics, members) => {
        const { partitions } = shareOut(topics, members);
        const wanted = [...topics].filter(([topic]) =>
          members.some((it) => it.topics.includes(topic)),
        );
        const expected = wanted.flatMap(([topic, list]) =>
          list.map((it) => nameOf({ topic, ...it })),
        );
        const given = [...partitions.values()].flat();
        assert.deepEqual(given.map(nameOf).sort(), expected.sort());
        for (const { memberId, topics: own } of members) {
          for (const { topic } of partitions.get(memberId) ?? []) assert.ok(own.includes(topic));
        }
      }),
    );
  });

  test("nobody has two fewer than someone with a partition it could take", () => {
    fc.assert(
      fc.property(someTopics, someMembers, (topics, members) => {
        const { partitions } = shareOut(topics, members);
        for (const poor of members) {
          const few = partitions.get(poor.memberId)?.length ?? 0;
          for (const rich of partitions.values()) {
            if (rich.length < few + 2) continue;
            assert.ok(!rich.some(({ topic }) => poor.topics.includes(topic)));
          }
        }
      }),
    );
  });

  test("with equal subscriptions, as many partitions stay as an even share allows", () => {
    fc.assert(
      fc.property(someTopics, someMembers, (topics, members) => {
        const total = [...topics.values()].reduce((sum, list) => sum + list.length, 0);
        const alike = withoutDoubles(topics, members);
        const { partitions } = shareOut(topics, alike);
        const floor = Math.floor(total / alike.length);
        const sizes = alike.map(({ owned }) => owned.length);
        const above = sizes.filter((size) => size > floor).length;
        const possible =
          sizes.reduce((sum, size) => sum + Math.min(size, floor), 0) +
          Math.min(total % alike.length, above);
        assert.equal(keptOf(partitions, alike), possible);
      }),
    );
  });

  test("a group in which nothing has changed stays as it is", () => {
    fc.assert(
      fc.property(someTopics, someMembers, (topics, members) => {
        const { partitions: before } = shareOut(topics, members);
        const settled = members.map((it) => ({
          ...it,
          owned: before.get(it.memberId) ?? [],
          generationId: 3,
        }));
        const { partitions: after } = shareOut(topics, settled);
        assert.equal(keptOf(after, settled), [...before.values()].flat().length);
      }),
    );
  });

  test("of two who claim a partition, the one of the later generation has it", () => {
    const claim = { topics: ["a"], owned: [{ topic: "a", partition: 0 }] };
    const early = { ...claim, memberId: "early", generationId: 4 };
    const late = { ...claim, memberId: "late", generationId: 5 };
    for (const members of [
      [early, late],
      [late, early],
    ]) {
      const { partitions, contested } = shareOut(topicsOf([2]), members);
      assert.deepEqual(partitions.get("late"), [{ topic: "a", partition: 0 }]);
      assert.equal(contested.size, 0);
    }
  });

  test("a partition that two claim in the same generation counts as contested", () => {
    const claim = { topics: ["a"], owned: [{ topic: "a", partition: 0 }], generationId: 5 };
    const members = ["one", "other"].map((memberId) => ({ ...claim, memberId }));
    assert.deepEqual([...shareOut(topicsOf([1]), members).contested], ["a-0"]);
  });

  test("a large group with different subscriptions is shared out in good time", () => {
    const topics = new Map(
      Array.from({ length: 40 }, (_, index) => [`topic-${index}`, numbered(50)] as const),
    );
    const names = [...topics.keys()];
    const members = Array.from({ length: 100 }, (_, index) => ({
      memberId: `member-${index}`,
      topics: names.filter((_name, at) => (at + index) % 3 > 0),
      owned: [],
      generationId: -1,
    }));
    const { partitions } = shareOut(topics, members);
    const sizes = [...partitions.values()].map((list) => list.length);
    assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
  });
});

function topicsOf(counts: readonly number[]): AssignableTopics {
  const existing = counts.map((count, index) => [topicNames[index] ?? "", count] as const);
  return new Map(
    existing.filter(([, count]) => count > 0).map(([topic, count]) => [topic, numbered(count)]),
  );
}

function numbered(count: number) {
  return Array.from({ length: count }, (_, partition) => ({ partition, racks: [] }));
}

/** All subscribe to everything, in one generation, and have only what is there and no other has. */
function withoutDoubles(
  topics: AssignableTopics,
  members: readonly StickyMember[],
): readonly StickyMember[] {
  const taken = new Set<string>();
  return members.map((member) => ({
    ...member,
    topics: topicNames,
    generationId: 1,
    owned: member.owned.filter((one) => {
      const isThere = (topics.get(one.topic)?.length ?? 0) > one.partition;
      if (!isThere || taken.has(nameOf(one))) return false;
      taken.add(nameOf(one));
      return true;
    }),
  }));
}

function keptOf(
  partitions: ReadonlyMap<string, readonly TopicPartition[]>,
  members: readonly StickyMember[],
): number {
  return members.reduce((count, { memberId, owned }) => {
    const names = new Set(partitions.get(memberId)?.map(nameOf));
    return count + owned.filter((one) => names.has(nameOf(one))).length;
  }, 0);
}

function nameOf({ topic, partition }: TopicPartition): string {
  return partitionName(topic, partition);
}
