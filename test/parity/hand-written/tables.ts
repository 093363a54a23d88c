import { changesOut, type Question, question, type Step, table } from "./script.ts";

const rows = [
  "a x 1",
  "b ab 2",
  "a null 3",
  "a null 4",
  "null x 4",
  "b x 1",
  "c a 5",
  "c a 5",
  "b null 9",
];

function onTable(
  name: string,
  steps: readonly Step[],
  source: Partial<Step> = {},
  config: { readonly [name: string]: string } = {},
): Question {
  return question(name, [table("in", source), ...steps, ...changesOut], rows, config);
}

const versioned = { store: "source", kind: "versioned", history: 10 } as const;

/** Tables: their sources, what is derived from them, and what is aggregated from them. */
export const tableCases: readonly Question[] = [
  onTable("a table drops null keys and forwards deletes", []),
  onTable("a table under a name has a store and a changelog", [], { store: "source" }),
  onTable("a table in memory", [], { store: "source", kind: "memory" }),
  onTable("a table without a changelog", [], { store: "source", log: false }),
  onTable("a table whose operator is named has a source with a suffix", [], { name: "mine" }),
  onTable("a versioned table drops what is too old", [], versioned),
  onTable(
    "reuse.ktable.source.topics takes the topic for the changelog",
    [],
    { store: "source" },
    {
      "topology.optimization": "reuse.ktable.source.topics",
    },
  ),
  onTable("a filtered-out row becomes a tombstone", [{ op: "filter", fn: ["contains", "a"] }]),
  onTable("a filter with a store sends no tombstone for what it never held", [
    { op: "filter", fn: ["contains", "a"], store: "kept" },
  ]),
  onTable("filterNot on a table", [{ op: "filterNot", fn: ["contains", "a"], store: "kept" }]),
  question(
    "a deletion at the very time of a row's only version is forgotten with it",
    [table("in", versioned), ...changesOut],
    ["a x 5", "a null 5", "a y 3", "b x 5", "b y 6", "b null 6", "b z 4"],
  ),
  onTable("a filter on a versioned table", [{ op: "filter", fn: ["contains", "a"] }], versioned),
  onTable("mapValues on a table", [{ op: "mapValues", fn: ["length"], store: "lengths" }]),
  onTable("mapValues on a table without a store", [{ op: "mapValues", fn: ["upper"] }]),
  onTable("mapValues to null deletes", [{ op: "mapValues", fn: ["nullIf", "x"], store: "rest" }]),
  onTable("a chain of tables without stores", [
    { op: "mapValues", fn: ["append", "!"] },
    { op: "filter", fn: ["contains", "x"] },
    { op: "mapValues", fn: ["upper"] },
  ]),
  onTable("a grouped table counts, and takes away what moved", [
    { op: "groupBy", fn: ["swap"] },
    { op: "count", store: "counts" },
  ]),
  onTable("a grouped table subtracts before it adds", [
    { op: "groupBy", fn: ["firstAndValue"] },
    { op: "aggregate", fn: ["add"], sub: ["take"], store: "sums" },
  ]),
  onTable("a grouped table reduces", [
    { op: "groupBy", fn: ["firstAndValue"], name: "grouped" },
    { op: "reduce", fn: ["join"], sub: ["cut"], store: "sums" },
  ]),
  onTable(
    "a grouped versioned table leaves late rows out",
    [
      { op: "groupBy", fn: ["firstAndValue"] },
      { op: "aggregate", fn: ["add"], sub: ["take"], store: "sums" },
    ],
    versioned,
  ),
  onTable("suppress until a time limit", [{ op: "suppress", until: 3 }]),
  onTable("suppress for no time at all", [{ op: "suppress", until: 0 }]),
  onTable("suppress with too many records lets the oldest go early", [
    { op: "suppress", until: 100, maxRecords: 1 },
  ]),
  onTable("suppress on a versioned table is refused", [{ op: "suppress", until: 3 }], versioned),
  onTable("a table of a table by way of a stream", [
    { op: "toStream" },
    { op: "toTable", store: "again" },
  ]),
];
