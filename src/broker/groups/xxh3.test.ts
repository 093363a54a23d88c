import assert from "node:assert/strict";
import { test } from "node:test";
import { xxh3 } from "./xxh3.ts";

// From hash4j 0.22.0, for inputs whose byte i is 31 i + 7.
const expected: readonly (readonly [length: number, hash: string])[] = [
  [0, "2d06800538d394c2"],
  [1, "4c5cca45d0f4811f"],
  [3, "15f7093b173d005c"],
  [4, "dca012f95811b6b9"],
  [8, "dec6a9a43575982e"],
  [9, "cbe393399f17ffbd"],
  [16, "7e484c18d74895d0"],
  [17, "208bde5ee2bed407"],
  [32, "03df0ac5255d1446"],
  [33, "199a362122d71f46"],
  [64, "dd30702ab46b3745"],
  [65, "fab36b851b94ce20"],
  [96, "d245cd2541582982"],
  [97, "60e3e1d0d43785b3"],
  [128, "f92b70eaa21a6288"],
  [129, "f8f76713f2bb60fa"],
  [144, "d87f00765ee3d89e"],
  [240, "ccc7375172c41f03"],
  [241, "0b3b630948ce4a00"],
  [256, "ec85b75bafe6ca74"],
  [1024, "23bc880ebf0d29c6"],
  [1025, "c09fdfbc398c7d82"],
  [1088, "a16bad67843c5a45"],
  [2048, "19f6f9c987331373"],
  [5000, "559fff92c2b7f8ee"],
];

test("inputs of all lengths hash as they do in Kafka", () => {
  for (const [length, hash] of expected) {
    const input = Buffer.from(Array.from({ length }, (_, index) => (index * 31 + 7) & 0xff));
    assert.equal(xxh3(input).toString(16).padStart(16, "0"), hash, `${length} bytes`);
  }
});
