import assert from "node:assert/strict";
import { test } from "node:test";
import { type Declare, TableScene } from "../../../test/table-scene.ts";
import { tumbling } from "../windows.ts";

/** Counts by windows of 100 ms with 50 ms of grace, sent on when they close. */
const finalCounts: Declare = (tables) =>
  tables
    .stream("s")
    .groupByKey()
    .windowedBy(tumbling({ size: 100, grace: 50 }))
    .count({ store: "counts" })
    .suppress({ until: "window-close" });

test("a window's last result goes on when its grace is over", () => {
  using scene = new TableScene(finalCounts);
  scene.pipe("s k=1@10", "s k=1@149", "s k=1@20");
  assert.deepEqual(scene.take(), []);
  scene.pipe("s k=1@150");
  assert.deepEqual(scene.take(), ["k[0,100]=2@20"]);
});

test("a change waits for a length of stream time, and later ones of its key take its place", () => {
  using scene = new TableScene((tables) => tables.table("t").suppress({ until: 10 }));
  scene.pipe("t a=1@0", "t b=1@5", "t a=2@7", "t c=1@10");
  assert.deepEqual(scene.take(), ["a=2@7"]);
  scene.pipe("t d=1@15");
  assert.deepEqual(scene.take(), ["b=1@5"]);
});

test("a deletion goes on with a length of time, and does not until windows close", () => {
  using held = new TableScene((tables) => tables.table("t").suppress({ until: 10 }));
  held.pipe("t a=1@0", "t a=@1", "t z=z@20");
  assert.deepEqual(held.take(), ["a=null@1"]);
  using final = new TableScene((tables) =>
    tables
      .stream("s")
      .groupByKey()
      .windowedBy(tumbling({ size: 10 }))
      .reduce((sum, value) => (value === "gone" ? null : sum))
      .suppress({ until: "window-close" }),
  );
  final.pipe("s k=a@1", "s k=gone@2", "s k=b@30");
  assert.deepEqual(final.take(), []);
});

test("a full buffer sends the earliest changes on, or stops the task", () => {
  using eager = new TableScene((tables) =>
    tables.table("t").suppress({ until: 1000, maxRecords: 2 }),
  );
  eager.pipe("t a=1@1", "t b=1@2", "t c=1@3");
  assert.deepEqual(eager.take(), ["a=1@1"]);
  using strict = new TableScene((tables) =>
    tables.table("t").suppress({ until: 1000, maxRecords: 2, whenFull: "shut-down" }),
  );
  strict.pipe("t a=1@1", "t b=1@2");
  assert.throws(() => strict.pipe("t c=1@3"), /is full: it holds 3 records/);
});

test("a look-up finds a row as it was before its change was held back", () => {
  using scene = new TableScene((tables) => {
    const table = tables.table("t").suppress({ until: 10 });
    return tables.stream("s").leftJoin(table, (left, right) => `${left}/${right}`);
  });
  scene.pipe("t a=1@0", "t z=1@10", "t a=2@11", "s a=x@12", "s b=y@12", "t z=2@30", "s a=z@30");
  assert.deepEqual(scene.take(), ["a=x/1@12", "b=y/null@12", "a=z/2@30"]);
});

test("what is held back bears the headers and the origin of its record", () => {
  using scene = new TableScene((tables) => tables.table("t").suppress({ until: 10 }));
  scene.pipeWith([{ key: "h", value: Buffer.from("v") }], "t a=1@0").pipe("t b=1@10");
  const [record] = scene.raw("out");
  assert.deepEqual(record?.headers, [{ key: "h", value: Buffer.from("v") }]);
});

test("only tables of windows can wait for them, and none with versions can wait at all", () => {
  const refused = { code: "INVALID_TOPOLOGY" };
  const closing = { until: "window-close" as never };
  assert.throws(() => new TableScene((tables) => tables.table("t").suppress(closing)), refused);
  const versioned: Declare = (tables) =>
    tables.table("t", { store: "rows", versioned: { history: 10 } }).suppress({ until: 1 });
  assert.throws(() => new TableScene(versioned), refused);
  const inherited: Declare = (tables) =>
    tables
      .table("t", { store: "rows", versioned: { history: 10 } })
      .filter(() => true)
      .suppress({ until: 1 });
  assert.throws(() => new TableScene(inherited), refused);
  const early: Declare = (tables) =>
    tables
      .stream("s")
      .groupByKey()
      .windowedBy(tumbling({ size: 10 }))
      .count()
      .suppress({ until: "window-close", whenFull: "emit-early" });
  assert.throws(() => new TableScene(early), refused);
});
