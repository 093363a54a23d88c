import { changesOut, out, type Question, question, type Step, stream, table } from "./script.ts";

const rows = ["a x 1", "b ab 2", "a null 3", "c xx 4", "a y 8", "b null 9", "b z 7", "d x 30"];
const both = [
  "a l1 1",
  "right: a r1 3",
  "b l2 4",
  "right: b r2 30",
  "right: a r3 12",
  "a l3 31",
  "right: c r4 60",
  "c l4 61",
];
const window = { before: 5, after: 5, grace: 2 };

function onStream(name: string, ...steps: readonly Step[]): Question {
  return question(name, [stream(), ...steps], rows);
}

function onTable(name: string, ...steps: readonly Step[]): Question {
  return question(name, [table("in", { store: "source" }), ...steps, ...changesOut], rows);
}

function joined(name: string, join: Step, config = {}): Question {
  const sources = [stream("in", { id: "l" }), stream("right", { id: "r" })];
  const step = { of: "l", with: "r", joiner: ["pair"] as const, ...window, ...join };
  return question(name, [...sources, step, out], both, config);
}

function retained(name: string, windows: Step, count: Partial<Step>): Question {
  const steps = [
    { op: "groupByKey" },
    windows,
    { op: "count", store: "rows", ...count },
    ...changesOut,
  ];
  return question(
    name,
    [stream(), ...steps],
    ["a x 1", "b y 12", "a z 2", "a x 250000", "b y 249990", "a z 5", "c w 600000", "a x 250001"],
  );
}

const suppressed: readonly (readonly [name: string, terms: Partial<Step>])[] = [
  ["with too many bytes lets the oldest go early", { until: 100, maxBytes: 150 }],
  ["within both bounds", { until: 100, maxBytes: 5_000, maxRecords: 2 }],
  [
    "stops the task where it is full and may not emit early",
    { until: 100, maxRecords: 1, full: "shutDown" },
  ],
  ["may be told to emit early", { until: 100, maxRecords: 2, full: "emitEarly" }],
  ["without a changelog", { until: 5, log: false }],
  ["without a changelog, under a name", { until: 5, log: false, name: "held" }],
];

const tumbling: Step = { op: "windowTime", size: 10, grace: 5 };

/** Options of operators that other cases do not show, and operators that end a stream. */
export const optionCases: readonly Question[] = [
  onStream("foreach ends a stream", { op: "foreach" }, { op: "to", of: "n1", topic: "out" }),
  onStream(
    "foreach under a name",
    { op: "foreach", name: "end" },
    { op: "to", of: "n1", topic: "out" },
  ),
  onStream("print ends a stream", { op: "print" }, { op: "to", of: "n1", topic: "out" }),
  onStream(
    "print under a name",
    { op: "print", name: "shown" },
    { op: "to", of: "n1", topic: "out" },
  ),
  onStream("each record goes to the topic that its key names", { op: "to", topicOf: ["key"] }),
  question(
    "a pattern reads the topics that match it",
    [stream("in", { topics: [], pattern: "in|mo.e" }), out],
    ["a x 1", "more: b y 2", "a z 3"],
  ),
  question(
    "a pattern and a topic that it matches are refused",
    [stream("in", { topics: [], pattern: "in.*" }), stream("in"), out],
    [],
  ),
  question(
    "branches under names come behind the name of the split",
    [
      stream(),
      {
        op: "split",
        name: "by-",
        branches: [
          { id: "p", fn: ["contains", "a"], name: "has-a" },
          { id: "q", fn: ["longer", 1] },
        ],
        default: "rest",
      },
      { op: "to", of: "p", topic: "p" },
      { op: "to", of: "q", topic: "q" },
      { op: "to", of: "rest", topic: "rest" },
    ],
    rows,
  ),
  onTable("transformValues sees deletions", { op: "transformValues", fn: ["append", "!"] }),
  onTable("transformValues with a store", { op: "transformValues", fn: ["upper"], store: "made" }),
  onTable("transformValues under a name, with a store in memory", {
    op: "transformValues",
    name: "changed",
    fn: ["length"],
    store: "made",
    kind: "memory",
  }),
  onTable("transformValues reads another store", {
    op: "transformValues",
    fn: ["append", "!"],
    uses: "source",
    store: "made",
  }),
  onTable(
    "transformValues below a filter, and grouped",
    { op: "filter", fn: ["longer", 1] },
    { op: "transformValues", fn: ["append", "!"] },
    { op: "groupBy", fn: ["firstAndValue"] },
    { op: "aggregate", fn: ["add"], sub: ["take"], store: "sums" },
  ),
  ...suppressed.map(([name, terms]) => onTable(`suppress ${name}`, { op: "suppress", ...terms })),
  question(
    "suppress until windows close stops the task where it is full",
    [
      stream(),
      { op: "groupByKey" },
      tumbling,
      { op: "count", store: "rows" },
      { op: "suppress", until: "windowClose", maxRecords: 2, full: "shutDown" },
      ...changesOut,
    ],
    ["a x 1", "b y 2", "a z 3", "c x 4", "a y 30"],
  ),
  question(
    "suppress until windows close within its bounds",
    [
      stream(),
      { op: "groupByKey" },
      tumbling,
      { op: "count", store: "rows" },
      { op: "suppress", until: "windowClose", maxBytes: 10_000, full: "shutDown", name: "final" },
      ...changesOut,
    ],
    ["a x 1", "b y 2", "a z 3", "c x 4", "a y 30"],
  ),
  ...(["join", "leftJoin", "outerJoin"] as const).flatMap((op) => [
    joined(`${op} of streams under a name for its stores`, { op, store: "kept" }),
    joined(`${op} of streams with stores in memory`, { op, kind: "memory" }),
    joined(`${op} of streams without changelogs`, { op, log: false, name: "both", store: "kept" }),
  ]),
  joined(
    "strict naming takes a join of streams whose stores have a name",
    { op: "leftJoin", store: "kept" },
    { "ensure.explicit.internal.resource.naming": "true" },
  ),
  joined(
    "strict naming refuses a join of streams that has a name only for itself",
    { op: "join", name: "both" },
    { "ensure.explicit.internal.resource.naming": "true" },
  ),
  ...(["persistent", "memory"] as const).flatMap((kind) => [
    retained(`tumbling windows are kept for longer than they can change, ${kind}`, tumbling, {
      kind,
      retention: 300_000,
    }),
    retained(
      `sliding windows are kept for longer, ${kind}`,
      { op: "windowSliding", difference: 10, grace: 5 },
      {
        kind,
        retention: 300_000,
      },
    ),
    retained(
      `sessions are kept for longer, ${kind}`,
      { op: "windowSession", gap: 10, grace: 5 },
      {
        kind,
        retention: 300_000,
      },
    ),
  ]),
  retained("windows that are kept for too short are refused", tumbling, { retention: 14 }),
];
