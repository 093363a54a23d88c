import assert from "node:assert/strict";
import { test } from "node:test";
import { TableScene } from "../../../test/table-scene.ts";
import { string } from "../serdes.ts";

const long = (value: string) => value.length > 2;
const upper = (value: string, key: string) =>
  value === "none" ? null : `${key}:${value.toUpperCase()}`;

test("values are mapped with their keys, and deletions are not seen by the mapper", () => {
  using scene = new TableScene((tables) => tables.table("t").mapValues(upper));
  scene.pipe("t k=v@1", "t k=@2", "t k=none@3");
  assert.deepEqual(scene.take(), ["k=k:V@1", "k=null@2", "k=null@3"]);
});

test("a mapped table with a store sends the stored value as the old one", () => {
  const calls: string[] = [];
  using scene = new TableScene((tables) => {
    const mapped = tables.table("t").mapValues(
      (value) => {
        calls.push(value);
        return value;
      },
      { store: "mapped", value: string },
    );
    return mapped.groupBy((value, key) => [value, key], { key: string, value: string }).count();
  });
  scene.pipe("t k=a@1", "t k=b@2");
  assert.deepEqual(scene.take(), ["a=1@1", "a=0@2", "b=1@2"]);
  assert.deepEqual(calls, ["a", "b"]);
});

test("a look-up in a mapped table without a store maps the row, of an earlier time too", () => {
  using scene = new TableScene((tables) => {
    const versioned = tables.table("t", { store: "rows", versioned: { history: 100 } });
    const mapped = versioned.mapValues(upper);
    return tables.stream("s").leftJoin(mapped, (left, right) => `${left}/${right}`);
  });
  scene.pipe("t k=a@10", "t k=b@20", "s k=x@15", "s k=y@25", "s k=z@5");
  assert.deepEqual(scene.take(), ["k=x/k:A@15", "k=y/k:B@25", "k=z/null@5"]);
});

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
