import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Partitions } from "../assignment.ts";
import type { Assignor, AssignorInput, AssignorMember } from "./assignor.ts";
import { range } from "./range.ts";
import { uniform } from "./uniform.ts";

type Counts = { readonly [topicId: string]: number };
interface Given {
  readonly counts: Counts;
  readonly subscriptions: { readonly [memberId: string]: readonly string[] };
}

const topicIds = ["t0", "t1", "t2", "t3"];
const counts = fc.record(
  Object.fromEntries(topicIds.map((id) => [id, fc.integer({ min: 1, max: 12 })])),
);
const memberIds = ["m0", "m1", "m2", "m3", "m4", "m5"];
const mixed: fc.Arbitrary<Given> = fc.record({
  counts,
  subscriptions: fc.dictionary(fc.constantFrom(...memberIds), fc.subarray(topicIds)),
});
const alike: fc.Arbitrary<Given> = fc
  .record({ counts, topics: fc.subarray(topicIds), members: fc.subarray(memberIds) })
  .map(({ counts: given, topics, members }) => ({
    counts: given,
    subscriptions: Object.fromEntries(members.map((id) => [id, topics])),
  }));

function inputOf(
  { counts: given, subscriptions }: Given,
  previous: ReadonlyMap<string, Partitions>,
): AssignorInput {
  const members = Object.entries(subscriptions).map(([id, topics]): [string, AssignorMember] => [
    id,
    { instanceId: null, topicIds: new Set(topics), previous: previous.get(id) ?? new Map() },
  ]);
  const kinds = new Set(Object.values(subscriptions).map((topics) => topics.join()));
  return {
    members: new Map(members),
    isHomogeneous: kinds.size <= 1,
    partitionCount: (topicId) => given[topicId] ?? 0,
  };
}

function listed(partitions: Partitions | undefined): string[] {
  return [...(partitions ?? [])].flatMap(([topicId, of]) =>
    [...of].map((one) => `${topicId}-${one}`),
  );
}

function checkComplete(
  { counts: given, subscriptions }: Given,
  assignment: ReadonlyMap<string, Partitions>,
) {
  const wanted = new Set(Object.values(subscriptions).flat());
  const all = [...wanted].flatMap((id) =>
    Array.from({ length: given[id] ?? 0 }, (_, partition) => `${id}-${partition}`),
  );
  const assigned = [...assignment.values()].flatMap(listed);
  assert.deepEqual(assigned.sort(), all.sort());
  for (const [memberId, partitions] of assignment) {
    for (const [topicId, of] of partitions) {
      assert.ok(subscriptions[memberId]?.includes(topicId));
      assert.ok(of.size > 0);
    }
  }
}

const sizes = (assignment: ReadonlyMap<string, Partitions>) =>
  [...assignment.values()].map((partitions) => listed(partitions).length);
const spread = (values: readonly number[]) =>
  Math.max(0, ...values) - Math.min(...values, Number.POSITIVE_INFINITY);

function moved(
  before: ReadonlyMap<string, Partitions>,
  after: ReadonlyMap<string, Partitions>,
): number {
  let count = 0;
  for (const [memberId, partitions] of after) {
    const had = new Set(listed(before.get(memberId)));
    count += listed(partitions).filter((one) => !had.has(one)).length;
  }
  return count;
}

/** An assignment, and the one that follows when members and topics have changed. */
function twice(assign: Assignor, first: Given, second: Given) {
  const before = assign(inputOf(first, new Map()));
  // Topics only grow: what had fewer partitions the first time would be another topic.
  const grown = Object.fromEntries(
    topicIds.map((id) => [id, Math.max(first.counts[id] ?? 0, second.counts[id] ?? 0)]),
  );
  const given = { ...second, counts: grown };
  return { before, given, after: assign(inputOf(given, before)) };
}

