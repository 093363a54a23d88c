import assert from "node:assert/strict";
import { test } from "node:test";
import { type Declare, TableScene } from "../../../../test/table-scene.ts";
import { string } from "../../serdes.ts";

const both = (left: string, right: string | null) => `${left}/${right}`;
/** A left row's value is the key of its right row, up to a dot; none without one. */
const foreignKey = (value: string) => (value === "none" ? null : value.replace(/\..*/, ""));

const leftJoin: Declare = (tables) =>
  tables.table("l").leftJoin(tables.table("r"), both, { foreignKey, value: string });
const innerJoin: Declare = (tables) =>
  tables.table("l").join(tables.table("r"), both, { foreignKey, value: string });

const registrations = "test-KTABLE-FK-JOIN-SUBSCRIPTION-REGISTRATION-0000000006-topic";
const responses = "test-KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-0000000014-topic";
const subscriptions = "test-KTABLE-FK-JOIN-SUBSCRIPTION-STATE-STORE-0000000010-changelog";

test("a left join follows its left row from one right row to the next", () => {
  using scene = new TableScene(leftJoin);
  scene.pipe("l k=f1@1", "r f1=1@5", "l k=f2@3", "r f1=9@6", "l k=@7");
  assert.deepEqual(scene.take(), ["k=f1/null@1", "k=f1/1@5", "k=f2/null@3", "k=null@7"]);
});

test("an inner join has a result only while there is a right row", () => {
  using scene = new TableScene(innerJoin);
  scene.pipe("l k=f1@1", "r f1=1@5", "r f1=2@6", "r f1=@7", "r f1=3@8", "l k=f2@9");
  assert.deepEqual(scene.take(), ["k=f1/1@5", "k=f1/2@6", "k=null@7", "k=f1/3@8", "k=null@9"]);
});

test("a right row's change reaches all left rows that belong to it", () => {
  using scene = new TableScene(innerJoin);
  scene.pipe("l a=f.1@1", "l b=f.2@2", "l c=g@3", "l d=ff@3", "r f=R@4");
  assert.deepEqual(scene.take(), ["a=f.1/R@4", "b=f.2/R@4"]);
});

test("a left row without a foreign key has no inner result, and is reported; a left join keeps it", () => {
  using inner = new TableScene(innerJoin);
  inner.pipe("l k=none@1", "r f=R@2", "l k=f@3", "l k=none@4", "l j=none@5");
  assert.deepEqual(inner.take(), ["k=f/R@3", "k=null@4"]);
  assert.deepEqual(new Set(inner.reasons()), new Set(["null-foreign-key"]));
  using left = new TableScene(leftJoin);
  left.pipe("l k=none@1", "r f=R@2", "l k=f@3", "l k=none@4");
  assert.deepEqual(left.take(), ["k=none/null@1", "k=f/R@3", "k=none/null@4"]);
});

test("subscriptions, answers and the store's changelog are as the JVM writes them", () => {
  using scene = new TableScene(innerJoin);
  scene.pipeWith([{ key: "h", value: Buffer.from("v") }], "l k=abc@1").pipe("r abc=R@2", "l k=@3");
  // murmur3 of "abc", from the vectors of Kafka Streams 4.3.1.
  const hash = scene.raw(registrations)[0]?.value?.subarray(2, 18);
  assert.equal(hash?.readBigInt64BE(0), -8302830256874342818n);
  assert.equal(hash?.readBigInt64BE(8), -1638537471643095488n);
  const logged = scene.raw(subscriptions);
  const [kept, deleted] = logged.map(({ key, value }) => [
    key?.toString("hex"),
    value?.toString("hex"),
  ]);
  const row = Buffer.concat([Buffer.from([0, 0, 0, 3]), Buffer.from("abck")]).toString("hex");
  assert.deepEqual(kept, [row, `0103${hash?.toString("hex")}6b00000000`]);
  assert.deepEqual(deleted, [row, undefined]);
  assert.deepEqual(logged[0]?.headers, [{ key: "h", value: Buffer.from("v") }]);
  const answers = scene.raw(responses).map(({ value }) => value?.toString("hex"));
  assert.deepEqual(answers, [`00${hash?.toString("hex")}52`, "80"]);
});

test("an answer to an earlier value of the left row is dropped and reported", () => {
  using scene = new TableScene(innerJoin);
  scene.pipe("r f=R@1", "l k=f.1@2");
  const stale = scene.raw(responses)[0];
  assert.ok(stale);
  scene.pipe("l k=f.2@3");
  scene.driver.pipeRaw({ ...stale });
  assert.deepEqual(scene.take(), ["k=f.1/R@2", "k=f.2/R@3"]);
  assert.deepEqual(scene.reasons(), ["outdated"]);
});

test("with several partitions subscriptions go to the right row, and answers back to the left one", () => {
  using scene = new TableScene(innerJoin, { partitions: 4 });
  const keys = ["a", "b", "c", "d", "e", "f"];
  scene.pipe("r x=X@1", "r y=Y@1");
  for (const key of keys) scene.pipe(`l ${key}=${key < "d" ? "x" : "y"}@2`);
  scene.pipe("r x=Z@3");
  const results = new Map(scene.take().map((line) => line.split("=") as [string, string]));
  for (const key of keys) assert.equal(results.get(key), key < "d" ? "x/Z@3" : "y/Y@2", key);
});

test("a partitioner of the user's places answers and subscriptions, and must choose one partition", () => {
  const zero = () => 0;
  const several = () => [0, 1];
  const declare =
    (partitioner: () => number | number[]): Declare =>
    (tables) =>
      tables.table("l").join(tables.table("r"), both, {
        foreignKey,
        partitioner,
        otherPartitioner: partitioner,
        value: string,
      });
  using scene = new TableScene(declare(zero), { partitions: 3 });
  const at = (topic: string, key: string, value: string) =>
    scene.driver.pipeRaw({
      topic,
      partition: 0,
      key: Buffer.from(key),
      value: Buffer.from(value),
      timestamp: 1,
      headers: [],
    });
  at("r", "f", "R");
  for (const key of ["a", "b", "c"]) at("l", key, "f");
  assert.deepEqual(scene.take(), ["a=f/R@1", "b=f/R@1", "c=f/R@1"]);
  using broken = new TableScene(declare(several), { partitions: 3 });
  assert.throws(() => broken.pipe("l k=f@1"), /chose 2 partitions/);
});

test("changes of tables with versions that are out of order are dropped on both sides", () => {
  using scene = new TableScene((tables) => {
    const versioned = { versioned: { history: 100 } };
    const left = tables.table("l", { store: "left", ...versioned });
    return left.join(tables.table("r", { store: "right", ...versioned }), both, { foreignKey });
  });
  scene.pipe("l k=f@10", "r f=R@10", "r f=Q@5", "l k=g@5");
  assert.deepEqual(scene.take(), ["k=f/R@10"]);
  assert.deepEqual(scene.reasons(), ["out-of-order", "out-of-order"]);
});
