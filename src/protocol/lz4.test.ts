import assert from "node:assert/strict";
import { test } from "node:test";
import { compressFrameSync } from "lz4-napi";
import { DecodeError } from "../errors.ts";
import { compressLz4, decompressLz4 } from "./lz4.ts";

const text = Buffer.from("the quick brown fox ".repeat(10_000));

function failsWith(code: string): (error: unknown) => boolean {
  return (error) => error instanceof DecodeError && error.code === code;
}

test("what is written is Java's frame with independent blocks of 64 KB", () => {
  const frame = compressLz4(text);
  assert.equal(frame.toString("hex", 0, 7), "04224d18604082");
  let blocks = 0;
  let at = 7;
  for (; frame.readUInt32LE(at) !== 0; at += 4 + frame.readUInt32LE(at)) blocks += 1;
  assert.equal(at, frame.length - 4);
  assert.equal(blocks, Math.ceil(text.length / 65536));
});

test("what cannot be compressed is stored", () => {
  const noise = Buffer.from(Array.from({ length: 256 }, (_, index) => (index * 167) & 0xff));
  const frame = compressLz4(noise);
  assert.equal(frame.length, 7 + 4 + noise.length + 4);
  assert.ok(decompressLz4(frame, noise.length).equals(noise));
});

test("frames of another writer are read: large blocks, checksums of blocks and of the content", () => {
  for (const contentChecksum of [false, true]) {
    for (const blockChecksums of [false, true]) {
      const frame = compressFrameSync(text, { contentChecksum, blockChecksums });
      assert.ok(decompressLz4(frame, text.length).equals(text));
    }
  }
});

test("a frame that says how long its content is is read", () => {
  const frame = compressLz4(text);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  const sized = Buffer.concat([frame.subarray(0, 6), size, frame.subarray(6)]);
  sized[4] = 0x68;
  assert.ok(decompressLz4(sized, text.length).equals(text));
});

test("the limit holds for all blocks together", () => {
  const frame = compressLz4(text);
  assert.throws(() => decompressLz4(frame, text.length - 1), failsWith("TOO_LARGE"));
  assert.throws(() => decompressLz4(frame, 1), failsWith("TOO_LARGE"));
});

test("a block that holds more than the frame allows is refused", () => {
  // Blocks of 256 KB in a frame that announces 64 KB.
  const frame = compressFrameSync(Buffer.alloc(200_000));
  assert.equal(frame[5], 0x50);
  frame[5] = 0x40;
  assert.throws(() => decompressLz4(frame, 2 ** 30));
});

test("a frame that is cut off, foreign or of dependent blocks is refused", () => {
  const frame = compressLz4(text);
  const refused = (bytes: Buffer) =>
    assert.throws(() => decompressLz4(bytes, text.length), failsWith("DECOMPRESSION_FAILED"));
  refused(frame.subarray(0, frame.length - 4));
  refused(frame.subarray(0, frame.length - 100));
  refused(frame.subarray(0, 5));
  refused(Buffer.from("no frame at all"));
  const dependent = Buffer.from(frame);
  dependent[4] = 0x40;
  refused(dependent);
});
