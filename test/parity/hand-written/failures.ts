import { changesOut, out, type Question, question, type Step, stream, table } from "./script.ts";

const remember = { store: "seen", fn: ["remember", "seen"] } as const;

/** Sends the stream at hand to `out`, then another stream of the case elsewhere. */
function outTo(topic: string, of: string): Step {
  return { op: "to", topic, of };
}

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
  withBadBytes("a global table's record that cannot be read does not stop the driver", [
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

/** What becomes of nodes that fail and of records that cannot be read. */
export const failureCases: readonly Question[] = [...failures, ...unreadable];
