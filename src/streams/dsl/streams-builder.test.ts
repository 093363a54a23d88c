import assert from "node:assert/strict";
import { test } from "node:test";
import { type Mistake, refusedWhenBuilt } from "../../../test/topology-mistake.ts";
import { string } from "../serdes.ts";
import { TopologyTestDriver } from "../testing/topology-test-driver.ts";
import { tumbling } from "../windows.ts";
import { StreamsBuilder } from "./streams-builder.ts";

const text = { key: string, value: string };
/** What the compiler refuses, and a program without types may do all the same. */
const untyped = (value: unknown) => value as never;

const mistakes: readonly Mistake[] = [
  [
    "streams whose lists of topics overlap",
    "NAME_TAKEN",
    /topic b is in two streams with different lists/,
    (b) => [b.stream(["a", "b"], text), b.stream(["b", "c"], text)],
  ],
  [
    "streams of one topic that begin at different places",
    "INVALID_TOPOLOGY",
    /two streams of the topic in have different offset resets/,
    (b) => [
      b.stream("in", { ...text, offsetReset: "latest" }),
      b.stream("in", { ...text, offsetReset: { durationMs: 5 } }),
    ],
  ],
  [
    "a place to begin that there is not",
    "INVALID_ARGUMENT",
    /offsetReset of KSTREAM-SOURCE-0+ .* not "newest"/,
    (b) => b.stream("in", { ...text, offsetReset: untyped("newest") }),
  ],
  [
    "a table that keeps versions and ends its rows",
    "INVALID_TOPOLOGY",
    /store rows .* cannot have both versions and a ttl/,
    (b) => b.table("in", { ...text, store: "rows", versioned: { history: 5 }, ttl: 5 }),
  ],
  [
    "a suppression with less than no room",
    "INVALID_TOPOLOGY",
    /maxRecords of KTABLE-SUPPRESS-.* is -1/,
    (b) => b.table("in", text).suppress({ until: 5, maxRecords: -1 }),
  ],
  [
    "a suppression that waits for windows to close and emits early",
    "INVALID_TOPOLOGY",
    /cannot wait for windows to close and emit early/,
    (b) =>
      b
        .stream("in", text)
        .groupByKey()
        .windowedBy(tumbling({ size: 5 }))
        .count()
        .suppress({ until: "window-close", maxRecords: 5, whenFull: "emit-early" }),
  ],
  [
    "a branch that is taken twice",
    "INVALID_TOPOLOGY",
    /either `with` or `consume`/,
    (b) =>
      b
        .stream("in", text)
        .split()
        .branch(() => true, { with: (branch) => branch, consume: () => {} }),
  ],
  [
    "a store of an async operator that was not added",
    "UNKNOWN_STORE",
    /store nope, which was not added/,
    (b) =>
      b
        .stream("in", text)
        .processAsync(() => ({ request: () => 1, process() {} }), { stores: ["nope"] }),
  ],
];

refusedWhenBuilt(mistakes);

test("an optimisation that there is not is refused, and so is what is added once the topology is built", () => {
  const builder = new StreamsBuilder();
  const stream = builder.stream("in", text);
  assert.throws(() => builder.build({ optimization: [untyped("all-of-it")] }), {
    code: "INVALID_TOPOLOGY",
    message: /no optimization all-of-it/,
  });
  builder.build();
  assert.throws(() => stream.peek(() => {}), {
    code: "INVALID_TOPOLOGY",
    message: /nothing can be added/,
  });
});

test("where names are required, all that a join of streams keeps under a generated name is told", () => {
  const builder = new StreamsBuilder();
  const [left, right] = ["l", "r"].map((topic) => builder.stream(topic, text));
  assert.ok(left && right);
  const terms = { within: 5, left: string, right: string };
  left.leftJoin(right, (one, other) => `${one}${other}`, { ...terms, name: "both" });
  left.join(right, (one, other) => one + other, { ...terms, changelog: false });
  const stores = ["JOINTHIS-0000000004", "OUTEROTHER-0000000005", "OUTERSHARED-0000000004"];
  const logged = stores.map((one) => `KSTREAM-${one}-store, KSTREAM-${one}-store-changelog`);
  const unlogged = ["KSTREAM-JOINTHIS-0000000009-store", "KSTREAM-JOINOTHER-0000000010-store"];
  assert.throws(() => builder.build({ ensureExplicitInternalResourceNaming: true }), {
    code: "UNNAMED",
    message: new RegExp(`: ${[...logged, ...unlogged].join(", ")};`),
  });
});

test("streams are printed under their names, a label, or as the program says", () => {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const builder = new StreamsBuilder();
  const stream = builder.stream("in", text);
  stream.print({ write });
  stream.print({ write, label: "orders" });
  stream.print({ write, label: "orders", format: (value, key) => `${value} of ${key}` });
  using driver = new TopologyTestDriver(builder.build());
  driver.createInputTopic("in", text).pipe("k", "v");
  assert.deepEqual(lines, [
    "[KSTREAM-SOURCE-0000000000]: k, v",
    "[orders]: k, v",
    "[orders]: v of k",
  ]);
});
