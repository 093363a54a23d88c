import { type Question, question, type Step } from "./script.ts";

const three = ["a x 1", "b y 2", "a z 3"];

/** A source of `in`, the node by node way. */
const source: Step = { op: "addSource", name: "source", topics: ["in"] };
/** A sink of `out` below a processor. */
const sink = (...parents: readonly string[]): Step => {
  return { op: "addSink", name: "sink", topic: "out", parents };
};
const processor = (name: string, fn: Step["fn"], ...parents: readonly string[]): Step => {
  return { op: "addProcessor", name, fn: fn ?? ["none"], parents };
};

/** Topologies by the Processor API. */
export const nodeByNodeCases: readonly Question[] = [
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
  question(
    "node by node: an extractor",
    [{ ...source, extractor: "digits" }, processor("p", ["times"], "source"), sink("p")],
    ["a x7 1", "a none 2", "a x3 3"],
  ),
];
