import assert from "node:assert/strict";
import { test } from "node:test";
import { TableScene, Tables } from "../../../test/table-scene.ts";
import { int64, string } from "../serdes.ts";
import { tumbling } from "../windows.ts";
import type { KStream } from "./kstream.ts";
import type { KTable } from "./ktable.ts";
import { StreamsBuilder } from "./streams-builder.ts";

type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

const foreignKey = (value: string) => value;
const both = (left: string, right: string) => left + right;

/** The lines of a topology's description that name its nodes. */
function nodesOf(declare: (tables: Tables) => unknown): string[] {
  using scene = new TableScene((tables) => {
    declare(tables);
    return undefined;
  });
  const named = /(?:Source|Processor|Sink): (.*)/;
  return scene.topology
    .describe()
    .split("\n")
    .flatMap((line) => named.exec(line)?.[1] ?? []);
}

test("a foreign-key join is described as the JVM describes it", () => {
  const nodes = nodesOf((tables) =>
    tables
      .table("l")
      .join(tables.table("r"), both, { foreignKey, value: string })
      .toStream()
      .to("o"),
  );
  const fk = "KTABLE-FK-JOIN-SUBSCRIPTION";
  assert.deepEqual(nodes, [
    `KTABLE-SOURCE-0000000016 (topics: [${fk}-RESPONSE-0000000014-topic])`,
    "KSTREAM-SOURCE-0000000001 (topics: [l])",
    `${fk}-RESPONSE-RESOLVER-PROCESSOR-0000000017 (stores: [l-STATE-STORE-0000000000])`,
    "KTABLE-FK-JOIN-OUTPUT-0000000018 (stores: [])",
    "KTABLE-SOURCE-0000000002 (stores: [l-STATE-STORE-0000000000])",
    `${fk}-REGISTRATION-0000000007 (stores: [])`,
    "KTABLE-TOSTREAM-0000000020 (stores: [])",
    "KSTREAM-SINK-0000000021 (topic: o)",
    `KTABLE-SINK-0000000008 (topic: ${fk}-REGISTRATION-0000000006-topic)`,
    "KSTREAM-SOURCE-0000000004 (topics: [r])",
    `KTABLE-SOURCE-0000000009 (topics: [${fk}-REGISTRATION-0000000006-topic])`,
    `${fk}-PROCESSOR-0000000011 (stores: [${fk}-STATE-STORE-0000000010])`,
    "KTABLE-SOURCE-0000000005 (stores: [r-STATE-STORE-0000000003])",
    `${fk}-PROCESSOR-0000000012 (stores: [r-STATE-STORE-0000000003])`,
    `${fk}-PROCESSOR-0000000013 (stores: [${fk}-STATE-STORE-0000000010])`,
    `KTABLE-SINK-0000000015 (topic: ${fk}-RESPONSE-0000000014-topic)`,
  ]);
});

test("the counter of names goes on for what is given a name", () => {
  const nodes = nodesOf((tables) => {
    const table = tables.table("t", { name: "t", store: "rows" });
    table.filter(() => true, { name: "kept", store: "kept-rows" });
    table.join(table, both, { name: "self" });
    // Java would be given a `Materialized` without a name here, which counts although there is no store.
    return table.mapValues((value) => value, { value: string });
  });
  assert.deepEqual(nodes, [
    "t-source (topics: [t])",
    "t (stores: [rows])",
    "self-join-other (stores: [rows])",
    "self-join-this (stores: [rows])",
    "KTABLE-MAPVALUES-0000000007 (stores: [])",
    "kept (stores: [kept-rows])",
    "self (stores: [])",
  ]);
});

