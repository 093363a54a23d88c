import assert from "node:assert/strict";
import { test } from "node:test";
import { string } from "./serdes.ts";
import { keyValueStore } from "./stores/key-value-builders.ts";
import { Topology } from "./topology.ts";

const text = { key: string, value: string };
const store = keyValueStore("rows", { ...text, changelog: false });
const idle = () => ({ process() {} });
const filler = { name: "filler", supply: idle };
const source = () => new Topology().addSource("source", "in", text);

type Mistake = readonly [what: string, code: string, message: RegExp, add: () => unknown];

const mistakes: readonly Mistake[] = [
  [
    "a cycle: a processor that is its own parent",
    "UNKNOWN_NODE",
    /the parent p of p is itself/,
    () => source().addProcessor("p", idle, { parents: ["p"] }),
  ],
  [
    "a cycle: a parent that comes later",
    "UNKNOWN_NODE",
    /the parent q of p was not added/,
    () =>
      source()
        .addProcessor("p", idle, { parents: ["source", "q"] })
        .addProcessor("q", idle, { parents: ["p"] }),
  ],
  [
    "a node without parents",
    "INVALID_TOPOLOGY",
    /p has no parents/,
    () => source().addProcessor("p", idle, { parents: [] }),
  ],
  [
    "a node below a sink",
    "INVALID_TOPOLOGY",
    /cannot follow sink, which is a sink/,
    () =>
      source()
        .addSink("sink", "out", { ...text, parents: ["source"] })
        .addProcessor("p", idle, { parents: ["sink"] }),
  ],
  [
    "a source of no topic",
    "INVALID_TOPOLOGY",
    /names no topic/,
    () => new Topology().addSource("source", [], text),
  ],
  [
    "two nodes of one name",
    "NAME_TAKEN",
    /another node source already/,
    () => source().addSource("source", "other", text),
  ],
  [
    "a store for a node that was not added",
    "UNKNOWN_NODE",
    /rows is to be used by p, which was not added/,
    () => source().addStateStore(store, "p"),
  ],
  [
    "a store for a source",
    "INVALID_TOPOLOGY",
    /source is a source, which has no stores/,
    () => source().addStateStore(store, "source"),
  ],
  [
    "a global store and a store of one name",
    "NAME_TAKEN",
    /another store rows already/,
    () =>
      source()
        .addStateStore(store)
        .addGlobalStore(store, { ...text, name: "names", topic: "names" }, filler),
  ],
  [
    "a global store of a topic that has a source",
    "NAME_TAKEN",
    /topic in has a source already/,
    () => source().addGlobalStore(store, { ...text, name: "names", topic: "in" }, filler),
  ],
];

for (const [what, code, message, add] of mistakes) {
  test(`${what}: refused with ${code} where it is added`, () => {
    assert.throws(add, { code, message });
  });
}
