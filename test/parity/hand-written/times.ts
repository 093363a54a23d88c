import { changesOut, out, type Question, question, type Step, stream, table } from "./script.ts";

const three = ["a x 1", "b y 2", "a z 3"];

const extractors: readonly Question[] = [
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

/** Extractors of timestamps, and windows without an end. */
export const timeCases: readonly Question[] = [...extractors, ...unlimitedWindows];
