import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32c } from "./crc32c.ts";

test("checksums are those of RFC 3720", () => {
  assert.equal(crc32c(Buffer.from("123456789")), 0xe3069283);
  assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa);
  assert.equal(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43);
});

test("a range is checksummed like its bytes alone", () => {
  assert.equal(crc32c(Buffer.from("..123456789.."), 2, 11), 0xe3069283);
  assert.equal(crc32c(Buffer.from("abc"), 1, 1), 0);
});
