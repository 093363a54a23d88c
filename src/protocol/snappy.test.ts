import assert from "node:assert/strict";
import { test } from "node:test";
import { compressSync } from "snappy";
import { DecodeError } from "../errors.ts";
import { compressSnappy, decompressSnappy } from "./snappy.ts";

const text = Buffer.from("the quick brown fox ".repeat(5000));

function failsWith(code: string): (error: unknown) => boolean {
  return (error) => error instanceof DecodeError && error.code === code;
}

test("what is written is Java's framing with blocks of 32 KB", () => {
  const compressed = compressSnappy(text);
  assert.equal(compressed.toString("hex", 0, 16), "82534e41505059000000000100000001");
  let blocks = 0;
  for (let at = 16; at < compressed.length; at += 4 + compressed.readInt32BE(at)) blocks += 1;
  assert.equal(blocks, Math.ceil(text.length / 32768));
  assert.ok(decompressSnappy(compressed, text.length).equals(text));
});

test("raw snappy without framing is read as well", () => {
  assert.ok(decompressSnappy(compressSync(text), text.length).equals(text));
  assert.equal(decompressSnappy(compressSync(""), 10).length, 0);
});

test("a size that is claimed but not there costs no memory", () => {
  // A gigabyte, by the varint in front.
  const liar = Buffer.from("8080808004000000", "hex");
  assert.throws(() => decompressSnappy(liar, 2 ** 31), failsWith("DECOMPRESSION_FAILED"));
  const framed = Buffer.concat([compressSnappy(Buffer.alloc(0)), Buffer.from([0, 0, 0, 8]), liar]);
  assert.throws(() => decompressSnappy(framed, 2 ** 31), failsWith("DECOMPRESSION_FAILED"));
});

test("the limit holds for raw snappy and for all blocks together", () => {
  const limit = text.length - 1;
  assert.throws(() => decompressSnappy(compressSync(text), limit), failsWith("TOO_LARGE"));
  assert.throws(() => decompressSnappy(compressSnappy(text), limit), failsWith("TOO_LARGE"));
});

test("a block whose length is wrong is refused", () => {
  const compressed = compressSnappy(text);
  for (const length of [-1, 0, compressed.length]) {
    const wrong = Buffer.from(compressed);
    wrong.writeInt32BE(length, 16);
    const decompressing = () => decompressSnappy(wrong, text.length);
    assert.throws(decompressing, failsWith("DECOMPRESSION_FAILED"), String(length));
  }
});
