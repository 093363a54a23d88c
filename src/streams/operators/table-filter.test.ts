import assert from "node:assert/strict";
import { test } from "node:test";
import { TableScene } from "../../../test/table-scene.ts";

const long = (value: string) => value.length > 2;

test("a row that no longer passes is deleted below", () => {
  using scene = new TableScene((tables) => tables.table("t").filter(long));
  scene.pipe("t k=long@1", "t k=s@2", "t k=longer@3");
  assert.deepEqual(scene.take(), ["k=long@1", "k=null@2", "k=longer@3"]);
});

test("a row that never passed is deleted below only where old values are not known", () => {
  using blind = new TableScene((tables) => tables.table("t").filter(long));
  using seeing = new TableScene((tables) => tables.table("t", { store: "rows" }).filter(long));
  for (const scene of [blind, seeing]) scene.pipe("t k=s@1", "t k=@2");
  assert.deepEqual(blind.take(), ["k=null@1", "k=null@2"]);
  assert.deepEqual(seeing.take(), []);
});

test("with a name for its store a filtered table keeps its rows", () => {
  using scene = new TableScene((tables) => tables.table("t").filterNot(long, { store: "short" }));
  scene.pipe("t a=s@1", "t b=long@2", "t c=x@3", "t a=longer@4");
  assert.deepEqual(scene.rows("short"), ["c=x@3"]);
});

test("below a table with versions, a deletion of a row that never passed goes on", () => {
  using scene = new TableScene((tables) => {
    const versioned = tables.table("t", { store: "rows", versioned: { history: 100 } });
    return versioned.filter(long);
  });
  scene.pipe("t k=s@1");
  assert.deepEqual(scene.take(), ["k=null@1"]);
});

test("a look-up in a filtered table without a store goes through the predicate", () => {
  using scene = new TableScene((tables) => {
    const filtered = tables.table("t").filter(long);
    return tables.stream("s").leftJoin(filtered, (left, right) => `${left}/${right}`);
  });
  scene.pipe("t a=long@1", "t b=s@1", "s a=x@2", "s b=y@2");
  assert.deepEqual(scene.take(), ["a=x/long@2", "b=y/null@2"]);
});
