import assert from "node:assert/strict";
import { test } from "node:test";
import {
  hopping,
  json,
  keyValueStore,
  list,
  StreamsBuilder,
  serde,
  session,
  string,
  Topology,
  tumbling,
  windowed,
} from "millrace";
import { type Mistake, refusedWhenBuilt } from "../topology-mistake.ts";

const text = { key: string, value: string };
/** What the compiler refuses, and a program without types may do all the same. */
const untyped = (value: unknown) => value as never;
const both = (left: string, right: string) => left + right;

const declarations: readonly Mistake[] = [
  [
    "no serdes",
    "MISSING_SERDE",
    /source KSTREAM-SOURCE-0+ of in .* keys/,
    (b) => b.stream("in", untyped({})),
  ],
  [
    "a serde by its name",
    "MISSING_SERDE",
    /keys .* is no serde/,
    (b) => b.stream("in", untyped({ ...text, key: "string" })),
  ],
  [
    "a serde that was not made",
    "MISSING_SERDE",
    /call it, as in json\(\)/,
    (b) => b.stream("in", untyped({ ...text, value: json })),
  ],
  [
    "values of another type without a serde",
    "MISSING_SERDE",
    /values of KSTREAM-SINK/,
    (b) =>
      b
        .stream("in", text)
        .mapValues((v) => v.length)
        .to("out"),
  ],
  [
    "keys of another type without a serde",
    "MISSING_SERDE",
    /keys of KSTREAM-AGGREGATE/,
    (b) =>
      b
        .stream("in", text)
        .groupBy((v) => v.length)
        .count(),
  ],
  ["a topic without a name", "INVALID_NAME", /topic "" is empty/, (b) => b.stream("", text)],
  [
    "a topic with a blank",
    "INVALID_NAME",
    /topic "my topic" has characters/,
    (b) => b.stream("my topic", text),
  ],
  [
    "a result topic with a blank",
    "INVALID_NAME",
    /topic "my topic"/,
    (b) => b.stream("in", text).to("my topic"),
  ],
  [
    "no result topic",
    "INVALID_NAME",
    /topic "" is empty/,
    (b) => b.stream("in", text).to(untyped(undefined)),
  ],
  [
    "a stream and a table of one topic",
    "NAME_TAKEN",
    /topic in has a source already/,
    (b) => [b.stream("in", text), b.table("in", text)],
  ],
  [
    "a topic that a pattern has already",
    "NAME_TAKEN",
    /in-1 is read through/,
    (b) => [b.stream(/in.*/, text), b.stream("in-1", text)],
  ],
  [
    "an operator's name with a blank",
    "INVALID_NAME",
    /"a b"/,
    (b) => b.stream("in", text).filter(() => true, { name: "a b" }),
  ],
  [
    "a store's name with a blank",
    "INVALID_NAME",
    /"a b"/,
    (b) => b.stream("in", text).groupByKey().count({ store: "a b" }),
  ],
  [
    "two stores of one name",
    "NAME_TAKEN",
    /another store s/,
    (b) => b.addStateStore(keyValueStore("s", text)).addStateStore(keyValueStore("s", text)),
  ],
  [
    "a window of no length",
    "INVALID_TOPOLOGY",
    /size of a window is 0 ms/,
    () => tumbling({ size: 0 }),
  ],
  [
    "a window of negative length",
    "INVALID_TOPOLOGY",
    /size of a window is -5 ms/,
    () => tumbling({ size: -5 }),
  ],
  [
    "a length of time as text",
    "INVALID_TOPOLOGY",
    /size of a window is "5m"/,
    () => tumbling({ size: untyped("5m") }),
  ],
  [
    "a unit of time that there is not",
    "INVALID_TOPOLOGY",
    /"minute", which is none of/,
    () => tumbling({ size: untyped({ minute: 5 }) }),
  ],
  [
    "sessions without a gap",
    "INVALID_TOPOLOGY",
    /gap of sessions is missing/,
    () => session(untyped({})),
  ],
  [
    "windows with gaps between them",
    "INVALID_TOPOLOGY",
    /5 ms cannot advance by 6 ms/,
    () => hopping({ size: 5, advance: 6 }),
  ],
  [
    "a number in place of windows",
    "INVALID_TOPOLOGY",
    /windowedBy needs windows/,
    (b) => b.stream("in", text).groupByKey().windowedBy(untyped(5)),
  ],
  [
    "a strategy that there is not",
    "INVALID_TOPOLOGY",
    /on-window-close.*"on-close"/,
    (b) =>
      b
        .stream("in", text)
        .groupByKey()
        .windowedBy(tumbling({ size: 5 }))
        .emitStrategy(untyped("on-close")),
  ],
  [
    "rows that go before their windows",
    "RETENTION_TOO_SHORT",
    /for 10 ms/,
    (b) =>
      b
        .stream("in", text)
        .groupByKey()
        .windowedBy(tumbling({ size: 1_000 }))
        .count({ retention: 10 }),
  ],
  [
    "a join without a window",
    "INVALID_TOPOLOGY",
    /give `within`/,
    (b) => b.stream("in", text).join(b.stream("other", text), both, {}),
  ],
  [
    "a join that ends before it begins",
    "INVALID_TOPOLOGY",
    /ends before it begins/,
    (b) => b.stream("in", text).join(b.stream("other", text), both, { within: -5 }),
  ],
  [
    "a join with nothing",
    "INVALID_TOPOLOGY",
    /no stream and no table/,
    (b) => b.stream("in", text).join(untyped(undefined), both, { within: 5 }),
  ],
  [
    "a join without a joiner",
    "INVALID_TOPOLOGY",
    /a join needs a function/,
    (b) => b.stream("in", text).join(b.table("other", text), untyped(undefined)),
  ],
  [
    "a stream of another builder",
    "INVALID_TOPOLOGY",
    /two StreamsBuilders/,
    (b) => b.stream("in", text).merge(new StreamsBuilder().stream("other", text)),
  ],
  [
    "repartitions that cannot be joined",
    "NOT_COPARTITIONED",
    /2, .* 3/,
    (b) =>
      b
        .stream("in", text)
        .repartition({ numPartitions: 2 })
        .join(b.stream("other", text).repartition({ numPartitions: 3 }), both, { within: 5 }),
  ],
  [
    "a topic without partitions",
    "INVALID_TOPOLOGY",
    /numPartitions .* is 0/,
    (b) => b.stream("in", text).repartition({ numPartitions: 0 }),
  ],
  [
    "no function",
    "INVALID_TOPOLOGY",
    /mapValues needs a function/,
    (b) => b.stream("in", text).mapValues(untyped(undefined)),
  ],
  [
    "an async function",
    "INVALID_TOPOLOGY",
    /foreach does not wait .* foreachAsync/,
    (b) => b.stream("in", text).foreach(async () => {}),
  ],
  [
    "a global table with versions",
    "INVALID_TOPOLOGY",
    /global table of in cannot keep versions/,
    (b) => b.globalTable("in", untyped({ ...text, versioned: { history: 5 } })),
  ],
  [
    "an async aggregator",
    "INVALID_TOPOLOGY",
    /the aggregator of an aggregation does not wait/,
    (b) =>
      b
        .stream("in", text)
        .groupByKey()
        .aggregate(
          () => "",
          untyped(async () => ""),
          text,
        ),
  ],
  [
    "an async reducer of windows",
    "INVALID_TOPOLOGY",
    /reduce does not wait/,
    (b) =>
      b
        .stream("in", text)
        .groupByKey()
        .windowedBy(tumbling({ size: 5 }))
        .reduce(untyped(async () => "")),
  ],
  [
    "no merger of sessions",
    "INVALID_TOPOLOGY",
    /the merger of an aggregation needs a function/,
    (b) =>
      b
        .stream("in", text)
        .groupByKey()
        .windowedBy(session({ gap: 5 }))
        .aggregate(() => "", both, untyped(undefined), text),
  ],
  [
    "an aggregation of several streams by something else than a function",
    "INVALID_TOPOLOGY",
    /the aggregator of an aggregation needs a function/,
    (b) =>
      b
        .stream("in", text)
        .groupByKey()
        .cogroup<string>(untyped("add"))
        .aggregate(() => "", text),
  ],
  [
    "no subtractor for the rows of a table",
    "INVALID_TOPOLOGY",
    /the subtractor of an aggregation needs a function/,
    (b) =>
      b
        .table("in", text)
        .groupBy((value, key) => [key, value], text)
        .reduce(both, untyped(undefined)),
  ],
  [
    "an async key of a group",
    "INVALID_TOPOLOGY",
    /groupBy does not wait/,
    (b) =>
      b.table("in", text).groupBy(
        untyped(async () => ["k", "v"]),
        text,
      ),
  ],
  [
    "an async foreign key",
    "INVALID_TOPOLOGY",
    /`foreignKey` of a join does not wait/,
    (b) =>
      b.table("in", text).join(b.table("other", text), both, {
        foreignKey: untyped(async () => "k"),
      }),
  ],
  [
    "a processor in place of its maker",
    "INVALID_TOPOLOGY",
    /\(\) => new MyProcessor\(\)/,
    (b) => b.stream("in", text).process(untyped({ process() {} })),
  ],
  [
    "a class in place of a processor's maker",
    "INVALID_TOPOLOGY",
    /\(\) => new Upper\(\)/,
    (b) => b.stream("in", text).process(untyped(class Upper {})),
  ],
  [
    "one processor for all tasks",
    "INVALID_TOPOLOGY",
    /same processor twice/,
    (b) => {
      const one = { process() {} };
      b.stream("in", text).process(() => one);
    },
  ],
  [
    "a store that was not added",
    "UNKNOWN_STORE",
    /store nope, which was not added/,
    (b) => b.stream("in", text).process(() => ({ process() {} }), { stores: ["nope"] }),
  ],
  [
    "a suppression without an end",
    "INVALID_TOPOLOGY",
    /holds changes back for is missing/,
    (b) => b.table("in", text).suppress(untyped({})),
  ],
  [
    "calls that cannot begin",
    "INVALID_ARGUMENT",
    /concurrency .* at least 1, not 0/,
    (b) => b.stream("in", text).mapValuesAsync(async (v) => v, { concurrency: 0 }),
  ],
  [
    "a parent that was not added",
    "UNKNOWN_NODE",
    /parent nope of sink/,
    () => new Topology().addSink("sink", "out", { ...text, parents: ["nope"] }),
  ],
  [
    "a serde inside of a serde that is none",
    "MISSING_SERDE",
    /list\(string\)/,
    () => list(untyped(undefined)),
  ],
  [
    "a serde that only writes",
    "MISSING_SERDE",
    /functions of serde\(\)/,
    () => serde(untyped({ serialize: String })),
  ],
];

refusedWhenBuilt(declarations);

test("a windowed key that is read without the windows' size has no end", () => {
  const bytes = windowed(string).serialize({ key: "a", window: { start: 5, end: 10 } }) as Buffer;
  const read = windowed(string, { size: { minutes: 1 } }).deserialize(bytes, 0, bytes.length);
  assert.deepEqual(read, { key: "a", window: { start: 5, end: 60_005 } });
});
