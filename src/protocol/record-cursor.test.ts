import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { DecodeError } from "../errors.ts";
import { batchLayout, RecordBatch } from "./record-batch.ts";
import { RecordBatchBuilder } from "./record-batch-builder.ts";
import { RecordCursor } from "./record-cursor.ts";

const limitBytes = 1024 * 1024;

/** Batches that kafka-clients 4.3.1 wrote. */
interface Vector {
  readonly name: string;
  readonly codec: string;
  readonly count: number;
  /** How often each value repeats its words. */
  readonly repeat: number;
  readonly hex: string;
}
const vectorsFile = new URL("record-batch.vectors.json", import.meta.url);
const vectors = JSON.parse(readFileSync(vectorsFile, "utf8")) as readonly Vector[];

function cursorOver(bytes: Buffer): RecordCursor {
  const cursor = new RecordCursor();
  cursor.open(new RecordBatch(bytes), limitBytes);
  return cursor;
}

/** A batch of one record whose bytes are given, without a valid checksum. */
function batchAround(record: readonly number[], count = 1): Buffer {
  const builder = new RecordBatchBuilder();
  builder.append(0, null, null);
  const header = builder.finish().subarray(0, batchLayout.records);
  const bytes = Buffer.concat([header, Buffer.from(record)]);
  bytes.writeInt32BE(bytes.length - batchLayout.partitionLeaderEpoch, batchLayout.length);
  bytes.writeInt32BE(count, batchLayout.count);
  return bytes;
}

function failsWith(code: string): (error: unknown) => boolean {
  return (error) => error instanceof DecodeError && error.code === code;
}

for (const { name, codec, count, repeat, hex } of vectors.filter((vector) => vector.count > 0)) {
  test(`a batch of the Java client is read: ${name}`, () => {
    const batch = new RecordBatch(Buffer.from(hex, "hex"));
    batch.checkCrc();
    assert.equal(batch.compression, codec);
    const cursor = new RecordCursor();
    cursor.open(batch, limitBytes);
    for (let index = 0; index < count; index += 1) {
      assert.equal(cursor.remaining, count - index);
      assert.ok(cursor.next());
      assert.equal(cursor.offset, index);
      const created = 1_700_000_000_000 + index * index * 1000 - (index % 2) * 100_000_000_000;
      const isCreated = batch.timestampType === "create";
      assert.equal(cursor.timestamp, isCreated ? created : batch.maxTimestamp);
      assert.equal(cursor.keyText(), index % 3 === 0 ? null : `key-${index}`);
      const value = index % 5 === 2 ? null : `value ${index} größer; `.repeat(repeat);
      assert.equal(cursor.valueText(), value);
      assert.deepEqual(cursor.value(), value === null ? null : Buffer.from(value));
      const headers = cursor.headers().map((header) => [header.key, header.value?.toString()]);
      const expected = [
        ["trace", `t${index}`],
        ["trace", undefined],
        ["größe", ""],
      ];
      assert.deepEqual(headers, index % 4 === 1 ? expected : []);
    }
    assert.equal(cursor.next(), false);
    assert.equal(cursor.next(), false);
  });
}

test("empty is told from null", () => {
  const builder = new RecordBatchBuilder();
  builder.append(0, "", "", [{ key: "", value: "" }]);
  builder.append(0, null, null, [{ key: "", value: null }]);
  const cursor = cursorOver(builder.finish());
  cursor.next();
  assert.deepEqual([cursor.keyText(), cursor.valueText()], ["", ""]);
  assert.deepEqual([cursor.key()?.length, cursor.headers()[0]?.value?.length], [0, 0]);
  cursor.next();
  assert.deepEqual([cursor.key(), cursor.value()], [null, null]);
  assert.deepEqual([cursor.keyStart, cursor.valueStart], [-1, -1]);
  assert.deepEqual(cursor.headers(), [{ key: "", value: null }]);
});

test("after an append time was stamped all records have it", () => {
  const builder = new RecordBatchBuilder();
  builder.append(1000, null, "a");
  builder.append(900_000, null, "b");
  const batch = new RecordBatch(builder.finish());
  batch.setAppendTime(777);
  const cursor = new RecordCursor();
  cursor.open(batch, limitBytes);
  while (cursor.next()) assert.equal(cursor.timestamp, 777);
});

