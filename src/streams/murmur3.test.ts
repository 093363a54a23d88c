import assert from "node:assert/strict";
import { test } from "node:test";
import { murmur3 } from "./murmur3.ts";

const vectors: readonly (readonly [text: string, first: bigint, second: bigint])[] = [
  ["", -7122613646888064702n, -8341524471658347240n],
  ["a", 3702349557448790408n, -1601067453332442517n],
  ["abc", -8302830256874342818n, -1638537471643095488n],
  ["hello world", -4798133121895066616n, 9029944334911407145n],
  ["0123456789abcdef", 1904622552327088487n, -2893518741649893711n],
  ["0123456789abcdefg", -6253751916947851771n, -5841899321478313166n],
];

test("hashes equal those of Kafka Streams 4.3.1", () => {
  for (const [text, first, second] of vectors) {
    const hash = murmur3(Buffer.from(text));
    assert.deepEqual([hash.readBigInt64BE(0), hash.readBigInt64BE(8)], [first, second], text);
  }
});

test("the bytes around a slice do not count", () => {
  const whole = Buffer.from("xx0123456789abcdefgyy");
  assert.deepEqual(murmur3(whole.subarray(2, 19)), murmur3(Buffer.from("0123456789abcdefg")));
});
