import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeOffsetMetadata, encodeOffsetMetadata } from "./offset-metadata.ts";

test("times and notes are written as Kafka Streams does", () => {
  const plain = { partitionTime: 1_000, processorMetadata: new Map<string, number>() };
  assert.equal(encodeOffsetMetadata(plain), "AgAAAAAAAAPo");
  const withNote = { partitionTime: -1, processorMetadata: new Map([["ab", 258]]) };
  const expected = Buffer.from(
    "02ffffffffffffffff00000001000000026162000000000000" + "0102",
    "hex",
  );
  assert.equal(encodeOffsetMetadata(withNote), expected.toString("base64"));
});

test("what was written is read again", () => {
  const metadata = {
    partitionTime: 1_700_000_000_000,
    processorMetadata: new Map([
      ["one", 1],
      ["zwei", -1],
    ]),
  };
  assert.deepEqual(decodeOffsetMetadata(encodeOffsetMetadata(metadata)), metadata);
});

test("the older form has the time alone", () => {
  const bytes = Buffer.from("0100000000000003e8", "hex");
  assert.equal(decodeOffsetMetadata(bytes.toString("base64")).partitionTime, 1_000);
});

test("notes of others, or of later versions, say nothing", () => {
  const others = ["", "hello", "AgAA", Buffer.from("0300000000000003e8", "hex").toString("base64")];
  const broken = Buffer.from("02ffffffffffffffff7fffffff00000002", "hex").toString("base64");
  for (const text of [...others, broken]) {
    const { partitionTime, processorMetadata } = decodeOffsetMetadata(text);
    assert.deepEqual([partitionTime, processorMetadata.size], [-1, 0]);
  }
});
