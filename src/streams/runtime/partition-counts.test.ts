import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamsBuilder } from "../dsl/streams-builder.ts";
import { string } from "../serdes.ts";
import { tumbling } from "../windows.ts";
import { partitionCounts, taskCount } from "./partition-counts.ts";
import { TopologyPlan } from "./topology-plan.ts";

const text = { key: string, value: string };
const serdes = { key: string, left: string, right: string };
const both = (left: string, right: string) => left + right;

function countsOf(
  existing: { readonly [topic: string]: number },
  declare: (builder: StreamsBuilder) => void,
): { readonly [topic: string]: number } {
  const builder = new StreamsBuilder();
  declare(builder);
  const plan = new TopologyPlan(builder.build().builder, "app");
  return Object.fromEntries(partitionCounts(plan, new Map(Object.entries(existing))));
}

test("a repartition topic has as many partitions as the greatest topic that flows into it, a changelog one for each task", () => {
  const counts = countsOf({ small: 2, large: 6, unread: 9 }, (builder) => {
    const all = builder.stream(["small", "large"], text);
    all.groupBy((value) => value, text).count({ store: "counts" });
  });
  assert.deepEqual(counts, {
    small: 2,
    large: 6,
    "app-counts-repartition": 6,
    "app-counts-changelog": 6,
  });
});

test("numbers flow on from one repartition topic to the next", () => {
  const counts = countsOf({ in: 3 }, (builder) => {
    const first = builder.stream("in", text).repartition({ ...text, name: "one" });
    const second = first.repartition({ ...text, name: "two", numPartitions: 8 });
    second.repartition({ ...text, name: "three" }).toTable({ ...text, store: "table" });
  });
  assert.equal(counts["app-one-repartition"], 3);
  assert.equal(counts["app-two-repartition"], 8);
  assert.equal(counts["app-three-repartition"], 8);
  assert.equal(counts["app-table-changelog"], 8);
});

test("a repartition topic takes the number of the topic that it is joined with", () => {
  const counts = countsOf({ events: 3, users: 5 }, (builder) => {
    const byUser = builder.stream("events", text).selectKey((event) => event);
    byUser.join(builder.table("users", { ...text, store: "users" }), both, {
      ...{ name: "enriched", key: string, left: string },
    });
  });
  assert.equal(counts["app-enriched-repartition"], 5);
  assert.equal(counts["app-users-changelog"], 5);
});

test("repartition topics that are joined take the greatest of their numbers, or the one that was asked for", () => {
  const joining = (numPartitions: number | undefined) =>
    countsOf({ a: 3, b: 5 }, (builder) => {
      const left = builder.stream("a", text).selectKey((value) => value);
      const right = builder
        .stream("b", text)
        .repartition({ ...text, name: "right", numPartitions });
      left.join(right, both, { ...serdes, within: 1_000 });
    });
  const numbers = (counts: { readonly [topic: string]: number }) =>
    Object.entries(counts)
      .filter(([name]) => name.endsWith("-repartition"))
      .map(([, count]) => count);
  assert.deepEqual(numbers(joining(undefined)), [5, 5]);
  assert.deepEqual(numbers(joining(4)), [4, 4]);
});

test("topics of the program's own that are joined must have the same number of partitions", () => {
  const join = (existing: { readonly [topic: string]: number }) =>
    countsOf(existing, (builder) => {
      builder.stream("events", text).join(builder.table("users", text), both);
    });
  assert.doesNotThrow(() => join({ events: 4, users: 4 }));
  assert.throws(() => join({ events: 4, users: 6 }), {
    name: "TopologyError",
    code: "NOT_COPARTITIONED",
    message: /events has 4, users has 6/,
  });
});

test("a repartition topic whose number was asked for does not give way", () => {
  const join = (numPartitions: number) =>
    countsOf({ events: 4, users: 6 }, (builder) => {
      const events = builder.stream("events", text).repartition({ ...text, numPartitions });
      events.join(builder.table("users", text), both);
    });
  assert.doesNotThrow(() => join(6));
  assert.throws(() => join(5), { code: "NOT_COPARTITIONED" });
});

test("the circle of a foreign-key join comes out with each side's number", () => {
  const counts = countsOf({ orders: 3, users: 7 }, (builder) => {
    const orders = builder.table("orders", text);
    orders.join(builder.table("users", text), both, { foreignKey: (order: string) => order });
  });
  const numberOf = (part: string) => Object.entries(counts).find(([name]) => name.includes(part));
  assert.equal(numberOf("SUBSCRIPTION-REGISTRATION")?.[1], 7);
  assert.equal(numberOf("SUBSCRIPTION-RESPONSE")?.[1], 3);
});

test("topics that are not there are all named, those of global tables too", () => {
  const count = () =>
    countsOf({ a: 1 }, (builder) => {
      builder.stream(["a", "b"], text).to("out", text);
      builder.globalTable("c", text);
    });
  assert.throws(count, { code: "MISSING_SOURCE_TOPIC", message: /do not exist: b, c;/ });
});

test("a pattern that matches nothing yet has no tasks, unless something depends on their number", () => {
  const idle = countsOf({}, (builder) => {
    builder.stream(/none-.*/, text).toTable({ ...text, store: "table" });
  });
  assert.deepEqual(idle, {});
  const count = () =>
    countsOf({}, (builder) => {
      builder.stream(/none-.*/, text).repartition({ ...text, name: "next" });
    });
  assert.throws(count, { code: "MISSING_SOURCE_TOPIC", message: /app-next-repartition/ });
});

test("a table that is restored from its source topic has no changelog", () => {
  const builder = new StreamsBuilder();
  builder.table("users", { ...text, store: "users" });
  const topology = builder.build({ optimization: "all" });
  const plan = new TopologyPlan(topology.builder, "app");
  const counts = partitionCounts(plan, new Map([["users", 2]]));
  assert.deepEqual([...counts], [["users", 2]]);
});

test("a windowed changelog counts like any other", () => {
  const counts = countsOf({ in: 2 }, (builder) => {
    const windows = tumbling({ size: { minutes: 1 } });
    builder.stream("in", text).groupByKey().windowedBy(windows).count({ store: "perMinute" });
  });
  assert.equal(counts["app-perMinute-changelog"], 2);
});

test("a sub-topology without topics has no tasks", () => {
  assert.equal(taskCount([], new Map()), 0);
});
