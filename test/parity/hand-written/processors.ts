import { changesOut, out, type Question, question, type Step, stream, table } from "./script.ts";

const three = ["a x 1", "b y 2", "a z 3"];
const remember = { store: "seen", fn: ["remember", "seen"] } as const;

/** Sends the stream at hand to `out`, then another stream of the case elsewhere. */
function outTo(topic: string, of: string): Step {
  return { op: "to", topic, of };
}

/** A source of `in`, the node by node way. */
const source: Step = { op: "addSource", name: "source", topics: ["in"] };
/** A sink of `out` below a processor. */
const sink = (...parents: readonly string[]): Step => {
  return { op: "addSink", name: "sink", topic: "out", parents };
};
const processor = (name: string, fn: Step["fn"], ...parents: readonly string[]): Step => {
  return { op: "addProcessor", name, fn: fn ?? ["none"], parents };
};

const withinDsl: readonly Question[] = [
  question(
    "process forwards twice, with another time",
    [stream(), { op: "process", fn: ["twice"] }, out],
    three,
  ),
  question(
    "process with a name",
    [stream(), { op: "process", name: "mine", fn: ["twice"] }, out],
    three,
  ),
  question("process adds a header", [stream(), { op: "process", fn: ["header"] }, out], three),
  question(
    "process tells the record's place",
    [stream(), { op: "process", fn: ["place"] }, out],
    three,
  ),
  question(
    "process tells stream time and clock",
    [stream(), { op: "process", fn: ["times"] }, out],
    ["a x 5", 10, "a y 3"],
  ),
  question("process tells its task", [stream(), { op: "process", fn: ["task"] }, out], three),
  question(
    "process with a store of its own",
    [stream(), { op: "process", ...remember }, out],
    three,
  ),
  question(
    "process with a store in memory and no log",
    [stream(), { op: "process", ...remember, kind: "memory", log: false }, out],
    three,
  ),
  question(
    "process with a cached store",
    [stream(), { op: "process", ...remember, cache: true }, out],
    three,
  ),
  question(
    "process reads the store of a table",
    [
      table("rows", { store: "rows", id: "t" }),
      stream(),
      { op: "process", uses: "rows", fn: ["rows", "rows"] },
      out,
    ],
    ["rows: a A 1", "x go 2", "rows: b B 3", "rows: a null 4", "x go 5"],
  ),
  question(
    "process before a count repartitions",
    [
      stream(),
      { op: "process", fn: ["rekey"] },
      { op: "groupByKey" },
      { op: "count", store: "counts" },
      ...changesOut,
    ],
    three,
  ),
  question(
    "processValues before a count does not repartition",
    [
      stream(),
      { op: "processValues", fn: ["twice"] },
      { op: "groupByKey" },
      { op: "count", store: "counts" },
      ...changesOut,
    ],
    three,
  ),
  question(
    "processValues with a store",
    [stream(), { op: "processValues", ...remember }, out],
    three,
  ),
  question(
    "processValues with a name",
    [stream(), { op: "processValues", name: "mine", fn: ["times"] }, out],
    three,
  ),
  question(
    "processValues sees null keys and values",
    [stream(), { op: "processValues", fn: ["place"] }, out],
    ["null x 1", "a null 2"],
  ),
  question(
    "punctuations by stream time run when it has passed",
    [stream(), { op: "process", fn: ["byStreamTime", 10] }, out],
    ["a x 3", "a y 9", "a z 10", "a late 4", "a far 57", "a on 58", "a on 60"],
  ),
  question(
    "punctuations by the clock do not catch up",
    [stream(), { op: "process", fn: ["byWallClock", 10] }, out],
    ["a x 3", 9, 1, 35, "a y 4", 5, 10],
  ),
  question(
    "a global store is filled by its processor and read by another",
    [
      { op: "addGlobalStore", topic: "names", store: "names" },
      stream(),
      { op: "process", fn: ["rows", "names"] },
      out,
    ],
    ["names: a A 1", "x go 1", "names: b B 2", "x go 2"],
  ),
  question(
    "a named global store",
    [{ op: "addGlobalStore", name: "known", topic: "names", store: "names" }, stream(), out],
    ["names: a A 1", "x go 1"],
  ),
];

