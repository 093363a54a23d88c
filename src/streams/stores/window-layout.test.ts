import assert from "node:assert/strict";
import { test } from "node:test";
import { StoreScene } from "../../../test/store-scene.ts";
import { string } from "../serdes.ts";
import { SharedCacheBudget } from "./cache-budget.ts";
import { timestampedWindowStore } from "./window-builders.ts";

const options = { key: string, value: string, cache: true, windowSizeMs: 10, retentionMs: 1000 };

function sceneOf(timeOrder: "plain" | undefined) {
  const cache = new SharedCacheBudget(1_000_000);
  const scene = new StoreScene(timestampedWindowStore("windows", { ...options, timeOrder }), {
    cache,
  });
  const put = (key: string, start: number, value: string) =>
    scene.store.put(key, { value, timestamp: start }, start);
  put("b", 0, "old");
  put("a", 20, "old");
  scene.store.flush();
  put("a", 0, "new");
  put("b", 10, "new");
  put("b", 0, "newer");
  const rows = () =>
    [...scene.store.fetchAll(0, 20)].map(([{ key, window }, { value }]) => {
      return `${key}@${window.start} ${value}`;
    });
  return { scene, rows };
}

test("a cache in front of rows by time gives them by time, and each once", () => {
  const { scene, rows } = sceneOf("plain");
  const expected = ["a@0 new", "b@0 newer", "b@10 new", "a@20 old"];
  assert.deepEqual(rows(), expected);
  scene.store.flush();
  assert.deepEqual(rows(), expected);
  const backwards = [...scene.store.backwardFetchAll(0, 10)].map(([{ key }]) => key);
  assert.deepEqual(backwards, ["b", "b", "a"]);
});

test("a cache in front of rows by key gives them by key", () => {
  const { rows } = sceneOf(undefined);
  assert.deepEqual(rows(), ["a@0 new", "a@20 old", "b@0 newer", "b@10 new"]);
});

test("rows with an index by key have no cache", () => {
  const indexed = timestampedWindowStore("windows", { ...options, timeOrder: "indexed" });
  assert.equal(indexed.isCached, false);
});
