import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readText, writeText } from "./text.ts";

const anyText = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ unit: fc.constantFrom("a", "é", "漢", "😀", "\ud800", "\udc00"), maxLength: 20 }),
);

test("text is written and read as Buffer would do it", () => {
  fc.assert(
    fc.property(anyText, fc.nat(5), (text, at) => {
      const expected = Buffer.from(text);
      const buffer = Buffer.alloc(at + 3 * text.length, 0xff);
      const length = writeText(buffer, text, at);
      assert.equal(length, expected.length);
      assert.ok(buffer.subarray(at, at + length).equals(expected));
      assert.equal(readText(buffer, at, at + length), expected.toString());
    }),
    { numRuns: 1000 },
  );
});

test("bytes that are not UTF-8 are read as Buffer reads them", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 30 }), (bytes) => {
      const buffer = Buffer.from(bytes);
      assert.equal(readText(buffer, 0, buffer.length), buffer.toString());
    }),
  );
});

test("text is written alike when the code is hot, whatever V8 keeps it in", () => {
  const buffer = Buffer.alloc(400);
  const samples = ["plain", "käse", "ÿ".repeat(30), "漢字", "x".repeat(100), `${"x".repeat(50)}é`];
  const expected = samples.map((text) => Buffer.from(text));
  for (let round = 0; round < 30_000; round += 1) {
    const index = round % samples.length;
    const length = writeText(buffer, samples[index] as string, 3);
    const bytes = expected[index] as Buffer;
    if (length !== bytes.length || buffer.compare(bytes, 0, length, 3, 3 + length) !== 0) {
      assert.fail(`round ${round}: ${samples[index]}`);
    }
  }
});
