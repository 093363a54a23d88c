import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CleanerKeyMap } from "./cleaner-key-map.ts";

const secret = Buffer.from("0123456789abcdef", "hex");
const limitBytes = 2 ** 20;

function put(map: CleanerKeyMap, key: Buffer, offset: number): void {
  map.put(key, 0, key.length, offset);
}

function get(map: CleanerKeyMap, key: Buffer): number {
  return map.get(key, 0, key.length);
}

test("a map says of every key what was put last", () => {
  const keys = fc.uint8Array({ maxLength: 12, max: 3 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(fc.array(keys, { maxLength: 300 }), (all) => {
      const map = new CleanerKeyMap({ limitBytes, mostKeys: all.length, secret });
      const expected = new Map<string, number>();
      for (const [offset, key] of all.entries()) {
        put(map, key, offset);
        expected.set(key.toString("hex"), offset);
      }
      assert.equal(map.size, expected.size);
      for (const [key, offset] of expected) assert.equal(get(map, Buffer.from(key, "hex")), offset);
      assert.equal(get(map, Buffer.from("not there")), -1);
    }),
  );
});

test("a map takes as many keys as can come", () => {
  for (const mostKeys of [1, 2, 9, 10, 11, 1000]) {
    const map = new CleanerKeyMap({ limitBytes, mostKeys, secret });
    assert.ok(map.capacity >= mostKeys, `${map.capacity} of ${mostKeys}`);
  }
});

test("a map that has reached its bound still finds what it has, and misses what it lacks", () => {
  const map = new CleanerKeyMap({ limitBytes: 2400, mostKeys: 1_000_000, secret });
  assert.equal(map.capacity, 90);
  let offset = 0;
  for (; !map.isFull; offset += 1) put(map, Buffer.from(`key ${offset}`), offset);
  assert.equal(offset, 90);
  for (let one = 0; one < 90; one += 1) assert.equal(get(map, Buffer.from(`key ${one}`)), one);
  assert.equal(get(map, Buffer.from("key 90")), -1);
});

test("keys are read at their place in a buffer, by length and content", () => {
  const map = new CleanerKeyMap({ limitBytes, mostKeys: 10, secret });
  const bytes = Buffer.from("__abcd\0__");
  map.put(bytes, 2, 6, 1);
  map.put(bytes, 2, 7, 2);
  map.put(bytes, 2, 5, 3);
  map.put(bytes, 2, 2, 4);
  assert.deepEqual(
    [2, 3, 4, 5, 6, 7].map((end) => map.get(bytes, 2, end)),
    [4, -1, -1, 3, 1, 2],
  );
  assert.equal(map.get(Buffer.from("abcd"), 0, 4), 1);
});