const nodeByNode: readonly Question[] = [
  question(
    "node by node: source, processor, sink",
    [source, processor("p", ["twice"], "source"), sink("p")],
    three,
  ),
  question(
    "node by node: a processor forwards to one child",
    [
      source,
      processor("p", ["toChild", "left", "right"], "source"),
      processor("left", ["place"], "p"),
      processor("right", ["times"], "p"),
      sink("left", "right"),
    ],
    ["k a 1", "k b 2", "k ab 3"],
  ),
  question(
    "node by node: depth first, child by child",
    [source, processor("p", ["twice"], "source"), processor("q", ["twice"], "p"), sink("p", "q")],
    three,
  ),
  question(
    "node by node: two processors share a store",
    [
      source,
      { ...processor("writer", ["remember", "seen"], "source"), store: "seen" },
      processor("reader", ["rows", "seen"], "source"),
      { op: "connect", name: "reader", stores: ["seen"] },
      sink("writer", "reader"),
    ],
    three,
  ),
  question(
    "node by node: a store that is added joins its processors",
    [
      source,
      { op: "addSource", name: "other", topics: ["others"] },
      processor("p", ["remember", "seen"], "source"),
      processor("q", ["rows", "seen"], "other"),
      { op: "addStateStore", store: "seen", processors: ["p", "q"] },
      sink("p", "q"),
    ],
    ["a x 1", "others: b y 2", "a z 3", "others: b y 4"],
  ),
  question(
    "node by node: two sub-topologies",
    [
      source,
      processor("p", ["twice"], "source"),
      sink("p"),
      { op: "addSource", name: "other", topics: ["others"] },
      { op: "addSink", name: "elsewhere", topic: "out2", parents: ["other"] },
    ],
    ["a x 1", "others: b y 2"],
  ),
  question(
    "node by node: what a sink writes is read again",
    [
      source,
      processor("p", ["twice"], "source"),
      { op: "addSink", name: "between", topic: "middle", parents: ["p"] },
      { op: "addSource", name: "again", topics: ["middle"] },
      processor("q", ["place"], "again"),
      sink("q"),
    ],
    three,
  ),
  question(
    "node by node: a read-only store",
    [
      source,
      { op: "addReadOnlyStateStore", name: "filler", topic: "names", store: "names" },
      processor("p", ["rows", "names"], "source"),
      { op: "connect", name: "p", stores: ["names"] },
      sink("p"),
    ],
    ["names: a A 1", "x go 1", "names: a B 2", "x go 2"],
  ),
  question(
    "node by node: a global store",
    [
      source,
      { op: "addGlobalStore", name: "filler", topic: "names", store: "names" },
      processor("p", ["rows", "names"], "source"),
      sink("p"),
    ],
    ["names: a A 1", "x go 1", "names: a null 2", "x go 2"],
  ),
  question(
    "node by node: several topics of one source",
    [{ ...source, topics: ["in", "more"] }, processor("p", ["place"], "source"), sink("p")],
    ["a x 1", "b y 2"],
  ),
  question(
    "node by node: a store that was not added cannot be connected",
    [
      source,
      processor("p", ["twice"], "source"),
      { op: "connect", name: "p", stores: ["missing"] },
    ],
    [],
  ),
  question(
    "node by node: two nodes of one name",
    [source, processor("source", ["twice"], "source")],
    [],
  ),
  question("node by node: an unknown parent", [source, processor("p", ["twice"], "nobody")], []),
  question(
    "node by node: a topic with two sources",
    [source, { op: "addSource", name: "again", topics: ["in"] }],
    [],
  ),
  question(
    "node by node: a global store cannot be connected",
    [
      source,
      { op: "addGlobalStore", name: "filler", topic: "names", store: "names" },
      processor("p", ["rows", "names"], "source"),
      { op: "connect", name: "p", stores: ["names"] },
    ],
    [],
  ),
  question(
    "node by node: a store that nobody is connected to fails the processor that asks for it",
    [
      source,
      processor("p", ["remember", "seen"], "source"),
      { op: "addStateStore", store: "seen" },
      sink("p"),
    ],
    three,
  ),
];

