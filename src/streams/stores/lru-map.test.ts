import assert from "node:assert/strict";
import { test } from "node:test";
import { StoreScene } from "../../../test/store-scene.ts";
import { string } from "../../client/index.ts";
import { lruMap } from "./lru-map.ts";

const builder = lruMap("s", { key: string, value: string, maxEntries: 2 });

test("the row used least recently goes, and the changelog says so", () => {
  const { store, log } = new StoreScene(builder);
  store.put("a", "1");
  store.put("b", "2");
  store.get("a");
  store.put("c", "3");
  assert.deepEqual(
    [...store.all()],
    [
      ["a", "1"],
      ["c", "3"],
    ],
  );
  assert.deepEqual(
    log.map(({ key, value }) => `${key} ${value}`),
    ["a 1", "b 2", "b null", "c 3"],
  );
});

test("restoring evicts too, but logs nothing", () => {
  const scene = new StoreScene(builder);
  for (const key of ["a", "b", "c"]) scene.store.put(key, key);
  const restored = new StoreScene(builder).restore(scene.log.filter(({ value }) => value));
  assert.deepEqual(
    [...restored.store.all()],
    [
      ["b", "b"],
      ["c", "c"],
    ],
  );
  assert.deepEqual(restored.log, []);
});
