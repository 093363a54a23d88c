import assert from "node:assert/strict";
import { test } from "node:test";
import { StoreScene } from "../../../test/store-scene.ts";
import { string } from "../../client/index.ts";
import { timeOrderedBuffer } from "./time-ordered-buffer.ts";

const builder = timeOrderedBuffer("s", { key: string, value: string, graceMs: 10 });
const metadata = { topic: "in", partition: 0, offset: 3 };

function message(key: string, value: string, timestamp: number) {
  return { key, value, timestamp, headers: [{ key: "h", value: Buffer.from("v") }] };
}

function releaseAll(scene: StoreScene<ReturnType<typeof builder.open>["store"]>): string[] {
  const released: string[] = [];
  scene.store.evictWhile(
    () => true,
    ({ key, value, timestamp, headers }, from) => {
      assert.deepEqual(headers, [{ key: "h", value: Buffer.from("v") }]);
      assert.deepEqual(from, metadata);
      released.push(`${key}=${value}@${timestamp}`);
    },
  );
  return released;
}

test("records leave when their grace is over, by time, then key, then the order in which they came", () => {
  const scene = new StoreScene(builder);
  for (const [key, value, time] of [
    ["b", "1", 5],
    ["a", "2", 5],
    ["a", "3", 5],
    ["a", "4", 3],
    ["a", "5", 12],
  ] as const) {
    assert.ok(scene.store.put(message(key, value, time), metadata));
  }
  assert.deepEqual(releaseAll(scene), []);
  assert.ok(scene.store.put(message("c", "6", 15), metadata));
  assert.deepEqual(releaseAll(scene), ["a=4@3", "a=2@5", "a=3@5", "b=1@5"]);
  assert.equal(scene.store.recordCount, 2);
});

test("a record whose grace is over is not taken in", () => {
  const scene = new StoreScene(builder);
  assert.ok(scene.store.put(message("a", "1", 20), metadata));
  assert.ok(scene.store.put(message("a", "2", 10), metadata));
  assert.ok(!scene.store.put(message("a", "3", 9), metadata));
  assert.deepEqual(releaseAll(scene), ["a=2@10"]);
});

test("a restored buffer goes on where the other stopped", () => {
  const scene = new StoreScene(builder);
  for (const [value, time] of [
    ["1", 3],
    ["2", 8],
    ["3", 14],
  ] as const) {
    scene.store.put(message("k", value, time), metadata);
  }
  assert.deepEqual(releaseAll(scene), ["k=1@3"]);
  const restored = new StoreScene(builder).restore(scene.log);
  assert.equal(restored.store.recordCount, 2);
  assert.ok(!restored.store.put(message("k", "late", 3), metadata));
  assert.ok(restored.store.put(message("k", "4", 18), metadata));
  assert.deepEqual(releaseAll(restored), ["k=2@8"]);
});
