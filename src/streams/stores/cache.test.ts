import assert from "node:assert/strict";
import { test } from "node:test";
import { StoreScene } from "../../../test/store-scene.ts";
import { string } from "../../client/index.ts";
import { SharedCacheBudget } from "./cache-budget.ts";
import { timestampedKeyValueStore } from "./key-value-builders.ts";

const builder = timestampedKeyValueStore("s", { key: string, value: string, cache: true });

function sceneWith(limitBytes: number) {
  const budget = new SharedCacheBudget(limitBytes);
  const scene = new StoreScene(builder, { cache: budget });
  const flushed: string[] = [];
  const isCached = scene.store.onFlush((key, fresh, old, timestamp) => {
    flushed.push(`${key} ${fresh} ${old} @${timestamp}`);
  }, true);
  assert.ok(isCached);
  const put = (key: string, value: string | null, timestamp = 0) =>
    scene.store.put(key, value === null ? null : { value, timestamp });
  return { scene, budget, flushed, put };
}

test("of several writes the last is passed on, in the order of the last writes", () => {
  const { scene, flushed, put } = sceneWith(1e6);
  put("a", "1", 1);
  put("b", "2", 2);
  put("a", "3", 3);
  assert.deepEqual(flushed, []);
  scene.store.flush();
  assert.deepEqual(flushed, ["b 2 null @2", "a 3 null @3"]);
  assert.deepEqual(
    scene.log.map(({ key, value }) => `${key} ${value}`),
    ["b 2", "a 3"],
  );
  put("a", "4", 4);
  scene.store.flush();
  assert.equal(flushed.at(-1), "a 4 3 @4");
});

test("a row that came and went between two commits was never there", () => {
  const { scene, flushed, put } = sceneWith(1e6);
  put("a", "1");
  put("a", null);
  scene.store.flush();
  assert.deepEqual(flushed, []);
  assert.deepEqual(scene.log, []);
  assert.equal(scene.store.get("a"), null);
});

test("a deletion is passed on under the time of the record that deleted", () => {
  const { scene, flushed, put } = sceneWith(1e6);
  put("a", "1", 5);
  scene.store.flush();
  scene.now = 9;
  put("a", null);
  scene.now = 20;
  scene.store.flush();
  assert.equal(flushed.at(-1), "a null 1 @9");
  assert.equal(scene.log.at(-1)?.timestamp, 9);
});

test("without room every write is passed on at once", () => {
  const { scene, flushed, put } = sceneWith(0);
  put("a", "1", 1);
  put("a", "2", 2);
  assert.deepEqual(flushed, ["a 1 null @1", "a 2 1 @2"]);
  assert.deepEqual(scene.store.get("a"), { value: "2", timestamp: 2 });
});

test("an eviction passes the evicted row on first, and the others that wait after it", () => {
  const { flushed, put, budget } = sceneWith(400);
  put("a", "1", 1);
  put("b", "2", 2);
  put("a", "3", 3);
  assert.deepEqual(flushed, []);
  put("c", "4", 4);
  assert.deepEqual(flushed, ["b 2 null @2", "a 3 null @3", "c 4 null @4"]);
  assert.ok(!budget.isExceeded);
});

test("a flush can be had in slices", () => {
  const { scene, flushed, put } = sceneWith(1e6);
  for (const key of ["a", "b", "c", "d", "e"]) put(key, key);
  assert.equal(scene.store.flushSlice(2), 3);
  assert.equal(flushed.length, 2);
  assert.equal(scene.store.flushSlice(2), 1);
  assert.equal(scene.store.flushSlice(2), 0);
  assert.equal(flushed.length, 5);
});

test("what a flush leads to may write to the same store", () => {
  const budget = new SharedCacheBudget(1e6);
  const scene = new StoreScene(builder, { cache: budget });
  const flushed: string[] = [];
  scene.store.onFlush((key, fresh) => {
    flushed.push(`${key} ${fresh}`);
    if (key === "a") scene.store.put("b", { value: "from a", timestamp: 0 });
  }, false);
  scene.store.put("a", { value: "1", timestamp: 0 });
  scene.store.flush();
  scene.store.flush();
  assert.deepEqual(flushed, ["a 1", "b from a"]);
});

test("a budget is for all caches together: each makes room among its own rows, and gives its part back when it is closed", () => {
  const budget = new SharedCacheBudget(430);
  const [one, other] = [1, 2].map(() => new StoreScene(builder, { cache: budget }));
  assert.ok(one && other);
  for (const key of ["a", "b"]) one.store.put(key, { value: key, timestamp: 0 });
  for (const key of ["c", "d"]) other.store.put(key, { value: key, timestamp: 0 });
  assert.deepEqual([one.log.length, other.log.length], [0, 2]);
  one.store.close();
  for (const key of ["e", "f"]) other.store.put(key, { value: key, timestamp: 0 });
  assert.equal(other.log.length, 2);
  other.store.close();
  assert.equal(budget.takenBytes, 0);
});

test("a budget holds as many rows as Kafka's, which does not count what objects take", () => {
  const { scene, budget, put } = sceneWith(1e6);
  for (let index = 0; index < 1_000; index += 1) put(`key-${index % 100}`, "v");
  scene.store.flush();
  for (let index = 0; index < 100; index += 1) put(`key-${index}`, "v");
  const perRow = budget.takenBytes / 100;
  // Key 5.9, links 24, whether it is dirty 1, timestamp, offset and partition 20, value 9.
  assert.ok(perRow > 55 && perRow < 75, `${perRow} bytes a row`);
});
