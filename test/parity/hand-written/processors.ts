import { changesOut, out, type Question, question, stream, table } from "./script.ts";

const three = ["a x 1", "b y 2", "a z 3"];
const remember = { store: "seen", fn: ["remember", "seen"] } as const;

/** Processors within the DSL. */
export const processorCases: readonly Question[] = [
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