const times: readonly Question[] = [
  question(
    "an extractor takes the time from the value",
    [stream("in", { extractor: "digits" }), out],
    ["a x7 1", "a none 2", "a x3 3"],
  ),
  question(
    "an extractor goes by the latest time of its partition",
    [stream("in", { extractor: "next" }), out],
    three,
  ),
  question(
    "a table's extractor is that of its rows",
    [table("in", { extractor: "digits", store: "rows" }), ...changesOut],
    ["a x7 1", "a none 2", "a x3 3"],
  ),
  question(
    "an extractor and windows",
    [
      stream("in", { extractor: "digits" }),
      { op: "groupByKey" },
      { op: "windowTime", size: 10, grace: 0 },
      { op: "count", store: "counts" },
      ...changesOut,
    ],
    ["a x7 1", "a x15 2", "a x3 3"],
  ),
  question(
    "node by node: an extractor",
    [{ ...source, extractor: "digits" }, processor("p", ["times"], "source"), sink("p")],
    ["a x7 1", "a none 2", "a x3 3"],
  ),
];

const unlimited: Step = { op: "windowUnlimited" };
const grouped = [stream(), { op: "groupByKey" }] as const;

const unlimitedWindows: readonly Question[] = [
  question(
    "an unlimited window takes all records",
    [...grouped, unlimited, { op: "count", store: "counts" }, ...changesOut],
    three,
  ),
  question(
    "an unlimited window takes none from before its start",
    [...grouped, { ...unlimited, start: 2 }, { op: "count", store: "counts" }, ...changesOut],
    three,
  ),
  question(
    "an unlimited window in memory",
    [
      ...grouped,
      unlimited,
      { op: "reduce", fn: ["join"], store: "rows", kind: "memory" },
      ...changesOut,
    ],
    three,
  ),
  question(
    "an unlimited window and late records",
    [...grouped, unlimited, { op: "aggregate", fn: ["add"], store: "rows" }, ...changesOut],
    ["a x 900000000", "a y 1", "b z 5"],
  ),
];

const goOn = { "processing.exception.handler": "continue" };
const readOn = { "deserialization.exception.handler": "continue" };
const failing: Step = { op: "mapValues", fn: ["failOn", "bad"] };

const failures: readonly Question[] = [
  question(
    "a node that fails stops the topology",
    [stream(), failing, out],
    ["a x 1", "a bad 2", "a y 3"],
  ),
  question(
    "a node that fails is gone on from",
    [stream(), failing, out],
    ["a x 1", "a bad 2", "a y 3"],
    goOn,
  ),
  question(
    "what goes another way goes on where one node fails",
    [stream("in", { id: "s" }), failing, out, outTo("out2", "s")],
    ["a x 1", "a bad 2", "a y 3"],
    goOn,
  ),
  question(
    "what was done before the failure stays",
    [stream(), { op: "process", ...remember }, failing, out],
    ["a bad 1", "a y 2"],
    goOn,
  ),
  question(
    "a failure below a table",
    [table("in", { store: "rows", cache: false }), failing, ...changesOut],
    ["a x 1", "a bad 2", "a y 3"],
    goOn,
  ),
  question(
    "a failure below a cache, at the commit",
    [stream(), { op: "toTable", store: "rows" }, { op: "toStream" }, failing, out],
    ["a x 1", "a bad 2", "a y 3"],
    goOn,
  ),
];

const longs = stream("in", { value: "long" });

/** Bytes that are no int64, among such that are. */
function withBadBytes(name: string, steps: readonly Step[], config = {}): Question {
  const [first, last] = question(name, steps, ["a 1 1", "a 2 3"], config).input;
  const bad = { topic: "in", key: "a", hex: "0102", ts: 2 };
  return { ...question(name, steps, [], config), input: [first, bad, last] as Question["input"] };
}

const unreadable: readonly Question[] = [
  withBadBytes("a record that cannot be read stops the topology", [longs, out]),
  withBadBytes("a record that cannot be read is left out", [longs, out], readOn),
  withBadBytes(
    "a table's record that cannot be read is left out",
    [table("in", { value: "long", store: "rows" }), ...changesOut],
    readOn,
  ),
  withBadBytes("a global table's record that cannot be read stops the topology", [
    { op: "globalTable", topic: "in", key: "string", value: "long", store: "rows" },
    stream("other"),
    out,
  ]),
  withBadBytes(
    "a global table's record that cannot be read is left out",
    [
      { op: "globalTable", topic: "in", key: "string", value: "long", store: "rows" },
      stream("other"),
      out,
    ],
    readOn,
  ),
];

/** Processors, node by node and within the DSL; extractors; unlimited windows; handlers. */
export const processorCases: readonly Question[] = [
  ...withinDsl,
  ...nodeByNode,
  ...times,
  ...unlimitedWindows,
  ...failures,
  ...unreadable,
];
