import assert from "node:assert/strict";
import { test } from "node:test";
import { TableScene } from "../../../test/table-scene.ts";
import { string } from "../serdes.ts";

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
