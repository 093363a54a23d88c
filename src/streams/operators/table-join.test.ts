import assert from "node:assert/strict";
import { test } from "node:test";
import { type Declare, TableScene, type Tables } from "../../../test/table-scene.ts";
import { string } from "../serdes.ts";
import type { TableJoinKind } from "./table-join.ts";

const both = (left: string | null, right: string | null) => `${left}/${right}`;

/** Tables `l` and `r`, joined; the result in a store of its own, as a named one is. */
function join(kind: TableJoinKind, options: object = { value: string }): Declare {
  return (tables) => joined(tables, kind, options);
}

function joined(tables: Tables, kind: TableJoinKind, options: object) {
  const [left, right] = [tables.table("l"), tables.table("r")];
  if (kind === "inner") return left.join(right, both, options);
  if (kind === "left") return left.leftJoin(right, both, options);
  return left.outerJoin(right, both, options);
}

test("an outer join follows both tables, whose times may go backwards", () => {
  using scene = new TableScene(join("outer"));
  scene.pipe("l k=A@10", "r k=B@5", "l k=@7", "r k=@8", "r k=@9");
  assert.deepEqual(scene.take(), ["k=A/null@10", "k=A/B@10", "k=null/B@7", "k=null@8"]);
});

test("an inner join needs both rows, at the greater of their times", () => {
  using scene = new TableScene(join("inner"));
  scene.pipe("l k=A@10", "r k=B@5", "l k=C@7", "r k=@8", "l k=D@9");
  assert.deepEqual(scene.take(), ["k=A/B@10", "k=C/B@7", "k=null@8"]);
});

test("a left join needs the left row", () => {
  using scene = new TableScene(join("left"));
  scene.pipe("r k=A@1", "l k=B@2", "r k=@3", "l k=@4", "r k=C@5");
  assert.deepEqual(scene.take(), ["k=B/A@2", "k=B/null@3", "k=null@4"]);
});

test("without a store the rows of a join are computed from those of both tables", () => {
  for (const [kind, row] of [
    ["inner", "a/b"],
    ["left", "a/null"],
    ["outer", "null/b"],
  ] as const) {
    using scene = new TableScene((tables) => {
      const table = joined(tables, kind, {});
      return tables.stream("s").join(table, (left, right) => `${left}:${right}`);
    });
    if (kind !== "outer") scene.pipe("l k=a@1");
    if (kind !== "left") scene.pipe("r k=b@2");
    scene.pipe("s k=x@3", "s j=y@4");
    assert.deepEqual(scene.take(), [`k=x:${row}@3`], kind);
  }
});

test("old values pass through a join to where they are needed", () => {
  using scene = new TableScene((tables) =>
    joined(tables, "outer", {})
      .groupBy((value) => [value, value], { key: string, value: string })
      .count(),
  );
  scene.pipe("l k=a@1", "r k=b@2", "l k=@3");
  assert.deepEqual(scene.take(), ["a/null=1@1", "a/null=0@2", "a/b=1@2", "a/b=0@3", "null/b=1@3"]);
});

test("a change of a table with versions that is out of order is dropped and reported", () => {
  using scene = new TableScene((tables) => {
    const left = tables.table("l", { store: "rows", versioned: { history: 100 } });
    return left.leftJoin(tables.table("r"), both);
  });
  scene.pipe("r k=R@1", "l k=A@10", "l k=B@5", "l k=C@11");
  assert.deepEqual(scene.take(), ["k=A/R@10", "k=C/R@11"]);
  assert.deepEqual(scene.reasons(), ["out-of-order"]);
});

test("a table can be joined with itself", () => {
  using scene = new TableScene((tables) => {
    const table = tables.table("t");
    return table.join(table, both);
  });
  scene.pipe("t k=a@1", "t k=b@2");
  assert.deepEqual(scene.take(), ["k=a/a@1", "k=a/a@1", "k=b/b@2", "k=b/b@2"]);
});
