import { changesOut, out, type Question, question, type Step, stream, table } from "./script.ts";

const both = ["a l1 1", "right: a r1 3", "right: b r2 4", "a l2 15", "b null 16", "null l 17"];
const script = [
  ...both,
  "right: a null 18",
  "right: null r 18",
  "b l3 3",
  "right: a r3 14",
  "c l4 60",
  "right: c r4 90",
];
const operators = ["join", "leftJoin", "outerJoin"] as const;

function streams(
  name: string,
  join: Step,
  config: { readonly [name: string]: string } = {},
): Question {
  const steps = [stream("in", { id: "l" }), stream("right", { id: "r" })];
  const joined = { of: "l", with: "r", joiner: ["pair"] as const, ...join };
  return question(name, [...steps, joined, out], script, config);
}

function ofTables(name: string, join: Step, left: Partial<Step> = {}, right: Partial<Step> = {}) {
  const sources = [table("in", { id: "l", ...left }), table("right", { id: "r", ...right })];
  const joined = { of: "l", with: "r", joiner: ["pair"] as const, ...join };
  const lines = [
    ...script,
    "a r1 19",
    "b a 20",
    "a a 21",
    "right: a r5 22",
    "a null 23",
    "right: a null 24",
  ];
  return question(name, [...sources, joined, ...changesOut], lines);
}

function onTable(name: string, join: Step, right: Partial<Step> = {}): Question {
  const sources = [stream("in", { id: "l" }), table("right", { id: "r", ...right })];
  const joined = { of: "l", with: "r", joiner: ["pairKey"] as const, ...join };
  return question(name, [...sources, joined, out], script);
}

function onGlobal(name: string, join: Step): Question {
  const global: Step = { ...table("right", { id: "r" }), op: "globalTable", store: "all" };
  const joined = { of: "l", with: "r", joiner: ["pairKey"] as const, ...join };
  return question(
    name,
    [stream("in", { id: "l" }), global, joined, out],
    ["right: l1 g 1", "right: a h 2", ...script],
  );
}

const history = { store: "source", kind: "versioned", history: 20 } as const;
const window = { before: 5, after: 5, grace: 5 };

/** Joins of every kind. */
export const joinCases: readonly Question[] = [
  ...operators.flatMap((op) => [
    streams(`${op} of streams within a window`, { op, ...window }),
    streams(`${op} of streams before only`, { op, before: 10, after: 0, grace: 0 }),
    streams(`${op} of streams after only, with a name`, {
      op,
      before: 0,
      after: 10,
      grace: 30,
      name: "both",
    }),
    streams(`${op} of streams with a negative side`, { op, before: 12, after: -2, grace: 3 }),
    streams(`${op} of a stream with itself`, { op, with: "l", ...window }),
    ofTables(`${op} of tables`, { op }),
    ofTables(`${op} of tables with a store`, { op, store: "joined", name: "both" }),
    ofTables(`${op} of versioned tables leaves late rows out`, { op }, history, {
      ...history,
      store: "other",
    }),
  ]),
  streams(
    "a self join keeps one store when optimised",
    { op: "join", with: "l", ...window },
    {
      "topology.optimization": "single.store.self.join",
    },
  ),
  streams(
    "an outer self join keeps both stores when optimised",
    { op: "outerJoin", with: "l", ...window },
    {
      "topology.optimization": "all",
    },
  ),
  streams("a window whose ends cross is refused", { op: "join", before: 3, after: -4, grace: 0 }),
  ...(["join", "leftJoin"] as const).flatMap((op) => [
    onTable(`${op} of a stream with a table looks up at the stream's record`, { op }),
    onTable(`${op} with a versioned table looks up as of the record's time`, { op }, history),
    onTable(`${op} with grace holds records back`, { op, grace: 5 }, history),
    onTable(`${op} with grace and a name`, { op, grace: 0, name: "held" }, history),
    onGlobal(`${op} with a global table by value`, { op, fn: ["value"] }),
    onGlobal(`${op} with a global table by key`, { op, fn: ["key"], name: "looked" }),
    ofTables(`${op} by a foreign key`, { op, foreignKey: ["value"] }),
    ofTables(`${op} by a foreign key that may be null`, {
      op,
      foreignKey: ["first"],
      store: "rows",
    }),
    ofTables(`${op} by the key itself`, { op, foreignKey: ["key"], name: "fk" }),
    ofTables(`${op} by one foreign key for all`, { op, foreignKey: ["constant", "a"] }),
    ofTables(`${op} by a foreign key of versioned tables`, { op, foreignKey: ["value"] }, history, {
      ...history,
      store: "other",
    }),
  ]),
  onTable(
    "grace without a versioned table is refused",
    { op: "join", grace: 5 },
    { store: "plain" },
  ),
  onTable("grace over the history is refused", { op: "join", grace: 50 }, history),
  question(
    "both sides of a join are repartitioned after a new key",
    [
      stream("in", { id: "l" }),
      { op: "selectKey", id: "lk", fn: ["first"] },
      stream("right", { id: "r" }),
      { op: "map", id: "rk", fn: ["firstAndValue"] },
      { op: "join", of: "lk", with: "rk", joiner: ["pair"], name: "meet", ...window },
      out,
    ],
    ["a xl 1", "right: b xr 3", "c yl 4", "right: d null 5", "right: e yr 2", "f xm 9"],
  ),
  ...["none", "merge.repartition.topics", "all"].map((optimization) =>
    question(
      `two aggregates of one new key, optimised: ${optimization}`,
      [
        stream(),
        { op: "selectKey", id: "k", fn: ["first"] },
        { op: "groupByKey" },
        { op: "count", store: "counts" },
        { op: "groupByKey", of: "k" },
        { op: "reduce", fn: ["join"], store: "texts" },
        ...changesOut,
      ],
      ["a x 1", "b xy 2", "a null 3", "c '' 4", "d y 0"],
      { "topology.optimization": optimization },
    ),
  ),
];
