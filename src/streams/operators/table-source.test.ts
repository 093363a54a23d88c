import assert from "node:assert/strict";
import { test } from "node:test";
import { type Declare, TableScene } from "../../../test/table-scene.ts";

test("a record older than the row overwrites it", () => {
  using scene = new TableScene((tables) => tables.table("t", { store: "rows" }));
  scene.pipe("t k=new@100", "t k=old@50");
  assert.deepEqual(scene.take(), ["k=new@100", "k=old@50"]);
  assert.deepEqual(scene.rows("rows"), ["k=old@50"]);
});

test("a null value deletes the row and is told below", () => {
  using scene = new TableScene((tables) => tables.table("t", { store: "rows" }));
  scene.pipe("t k=v@1", "t k=@2");
  assert.deepEqual(scene.take(), ["k=v@1", "k=null@2"]);
  assert.deepEqual(scene.rows("rows"), []);
});

test("a record without a key is dropped and reported", () => {
  using scene = new TableScene((tables) => tables.table("t"));
  scene.pipe("t v@1");
  assert.deepEqual([scene.take(), scene.reasons()], [[], ["null-key"]]);
});

test("a table that nobody needs the rows of has no store", () => {
  using scene = new TableScene((tables) => tables.table("t"));
  assert.equal(scene.driver.store("t-STATE-STORE-0000000000"), undefined);
});

test("a table's store gets its changelog, or the source topic for one if that is asked for", () => {
  const declare: Declare = (tables) => tables.table("t", { store: "rows" });
  using plain = new TableScene(declare);
  using reusing = new TableScene(declare, { build: { optimization: "all" } });
  for (const scene of [plain, reusing]) scene.pipe("t k=v@1");
  assert.ok(plain.driver.producedTopicNames().includes("test-rows-changelog"));
  assert.ok(!reusing.driver.producedTopicNames().includes("test-rows-changelog"));
});

test("a table with versions drops what is too old, and tells what is out of order below", () => {
  using scene = new TableScene((tables) =>
    tables.table("t", { store: "rows", versioned: { history: 100 } }),
  );
  scene.pipe("t k=a@1000", "t k=b@950", "t k=c@800");
  assert.deepEqual(scene.take(), ["k=a@1000", "k=b@950"]);
  assert.deepEqual(scene.reasons(), ["expired"]);
});

test("with a cache only the last of several changes goes on, at the commit", () => {
  using scene = new TableScene((tables) => tables.table("t", { store: "rows" }), {
    keepsCaches: true,
  });
  scene.pipe("t k=a@1", "t k=b@2", "t j=c@3");
  assert.deepEqual(scene.take(), []);
  scene.driver.commit();
  assert.deepEqual(scene.take(), ["k=b@2", "j=c@3"]);
});

test("a stream becomes a table, whose null values delete rows", () => {
  using scene = new TableScene((tables) => tables.stream("s").toTable({ store: "rows" }));
  scene.pipe("s k=a@1", "s j=b@2", "s k=@3");
  assert.deepEqual(scene.take(), ["k=a@1", "j=b@2", "k=null@3"]);
  assert.deepEqual(scene.rows("rows"), ["j=b@2"]);
});
