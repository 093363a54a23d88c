import assert from "node:assert/strict";
import { test } from "node:test";
import { type Declare, TableScene } from "../../../test/table-scene.ts";
import { string } from "../serdes.ts";

const byValue: Declare = (tables) =>
  tables
    .table("t")
    .groupBy((value, key) => [value, key], { key: string, value: string })
    .aggregate(
      () => "",
      (sum, value) => `${sum}+${value}`,
      (sum, value) => `${sum}-${value}`,
      { value: string },
    );

test("a change is taken from its old group and added to its new one, in one step where they are one", () => {
  using scene = new TableScene(byValue);
  scene.pipe("t x=g1@1", "t x=g1@2", "t x=g2@3", "t x=@4");
  assert.deepEqual(scene.take(), [
    "g1=+x@1",
    "g1=+x-x+x@2",
    "g1=+x-x+x-x@3",
    "g2=+x@3",
    "g2=+x-x@4",
  ]);
});

test("a group's time is the greatest of its changes", () => {
  using scene = new TableScene(byValue);
  scene.pipe("t x=g@10", "t y=g@5");
  assert.deepEqual(scene.take(), ["g=+x@10", "g=+x+y@10"]);
});

test("changes travel between groups as the JVM writes them", () => {
  using scene = new TableScene(byValue);
  scene.pipe("t x=g1@1", "t x=g1@2", "t x=@3");
  const sent = scene.raw("test-KTABLE-AGGREGATE-STATE-STORE-0000000004-repartition");
  assert.deepEqual(
    sent.map(({ value }) => value?.toString("hex")),
    ["7801", "02787802", "7800"],
  );
});

test("an aggregate that becomes null is deleted, and begins anew", () => {
  using scene = new TableScene((tables) =>
    tables
      .table("t")
      .groupBy(() => ["all", "x"], { key: string, value: string })
      .aggregate(
        () => "init",
        (sum, value) => sum + value,
        () => null,
        { value: string, store: "sums" },
      ),
  );
  scene.pipe("t a=v@1", "t a=@2");
  assert.deepEqual(scene.rows("sums"), []);
  scene.pipe("t b=v@3");
  assert.deepEqual(scene.take(), ["all=initx@1", "all=null@2", "all=initx@3"]);
});

test("a row that is given no key or no value is in no group", () => {
  using scene = new TableScene((tables) =>
    tables
      .table("t")
      .groupBy((value) => (value === "out" ? [null, "x"] : ["g", value === "nil" ? null : value]), {
        key: string,
        value: string,
      })
      .count(),
  );
  scene.pipe("t a=v@1", "t b=out@2", "t c=nil@3", "t a=out@4");
  assert.deepEqual(scene.take(), ["g=1@1", "g=0@4"]);
});

test("rows of a table with versions count by their latest version only", () => {
  using scene = new TableScene((tables) =>
    tables
      .table("t", { store: "rows", versioned: { history: 100 } })
      .groupBy((value, key) => [value, key], { key: string, value: string })
      .count(),
  );
  scene.pipe("t x=a@10", "t x=b@5", "t x=c@11");
  assert.deepEqual(scene.take(), ["a=1@10", "a=0@11", "c=1@11"]);
});

test("a name for the groups names their topic, which all their aggregations share", () => {
  using scene = new TableScene((tables) => {
    const grouped = tables
      .table("t")
      .groupBy((value, key) => [value, key], { name: "by-value", key: string, value: string });
    grouped.count({ store: "counts" });
    return grouped.reduce(
      (sum, value) => sum + value,
      (sum, value) => sum.replace(value, ""),
      { store: "names" },
    );
  });
  scene.pipe("t x=a@1", "t y=a@2", "t x=@3");
  assert.deepEqual([scene.rows("counts"), scene.rows("names")], [["a=1@3"], ["a=y@3"]]);
  assert.equal(scene.raw("test-by-value-repartition").length, 3);
});

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