test("offsets count from the batch's base offset", () => {
  const builder = new RecordBatchBuilder();
  for (const delta of [0, 5, 70, 9000, 70_000, 2 ** 31 - 1]) {
    builder.append(0, null, null, undefined, delta);
  }
  const batch = new RecordBatch(builder.finish());
  batch.baseOffset = 2 ** 45;
  const cursor = new RecordCursor();
  cursor.open(batch, limitBytes);
  const offsets: number[] = [];
  while (cursor.next()) offsets.push(cursor.offset - 2 ** 45);
  assert.deepEqual(offsets, [0, 5, 70, 9000, 70_000, 2 ** 31 - 1]);
  assert.equal(batch.lastOffset, 2 ** 45 + 2 ** 31 - 1);
});

test("an empty batch, as compaction leaves it, has no records", () => {
  const bytes = batchAround([], 0);
  assert.equal(cursorOver(bytes).next(), false);
  bytes[batchLayout.attributes + 1] = 4;
  assert.equal(cursorOver(bytes).next(), false);
});

test("headers can be read at any time without losing the place", () => {
  const builder = new RecordBatchBuilder();
  for (const value of ["a", "b"]) builder.append(0, null, value, [{ key: value, value }]);
  const cursor = cursorOver(builder.finish());
  assert.deepEqual(cursor.headers(), []);
  for (const value of ["a", "b"]) {
    assert.ok(cursor.next());
    for (let twice = 0; twice < 2; twice += 1) assert.equal(cursor.headers()[0]?.key, value);
    assert.equal(cursor.valueText(), value);
  }
  assert.equal(cursor.next(), false);
});

test("a record whose parts do not fit is refused", () => {
  // Length, attributes, timestamp, offset, key, value, headers: as small as can be.
  const whole = [12, 0, 0, 0, 1, 1, 0];
  assert.ok(cursorOver(batchAround(whole)).next());
  const refused = (code: string, record: readonly number[], count?: number) =>
    assert.throws(
      () => cursorOver(batchAround(record, count)).next(),
      failsWith(code),
      `${record}`,
    );
  refused("INVALID_LENGTH", [10, 0, 0, 0, 1, 1, 0]);
  refused("INVALID_LENGTH", [14, 0, 0, 0, 1, 1, 0]);
  refused("INVALID_LENGTH", [13, 0, 0, 0, 1, 1, 0]);
  refused("TRUNCATED", [12, 0, 0, 0, 2, 1, 0]);
  refused("INVALID_LENGTH", [12, 0, 0, 0, 2, 1, 0, 0]);
  refused("INVALID_LENGTH", [12, 0, 0, 0, 20, 1, 0]);
  refused("INVALID_LENGTH", [12, 0, 0, 0, 1, 20, 0]);
  refused("INVALID_LENGTH", [12, 0, 0, 0, 1, 1, 2]);
  refused("INVALID_LENGTH", [12, 0, 0, 0, 1, 1, 1]);
  refused("INVALID_LENGTH", [16, 0, 0, 0, 1, 1, 2, 1, 1]);
  refused("INVALID_LENGTH", [16, 0, 0, 0, 1, 1, 2, 0, 2]);
  refused("TRUNCATED", []);
  refused("TRUNCATED", [0x80]);
  refused("INVALID_VARINT", [0x80, 0x80, 0x80, 0x80, 0x80, 0]);
  const longest = Array.from({ length: 9 }, () => 0xff);
  refused("INTEGER_TOO_LARGE", [30, 0, ...longest, 1, 0, 1, 1, 0]);
  refused("INVALID_VARINT", [32, 0, ...longest, 0xff, 1, 0, 1, 1, 0]);
});

test("bytes after the last record are refused, and so are too few records", () => {
  const whole = [12, 0, 0, 0, 1, 1, 0];
  const walk = (record: readonly number[], count: number) => () => {
    const cursor = cursorOver(batchAround(record, count));
    while (cursor.next());
  };
  walk([...whole, ...whole], 2)();
  assert.throws(walk([...whole, 0], 1), failsWith("CORRUPT_BATCH"));
  assert.throws(walk(whole, 2), failsWith("TRUNCATED"));
  assert.throws(walk(whole, 0x7fffffff), failsWith("TRUNCATED"));
});

test("opening a batch that decompresses to too much leaves a cursor without records", () => {
  const builder = new RecordBatchBuilder({ compression: "zstd" });
  builder.append(0, null, "x".repeat(10_000));
  const cursor = cursorOver(batchAround([12, 0, 0, 0, 1, 1, 0]));
  const batch = new RecordBatch(builder.finish());
  assert.throws(() => cursor.open(batch, 9999), failsWith("TOO_LARGE"));
  assert.deepEqual([cursor.remaining, cursor.next()], [0, false]);
  cursor.open(batch, 20_000);
  assert.ok(cursor.next());
});
