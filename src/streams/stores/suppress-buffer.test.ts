import assert from "node:assert/strict";
import { test } from "node:test";
import { StoreScene } from "../../../test/store-scene.ts";
import { serde, string } from "../../client/index.ts";
import type { Change, Message } from "../message.ts";
import { DirtyKeys } from "./dirty-keys.ts";
import { noTimestamp } from "./store-builder.ts";
import { suppressBuffer } from "./suppress-buffer.ts";

const builder = suppressBuffer("s", { key: string, value: string });
const metadata = { topic: "in2", partition: 0, offset: 0 };

function change(
  key: string,
  newValue: string | null,
  oldValue: string | null,
  timestamp: number,
): Message<string, Change<string>> {
  return { key, value: { newValue, oldValue, isLatest: true }, timestamp, headers: [] };
}

test("the changelog has what Kafka Streams 4.3.1 wrote, in the order of its hash table", () => {
  const windowed = serde<number>({
    serialize: (start) => Buffer.from([98, 0, 0, 0, 0, 0, 0, 0, start]),
    deserialize: (bytes) => bytes[8] as number,
  });
  const scene = new StoreScene(suppressBuffer("s", { key: windowed, value: string }));
  for (const start of [0, 2, 4, 6]) {
    const value = { newValue: "+k1", oldValue: null, isLatest: true };
    const message = { key: start, value, timestamp: 7, headers: [] };
    scene.store.put(20 + start, message, metadata);
  }
  scene.store.flush();
  const row = "0000000000000007000000000000000000000003696e320000000000000000";
  const values = "ffffffffffffffff000000032b6b31";
  assert.deepEqual(
    scene.log.map(({ key, value }) => [key.toString("hex"), value?.toString("hex")]),
    [
      ["620000000000000002", `${row}${values}0000000000000016`],
      ["620000000000000000", `${row}${values}0000000000000014`],
      ["620000000000000006", `${row}${values}000000000000001a`],
      ["620000000000000004", `${row}${values}0000000000000018`],
    ],
  );
  assert.deepEqual(scene.log[0]?.headers, [{ key: "v", value: Buffer.of(3) }]);
  assert.equal(scene.log[0]?.timestamp, noTimestamp);
});

test("changes leave by the time they wait for, then by key, under the record they came from", () => {
  const { store } = new StoreScene(builder);
  store.put(20, change("b", "2", null, 12), { ...metadata, offset: 1 });
  store.put(10, change("z", "1", null, 11), metadata);
  store.put(20, change("a", "3", null, 13), { ...metadata, offset: 2 });
  store.put(30, change("c", "4", null, 14), metadata);
  const released: unknown[] = [];
  store.evictWhile(
    () => store.minTimestamp <= 20,
    ({ key, value, timestamp }, from) => {
      released.push([key, value.newValue, timestamp, from?.offset]);
    },
  );
  assert.deepEqual(released, [
    ["z", "1", 11, 0],
    ["a", "3", 13, 2],
    ["b", "2", 12, 1],
  ]);
  assert.equal(store.recordCount, 1);
  assert.equal(store.minTimestamp, 30);
});

test("a key that waits already keeps its place, and the value from before it waited", () => {
  const { store } = new StoreScene(builder);
  store.put(10, change("k", "1", "0", 1), metadata);
  store.put(50, change("k", "2", "1", 2), metadata);
  assert.deepEqual(store.priorValue("k"), { value: "0" });
  assert.equal(store.priorValue("other"), undefined);
  assert.equal(store.recordCount, 1);
  assert.equal(store.minTimestamp, 10);
  store.evictWhile(
    () => store.recordCount > 0,
    ({ value }) => assert.deepEqual([value.newValue, value.oldValue], ["2", "1"]),
  );
  assert.equal(store.bytes, 0);
});

test("a restored buffer waits for the same, and what had left it is not there", () => {
  const scene = new StoreScene(builder);
  scene.store.put(10, change("a", "1", null, 1), metadata);
  scene.store.put(20, change("b", null, "x", 2), metadata);
  scene.store.flush();
  scene.store.evictWhile(
    () => scene.store.minTimestamp <= 10,
    () => {},
  );
  scene.store.flush();
  const { store } = new StoreScene(builder).restore(scene.log);
  assert.equal(store.recordCount, 1);
  assert.equal(store.bytes, scene.store.bytes);
  assert.deepEqual(store.priorValue("b"), { value: "x" });
  const released: unknown[] = [];
  store.evictWhile(
    () => store.recordCount > 0,
    ({ key, value, timestamp }, from) => {
      released.push(key, value.newValue, value.oldValue, timestamp, from);
    },
  );
  assert.deepEqual(released, ["b", null, "x", 2, metadata]);
});

test("a record of the changelog without the version that is known is refused", () => {
  const scene = new StoreScene(builder);
  const record = { key: Buffer.from("a"), value: Buffer.alloc(30), timestamp: 1, headers: [] };
  assert.throws(() => scene.restore([record]), { code: "INVALID_VALUE" });
});

test("keys drain in the order of a hash table that has grown, each once", () => {
  const dirty = new DirtyKeys();
  const keys = Array.from({ length: 100 }, (_, index) => `key ${index}`);
  for (const key of [...keys, ...keys]) dirty.add(key);
  assert.deepEqual(dirty.drain().sort(), keys.toSorted());
  assert.deepEqual(dirty.drain(), []);
});
