import { changesOut, type Question, question, type Step, stream } from "./script.ts";

const late = ["a x 7", "a y 12", "a z 3", "b x 31", "a late 8", "a null 33", "null x 34", "b y 45"];

function windowed(
  name: string,
  steps: readonly Step[],
  lines: readonly (string | number)[] = late,
): Question {
  return question(name, [stream(), { op: "groupByKey" }, ...steps, ...changesOut], lines);
}

const add: Step = { op: "aggregate", fn: ["add"], store: "rows" };
const count: Step = { op: "count", store: "rows" };
const closing: Step = { op: "emit", strategy: "close" };

/** Aggregation of streams, in windows and without. */
export const windowCases: readonly Question[] = [
  windowed("count drops null keys and null values", [count]),
  windowed("reduce starts with the first value", [{ op: "reduce", fn: ["join"], store: "rows" }]),
  windowed("an aggregate's time is the newest that went into it", [add]),
  windowed("an aggregate without a changelog", [{ ...add, log: false }]),
  windowed("an aggregate in memory", [{ ...add, kind: "memory" }]),
  windowed("an aggregate with a cache", [{ ...add, cache: true }]),
  windowed("an aggregate in a versioned store keeps late rows out of what follows", [
    { ...add, kind: "versioned", history: 10 },
  ]),
  windowed("tumbling windows pass null values to the aggregator", [
    { op: "windowTime", size: 10, grace: 0 },
    add,
  ]),
  windowed("grace lets a late record in", [{ op: "windowTime", size: 10, grace: 25 }, add]),
  windowed(
    "a record is late as soon as its window's end and grace are reached",
    [{ op: "windowTime", size: 10, grace: 5 }, count],
    ["a x 1", "b x 14", "a y 2", "b x 15", "a z 3"],
  ),
  windowed("a record belongs to each hopping window over it", [
    { op: "windowTime", size: 10, advance: 3, grace: 4 },
    count,
  ]),
  windowed("windows that do not divide their size evenly", [
    { op: "windowTime", size: 10, advance: 7, grace: 0 },
    { op: "reduce", fn: ["join"], store: "rows", kind: "memory" },
  ]),
  windowed("an advance over the size is refused", [
    { op: "windowTime", size: 5, advance: 6, grace: 0 },
    count,
  ]),
  windowed(
    "sliding windows include both ends and drop null values",
    [{ op: "windowSliding", difference: 5, grace: 50 }, add],
    ["a x 10", "a y 15", "a z 20", "a null 16", "a w 5", "a v 12", "a u 0"],
  ),
  windowed("sliding windows drop what comes after their grace", [
    { op: "windowSliding", difference: 5, grace: 2 },
    count,
  ]),
  windowed("sliding windows in memory", [
    { op: "windowSliding", difference: 10, grace: 30 },
    { op: "reduce", fn: ["join"], store: "rows", kind: "memory" },
  ]),
  windowed(
    "a record that bridges two sessions merges them after two tombstones",
    [{ op: "windowSession", gap: 5, grace: 20 }, add],
    ["a x 0", "a y 10", "a z 5", "a w 16", "b u 40", "a late 1"],
  ),
  windowed(
    "a session's ends are inclusive",
    [{ op: "windowSession", gap: 5, grace: 0 }, count],
    ["a x 0", "a y 5", "a z 11", "a w 11"],
  ),
  windowed("session windows pass null values to the aggregator", [
    { op: "windowSession", gap: 5, grace: 20 },
    add,
  ]),
  windowed("sessions that are reduced", [
    { op: "windowSession", gap: 12, grace: 10 },
    { op: "reduce", fn: ["join"], store: "rows", kind: "memory" },
  ]),
  windowed(
    "tumbling windows emit on close by stream time",
    [{ op: "windowTime", size: 10, grace: 3 }, closing, count],
    [...late, 1500, "b z 61", 2000, "a q 90"],
  ),
  windowed(
    "hopping windows emit on close, each once",
    [{ op: "windowTime", size: 10, advance: 5, grace: 0 }, closing, add],
    [...late, 1001, "b z 61", 2000, "a q 90"],
  ),
  windowed(
    "sliding windows emit on close",
    [{ op: "windowSliding", difference: 5, grace: 2 }, closing, add],
    [...late, 1001, "b z 61", 2000, "a q 90"],
  ),
  windowed(
    "sessions emit on close",
    [{ op: "windowSession", gap: 5, grace: 2 }, closing, add],
    [...late, 1001, "b z 61", 2000, "a q 90"],
  ),
  windowed(
    "emit on close looks again only after a second of wall clock",
    [{ op: "windowTime", size: 5, grace: 0 }, closing, count],
    ["a x 1", "a x 11", 999, "a x 21", 1, "a x 31", "a x 41"],
  ),
  windowed("emit on update is the default", [
    { op: "windowTime", size: 10, grace: 0 },
    { op: "emit", strategy: "update" },
    count,
  ]),
  windowed("suppress holds a window until it closes", [
    { op: "windowTime", size: 10, grace: 3 },
    count,
    { op: "suppress", until: "windowClose" },
  ]),
  windowed("suppress under a name names its store", [
    { op: "windowTime", size: 10, grace: 0 },
    count,
    { op: "suppress", until: "windowClose", name: "held" },
  ]),
  windowed(
    "suppress until sessions close drops the ones that were merged away",
    [{ op: "windowSession", gap: 5, grace: 5 }, count, { op: "suppress", until: "windowClose" }],
    ["a x 0", "a y 8", "a z 4", "b x 60", "b x 90"],
  ),
  question(
    "a cogroup takes several streams into one store",
    [
      stream("in", { id: "one" }),
      stream("other", { id: "two" }),
      { op: "groupByKey", id: "g", of: "one" },
      { op: "groupBy", id: "h", of: "two", fn: ["first"] },
      {
        op: "cogroup",
        inputs: [
          { of: "g", fn: ["add"] },
          { of: "h", fn: ["add"] },
        ],
      },
      { op: "aggregate", store: "rows" },
      ...changesOut,
    ],
    ["a x 1", "other: z ab 2", "a null 3", "other: z null 4", "a y 0"],
  ),
  ...(["windowTime", "windowSliding", "windowSession"] as const).map((op) =>
    question(
      `a cogroup with ${op}`,
      [
        stream(),
        { op: "groupByKey", id: "g" },
        { op: "cogroup", id: "c", inputs: [{ of: "g", fn: ["add"] }] },
        { op, of: "c", size: 10, difference: 5, gap: 5, grace: 3 },
        { op: "aggregate", store: "rows", name: "together" },
        ...changesOut,
      ],
      late,
    ),
  ),
];
