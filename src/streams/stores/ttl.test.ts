import assert from "node:assert/strict";
import { test } from "node:test";
import { StoreScene } from "../../../test/store-scene.ts";
import { string } from "../../client/index.ts";
import { keyValueStore } from "./key-value-builders.ts";
import { memoryEngine } from "./memory.ts";
import { expiringKeyValueStore, expiringTimestampedKeyValueStore } from "./ttl.ts";

const builder = expiringKeyValueStore("s", { key: string, value: string, ttlMs: 100 });

function sceneAt(time: number) {
  const scene = new StoreScene(builder);
  const at = (now: number) => {
    scene.now = now;
    scene.streamTime = Math.max(scene.streamTime, now);
  };
  at(time);
  return { scene, at, store: scene.store };
}

test("a row ends when stream time reaches its time and the TTL", () => {
  const { store, at } = sceneAt(1000);
  store.put("k", "v");
  at(1099);
  assert.equal(store.get("k"), "v");
  at(1100);
  assert.equal(store.get("k"), null);
  assert.deepEqual([...store.all()], []);
});

test("a TTL of one write overrides the store's, and a later write begins anew", () => {
  const { store, at } = sceneAt(1000);
  store.putFor("short", "1", 10);
  store.putFor("long", "2", 1000);
  store.put("k", "3");
  at(1050);
  store.put("k", "4");
  assert.equal(store.get("short"), null);
  at(1140);
  assert.deepEqual(
    [...store.all()],
    [
      ["k", "4"],
      ["long", "2"],
    ],
  );
  assert.equal(store.putIfAbsent("short", "5"), null);
});

test("rows that have ended are deleted in the changelog too", () => {
  const { scene, store, at } = sceneAt(1000);
  store.put("a", "1");
  store.put("b", "2");
  at(1200);
  store.put("c", "3");
  const log = scene.log.map(({ key, value, timestamp }) => `${key} ${value} @${timestamp}`);
  assert.deepEqual(log, ["a 1 @1000", "b 2 @1000", "a null @1100", "b null @1100", "c 3 @1200"]);
  assert.equal(store.approximateNumEntries(), 1);
});

test("a restored store ends the same rows at the same times, also those it restored late", () => {
  const { scene, store } = sceneAt(1000);
  store.putFor("long", "1", 500);
  store.put("short", "2");
  const restored = new StoreScene(builder).restore(scene.log);
  restored.now = 1450;
  restored.streamTime = 1450;
  assert.deepEqual([...restored.store.all()], [["long", "1"]]);
  restored.store.flush();
  assert.deepEqual(
    restored.log.map(({ key, value }) => [key.toString(), value]),
    [["short", null]],
  );
});

test("a row that had ended by the end of the changelog does not come back before the first record", () => {
  const { scene, store, at } = sceneAt(1000);
  store.put("a", "1");
  at(2000);
  scene.log.push({
    key: Buffer.from("z"),
    value: Buffer.from("2"),
    timestamp: 2000,
    headers: [],
  });
  const restored = new StoreScene(builder).restore(scene.log);
  assert.equal(restored.store.get("a"), null);
  assert.equal(restored.store.get("z"), "2", "a record of another program has the store's TTL");
});

test("with timestamps the TTL counts from the value's own time", () => {
  const timed = expiringTimestampedKeyValueStore("s", { key: string, value: string, ttlMs: 100 });
  const scene = new StoreScene(timed);
  scene.now = 5000;
  scene.streamTime = 1000;
  scene.store.put("k", { value: "v", timestamp: 950 });
  assert.deepEqual(scene.store.get("k"), { value: "v", timestamp: 950 });
  scene.streamTime = 1050;
  assert.equal(scene.store.get("k"), null);
});

test("the ends of rows are not taken for the rows of a store that is named like them", () => {
  const persistent = memoryEngine.open();
  const expiring = new StoreScene(builder, { persistent }).store;
  const serdes = { key: string, value: string };
  const other = new StoreScene(keyValueStore("s.ends", serdes), { persistent }).store;
  expiring.put("k", "v");
  assert.deepEqual([...other.all()], []);
});

test("a write whose value cannot be serialized leaves the store's TTL as it was", () => {
  const { store, at } = sceneAt(1000);
  assert.throws(() => store.putFor("k", 5 as never, 1));
  store.put("k", "v");
  at(1050);
  assert.equal(store.get("k"), "v");
});