test("every partition of a subscribed topic goes to exactly one of its subscribers", () => {
  for (const assign of [uniform, range]) {
    fc.assert(
      fc.property(fc.oneof(mixed, alike), fc.oneof(mixed, alike), (first, second) => {
        const { before, given, after } = twice(assign, first, second);
        checkComplete(first, before);
        checkComplete(given, after);
      }),
      { numRuns: 300 },
    );
  }
});

test("members with the same topics differ by one partition at most", () => {
  fc.assert(
    fc.property(fc.oneof(mixed, alike), alike, (first, second) => {
      const { after } = twice(uniform, first, second);
      assert.ok(after.size === 0 || spread(sizes(after)) <= 1);
    }),
    { numRuns: 300 },
  );
});

test("the subscribers of a topic differ by one partition at most, or have none of it to give", () => {
  fc.assert(
    fc.property(mixed, mixed, (first, second) => {
      const { given, after } = twice(uniform, first, second);
      for (const topicId of topicIds) {
        const subscribers = [...after].filter(([id]) => given.subscriptions[id]?.includes(topicId));
        const least = Math.min(...subscribers.map(([, partitions]) => listed(partitions).length));
        for (const [, partitions] of subscribers) {
          if (!partitions.has(topicId)) continue;
          assert.ok(listed(partitions).length - least <= 1);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test("where nothing changes, nothing moves", () => {
  for (const assign of [uniform, range]) {
    fc.assert(
      fc.property(fc.oneof(mixed, alike), (given) => {
        const { before, after } = twice(assign, given, given);
        assert.equal(moved(before, after), 0);
      }),
      { numRuns: 200 },
    );
  }
});

test("when one member of several leaves, the uniform assignor moves only what it had", () => {
  fc.assert(
    fc.property(alike, (given) => {
      const [leaver, ...others] = Object.keys(given.subscriptions);
      if (leaver === undefined || others.length === 0) return;
      const before = uniform(inputOf(given, new Map()));
      const { [leaver]: _gone, ...subscriptions } = given.subscriptions;
      const after = uniform(inputOf({ ...given, subscriptions }, before));
      assert.equal(moved(before, after), listed(before.get(leaver)).length);
    }),
    { numRuns: 200 },
  );
});

test("range gives neighbouring partitions, alike for topics of the same size", () => {
  const given: Given = {
    counts: { t0: 5, t1: 5 },
    subscriptions: { b: ["t0", "t1"], a: ["t0", "t1"] },
  };
  const assignment = range(inputOf(given, new Map()));
  assert.deepEqual(listed(assignment.get("a")), ["t0-0", "t0-1", "t0-2", "t1-0", "t1-1", "t1-2"]);
  assert.deepEqual(listed(assignment.get("b")), ["t0-3", "t0-4", "t1-3", "t1-4"]);
});

test("range gives static members their places by instance id, ahead of others", () => {
  const member = { topicIds: new Set(["t0"]), previous: new Map() };
  const members = new Map([
    ["a", { ...member, instanceId: null }],
    ["b", { ...member, instanceId: "i2" }],
    ["c", { ...member, instanceId: "i1" }],
  ]);
  const assignment = range({ members, isHomogeneous: true, partitionCount: () => 3 });
  assert.deepEqual(
    ["c", "b", "a"].map((id) => listed(assignment.get(id))),
    [["t0-0"], ["t0-1"], ["t0-2"]],
  );
});

test("ten thousand partitions are shared out among a thousand members in little time", () => {
  const previous = new Map<string, Partitions>();
  const subscriptions = Object.fromEntries(
    Array.from({ length: 1000 }, (_, index) => [
      `m${index}`,
      index % 2 === 0 ? ["t0"] : ["t0", "t1"],
    ]),
  );
  const given = { counts: { t0: 5000, t1: 5000 }, subscriptions };
  const assignment = uniform(inputOf(given, previous));
  checkComplete(given, assignment);
  assert.ok(spread(sizes(assignment)) <= 1);
});
