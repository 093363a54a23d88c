import type { CaseFunction } from "../case.ts";
import { changesOut, out, type Question, question, stream, table } from "./script.ts";

const words = ["a x 1", "b a b 2", "a null 3", "null x 4", "c a/1 3", "b '' 5", "a éß 6"];

function stateless(name: string, op: string, fn: CaseFunction): Question {
  return question(name, [stream(), { op, fn }, out], words);
}

/** Operators of a stream that keep nothing, and what sets a repartition going. */
export const streamCases: readonly Question[] = [
  stateless("filter keeps what its predicate holds for", "filter", ["contains", "a"]),
  stateless("filterNot keeps null values", "filterNot", ["contains", "a"]),
  stateless("a predicate sees the key", "filter", ["keyIs", "b"]),
  stateless("mapValues upper changes the length of ß", "mapValues", ["upper"]),
  stateless("mapValues to a long counts UTF-16 units", "mapValues", ["length"]),
  stateless("mapValues may give null", "mapValues", ["nullIf", "x"]),
  stateless("selectKey takes the key from the value", "selectKey", ["value"]),
  stateless("selectKey to a constant covers null values", "selectKey", ["constant", "k"]),
  stateless("map swaps key and value and leaves null values alone", "map", ["swap"]),
  stateless("map by the first unit gives a null key for the empty text", "map", ["firstAndValue"]),
  stateless("flatMap gives nothing for null", "flatMap", ["splitPairs", " "]),
  stateless("flatMapValues keeps empty parts", "flatMapValues", ["split", "a"]),
  question("peek passes records on", [stream(), { op: "peek" }, out], words),
  question(
    "a stream of two topics has one source",
    [stream("in", { topics: ["in", "other"] }), out],
    ["a x 1", "other: a y 0", "b z 2"],
  ),
  question(
    "two streams of one topic share a source node",
    [
      stream("in", { id: "one" }),
      stream("in", { id: "two" }),
      { op: "to", of: "one", topic: "out1" },
      { op: "to", of: "two", topic: "out2" },
    ],
    words,
  ),
  question(
    "merge gives the records of both",
    [stream("in", { id: "left" }), stream("other"), { op: "merge", of: "left", with: "n2" }, out],
    ["a x 1", "other: a y 2", "a z 3"],
  ),
  question(
    "merge of a stream with itself gives each record twice",
    [stream(), { op: "merge", with: "n1" }, out],
    words,
  ),
  question(
    "split sends a record to the first branch that fits",
    [
      stream(),
      {
        op: "split",
        branches: [
          { id: "p", fn: ["contains", "a"] },
          { id: "q", fn: ["longer", 0] },
        ],
        default: "rest",
      },
      { op: "to", of: "p", topic: "p" },
      { op: "to", of: "q", topic: "q" },
      { op: "to", of: "rest", topic: "rest" },
    ],
    words,
  ),
  question(
    "split without a default branch drops the rest",
    [
      stream(),
      { op: "split", name: "by", branches: [{ id: "p", fn: ["longer", 1] }] },
      { op: "to", of: "p", topic: "p" },
    ],
    words,
  ),
  question(
    "repartition writes a topic and drops nothing but null keys",
    [stream(), { op: "repartition" }, out],
    words,
  ),
  question(
    "repartition under a name with partitions",
    [
      stream(),
      { op: "repartition", name: "anew", partitions: 3 },
      { op: "groupByKey" },
      { op: "count", store: "counts" },
      ...changesOut,
    ],
    words,
  ),
  question(
    "selectKey alone writes no repartition topic",
    [stream(), { op: "selectKey", fn: ["first"] }, { op: "mapValues", fn: ["upper"] }, out],
    words,
  ),
  question(
    "toTable makes a tombstone of a null value",
    [stream(), { op: "toTable", store: "table" }, ...changesOut],
    [...words, "a y 2"],
  ),
  question(
    "toTable after a new key repartitions",
    [stream(), { op: "selectKey", fn: ["first"] }, { op: "toTable" }, ...changesOut],
    words,
  ),
  question(
    "groupBy drops null values, and null keys that it made",
    [stream(), { op: "groupBy", fn: ["first"] }, { op: "count", store: "counts" }, ...changesOut],
    words,
  ),
  question(
    "a record's way goes on behind a repartition topic",
    [
      stream(),
      { op: "selectKey", fn: ["first"] },
      { op: "repartition" },
      { op: "mapValues", fn: ["upper"] },
      out,
    ],
    words,
  ),
  question(
    "numbers as keys are ordered by their bytes in a store",
    [
      stream("in", { key: "long" }),
      { op: "groupByKey" },
      { op: "count", store: "counts" },
      ...changesOut,
    ],
    ["2 x 1", "300 y 2", "-1 z 3", "2 null 4", "1 a 5"],
  ),
  question(
    "even on numbers, and numbers as text",
    [
      stream("in", { value: "long" }),
      { op: "filter", fn: ["even"] },
      { op: "mapValues", fn: ["text"] },
      out,
    ],
    ["a 2 1", "a -4 2", "a 1099511627776 3", "a 7 4", "a null 5"],
  ),
  question("a table and a stream may not read one topic", [stream(), out, table()], words),
  question(
    "two operators may not have one name",
    [stream(), { op: "peek", name: "twice" }, { op: "peek", name: "twice" }, out],
    words,
  ),
  question(
    "two stores may not have one name",
    [
      stream("in", { id: "in" }),
      { op: "groupByKey" },
      { op: "count", store: "same" },
      { op: "groupByKey", of: "in" },
      { op: "count", store: "same" },
    ],
    words,
  ),
  question("a name with a blank is refused", [stream(), { op: "peek", name: "a b" }, out], words),
  question(
    "strict naming refuses an unnamed repartition topic",
    [stream(), { op: "groupBy", fn: ["first"] }, { op: "count" }, ...changesOut],
    words,
    { "ensure.explicit.internal.resource.naming": "true" },
  ),
  question(
    "strict naming takes named stores and topics",
    [
      stream(),
      { op: "groupBy", fn: ["first"], name: "grouped" },
      { op: "count", store: "counts" },
      ...changesOut,
    ],
    words,
    { "ensure.explicit.internal.resource.naming": "true" },
  ),
  question("a negative time stops the task", [stream(), out], ["a x 1", "a y -1", "a z 2"]),
  question("a name of one dot is refused", [stream(), { op: "peek", name: "." }, out], words),
  question(
    "a name of 250 characters is refused",
    [stream(), { op: "peek", name: "n".repeat(250) }, out],
    words,
  ),
];
