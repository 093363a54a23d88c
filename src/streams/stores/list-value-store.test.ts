import assert from "node:assert/strict";
import { test } from "node:test";
import { StoreScene } from "../../../test/store-scene.ts";
import { string } from "../../client/index.ts";
import { unjoinedStore } from "./list-value-store.ts";

const builder = unjoinedStore("s", { key: string, left: string, right: string });

test("records wait by time, then right before left, then key, several of each", () => {
  const { store } = new StoreScene(builder);
  store.add({ timestamp: 5, key: "k", side: "left", value: "1" });
  store.add({ timestamp: 5, key: "k", side: "right", value: "2" });
  store.add({ timestamp: 4, key: "z", side: "left", value: "3" });
  store.add({ timestamp: 5, key: "k", side: "left", value: "4" });
  const all = [...store.all()].map(({ timestamp, key, side, value }) =>
    [timestamp, key, side, value].join(" "),
  );
  assert.deepEqual(all, ["4 z left 3", "5 k right 2", "5 k left 1", "5 k left 4"]);
});

test("removing takes all records of a time, side and key, and may be done while they are read", () => {
  const { store } = new StoreScene(builder);
  for (const value of ["1", "2"]) store.add({ timestamp: 5, key: "k", side: "left", value });
  store.add({ timestamp: 6, key: "k", side: "left", value: "3" });
  const seen: unknown[] = [];
  for (const { timestamp, side, key, value } of store.all()) {
    seen.push(value);
    store.remove(timestamp, side, key);
  }
  assert.deepEqual(seen, ["1", "2", "3"]);
  assert.deepEqual([...store.all()], []);
});

test("the changelog has whole lists, and nothing of a removal where there was nothing", () => {
  const scene = new StoreScene(builder);
  scene.store.add({ timestamp: 5, key: "k", side: "left", value: "a" });
  scene.store.add({ timestamp: 5, key: "k", side: "left", value: "bc" });
  scene.store.removeIfPresent(5, "right", "k");
  assert.equal(scene.log.length, 2);
  const [, last] = scene.log;
  assert.equal(last?.key.toString("hex"), "0000000000000005016b");
  assert.equal(last?.value?.toString("hex"), "01000000020000000201610000000301" + "6263");
  const restored = new StoreScene(builder).restore(scene.log);
  assert.deepEqual([...restored.store.all()], [...scene.store.all()]);
  scene.store.removeIfPresent(5, "left", "k");
  assert.equal(scene.log.at(-1)?.value, null);
});
