import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { murmur2, partitionForKey } from "./murmur2.ts";

// Computed by kafka-clients 4.3.1: text, Utils.murmur2, partition of ten.
const vectors: readonly (readonly [string, number, number])[] = [
  ["", 275646681, 1],
  ["a", -1563381124, 4],
  ["ab", 316155434, 4],
  ["abc", 479470107, 7],
  ["abcd", -1323649548, 0],
  ["key-1", 193331640, 0],
  ["hello world", 1221641059, 9],
  ["käse", -1070276755, 3],
];

test("hashes and partitions are those of the Java client", () => {
  for (const [text, hash, partition] of vectors) {
    const bytes = Buffer.from(text);
    assert.equal(murmur2(bytes), hash, text);
    assert.equal(partitionForKey(bytes, 10), partition, text);
  }
});

test("a range of a buffer hashes like its bytes alone", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(8), fc.nat(8), (bytes, before, after) => {
      const padded = Buffer.concat([Buffer.alloc(before, 7), bytes, Buffer.alloc(after, 9)]);
      assert.equal(murmur2(padded, before, before + bytes.length), murmur2(bytes));
    }),
  );
});
