import assert from "node:assert/strict";
import { test } from "node:test";
import { constants, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { DecodeError } from "../errors.ts";
import {
  type Compression,
  compress,
  compressionNumber,
  compressionOf,
  decompress,
} from "./compression.ts";

const compressions: readonly Compression[] = ["none", "gzip", "snappy", "lz4", "zstd"];
const codecs = compressions.slice(1);

function failsWith(code: string): (error: unknown) => boolean {
  return (error) => error instanceof DecodeError && error.code === code;
}

test("compressions have Kafka's numbers", () => {
  assert.deepEqual(compressions.map(compressionNumber), [0, 1, 2, 3, 4]);
  assert.deepEqual([0, 1, 2, 3, 4].map(compressionOf), compressions);
});

test("a number that no compression has is refused", () => {
  for (const number of [5, 7, -1]) {
    assert.throws(() => compressionOf(number), failsWith("UNKNOWN_CODEC"));
  }
});

test("what is compressed comes back, of any size and kind", () => {
  const kinds = fc.constantFrom("zeros", "text", "noise");
  const sizes = fc.oneof(fc.nat(300), fc.integer({ min: 32_000, max: 200_000 }));
  fc.assert(
    fc.property(fc.constantFrom(...compressions), kinds, sizes, (compression, kind, size) => {
      const bytes = Buffer.alloc(size, kind === "text" ? "the quick brown fox, " : 0);
      if (kind === "noise") for (let at = 0; at < size; at += 1) bytes[at] = (at * at * 31) >> 3;
      const compressed = compress(compression, bytes);
      assert.ok(decompress(compression, compressed, Math.max(1, size)).equals(bytes));
    }),
    { numRuns: 200 },
  );
});

test("a level is heeded where the compression has levels", () => {
  const row = (_: unknown, index: number) => `${(index * 7919) % 1009} bought ${index % 13} of it`;
  const bytes = Buffer.from(Array.from({ length: 5000 }, row).join());
  assert.ok(compress("gzip", bytes, 9).length < compress("gzip", bytes, 1).length);
  assert.ok(compress("zstd", bytes, 19).length < compress("zstd", bytes, 1).length);
});

test("output beyond the limit is refused", () => {
  const bytes = Buffer.alloc(100_000);
  for (const codec of codecs) {
    const compressed = compress(codec, bytes);
    assert.throws(() => decompress(codec, compressed, 99_999), failsWith("TOO_LARGE"), codec);
    assert.equal(decompress(codec, compressed, 100_000).length, 100_000);
  }
});

test("corrupt input is told from input that is too large, and keeps its cause", () => {
  for (const codec of codecs) {
    const compressed = compress(codec, Buffer.from("some text, some text, some text".repeat(9)));
    const corrupt = Buffer.from(compressed).fill(0xee, compressed.length >> 1);
    const decompressing = () => decompress(codec, corrupt, 1_000_000);
    assert.throws(decompressing, failsWith("DECOMPRESSION_FAILED"), codec);
    const cut = () => decompress(codec, compressed.subarray(0, compressed.length - 9), 1_000_000);
    assert.throws(cut, failsWith("DECOMPRESSION_FAILED"), codec);
    const empty = () => decompress(codec, Buffer.alloc(0), 1_000_000);
    assert.throws(empty, failsWith("DECOMPRESSION_FAILED"), codec);
  }
  const garbage = () => decompress("gzip", Buffer.from("garbage"), 1000);
  assert.throws(garbage, (error) => error instanceof DecodeError && error.cause instanceof Error);
});

test("zstd with a window of the greatest size that Kafka's levels use is read", () => {
  const bytes = Buffer.from("0123456789".repeat(1000));
  const params = { [constants.ZSTD_c_compressionLevel]: 22, [constants.ZSTD_c_windowLog]: 27 };
  assert.ok(decompress("zstd", zstdCompressSync(bytes, { params }), 10_000).equals(bytes));
});
