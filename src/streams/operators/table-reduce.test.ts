import assert from "node:assert/strict";
import { test } from "node:test";
import { type Declare, TableScene } from "../../../test/table-scene.ts";
import { string } from "../serdes.ts";

const joined: Declare = (tables) =>
  tables
    .table("t")
    .groupBy((value, key) => [value, key], { key: string, value: string })
    .reduce(
      (sum, value, key) => `${sum}+${key}.${value}`,
      (sum, value) => (sum === value ? null : `${sum}-${value}`),
    );

test("the first value of a group is kept as it is, the others are reduced", () => {
  using scene = new TableScene(joined);
  scene.pipe("t x=g@5", "t y=g@3", "t x=@7");
  assert.deepEqual(scene.take(), ["g=x@5", "g=x+g.y@5", "g=x+g.y-x@7"]);
});

test("a group that is reduced to null is deleted, and its next value begins anew under its own time", () => {
  using scene = new TableScene(joined);
  scene.pipe("t x=g@5", "t x=@7", "t y=g@3");
  assert.deepEqual(scene.take(), ["g=x@5", "g=null@7", "g=y@3"]);
});