test("a table can be queried by the name of its store", () => {
  const tables = new Tables();
  const table = tables.table("t");
  const other = tables.table("u", { store: "u" });
  assert.equal(table.queryableStoreName, undefined);
  assert.equal(other.queryableStoreName, "u");
  assert.equal(table.filter(() => true, { store: "f" }).queryableStoreName, "f");
  assert.equal(table.join(other, both).queryableStoreName, undefined);
  const joined = table.join(other, both, { value: string });
  assert.match(joined.queryableStoreName ?? "", /^KTABLE-MERGE-STATE-STORE-/);
});

test("names are required where they are asked for", () => {
  const builder = new StreamsBuilder();
  const table = builder.table("t", { key: string, value: string, store: "t", name: "t" });
  table.groupBy((value, key) => [value, key], { key: string, value: string, name: "g" }).count();
  const names = "KTABLE-AGGREGATE-STATE-STORE-0000000003";
  assert.throws(() => builder.build({ ensureExplicitInternalResourceNaming: true }), {
    code: "UNNAMED",
    message: new RegExp(`${names}, ${names}-changelog`),
  });
});

test("a missing serde is told with the operator that needs it", () => {
  const builder = new StreamsBuilder();
  const table = builder.table("t", { key: string, value: string });
  table.mapValues((value) => value.length).suppress({ until: 10, name: "hold" });
  assert.throws(() => builder.build(), { code: "MISSING_SERDE", message: /hold/ });
});

test("a store takes the builder's default serdes where nothing else says it", () => {
  const builder = new StreamsBuilder({ defaultKey: string, defaultValue: string });
  const table = builder.table("t", { key: string, value: string });
  table.mapValues((value) => value.toUpperCase(), { store: "upper" });
  table
    .groupBy((value, key) => [value, key])
    .reduce(
      (sum) => sum,
      (sum) => sum,
    );
  builder.build();
});

test("a name that cannot be part of a topic's is refused", () => {
  const tables = new Tables();
  const table = tables.table("t");
  const other = tables.table("u");
  assert.throws(() => table.join(other, both, { foreignKey, name: "a b" }), {
    code: "INVALID_NAME",
  });
  // The parts of a join append to its name.
  assert.throws(() => table.join(table, both, { name: "n".repeat(245) }), { code: "INVALID_NAME" });
});

test("types follow tables through their operators", () => {
  const tables = new Tables();
  const table = tables.table("t");
  const sizes = table.mapValues((value) => value.length || null);
  true satisfies Same<typeof sizes, KTable<string, number>>;
  const stream = sizes.toStream();
  true satisfies Same<typeof stream, KStream<string, number | null>>;
  const joined = table.leftJoin(sizes, (left, right) => {
    true satisfies Same<typeof right, number | null>;
    return { left, right };
  });
  true satisfies Same<typeof joined, KTable<string, { left: string; right: number | null }>>;
  const byNumber = tables.builder.table("n", { key: int64, value: string });
  const found = sizes.join(byNumber, (size, text) => `${size}${text}`, {
    foreignKey: (size) => size,
  });
  true satisfies Same<typeof found, KTable<string, string>>;
  const counted = table.groupBy((value, key) => [value.length, key] as const).count({ key: int64 });
  true satisfies Same<typeof counted, KTable<number, number>>;
});

test("what does not fit does not compile", () => {
  const tables = new Tables();
  const table = tables.table("t");
  const byNumber = tables.builder.table("n", { key: int64, value: string });
  const windows = tables
    .stream("s")
    .groupByKey()
    .windowedBy(tumbling({ size: 10 }))
    .count();
  windows.suppress({ until: "window-close" });
  // @ts-expect-error The keys of both tables differ, and no foreign key is given.
  assert.ok(table.join(byNumber, (left: string, right: string) => left + right));
  // @ts-expect-error The foreign key is not of the other table's type.
  assert.ok(table.join(byNumber, both, { foreignKey: (value) => value }));
  // @ts-expect-error There are no windows that could close.
  assert.throws(() => table.suppress({ until: "window-close" }));
  // @ts-expect-error Numbers are not written as text.
  assert.ok(table.mapValues((value) => value.length, { value: string }));
});
