import assert from "node:assert/strict";
import { test } from "node:test";
import { DecodeError } from "../errors.ts";
import { advanceSequence, batchLayout, RecordBatch, RecordBatches } from "./record-batch.ts";
import { RecordBatchBuilder } from "./record-batch-builder.ts";

function batchOf(values: readonly string[]): Buffer {
  const builder = new RecordBatchBuilder();
  for (const [index, value] of values.entries()) builder.append(1000 + index, null, value);
  return Buffer.from(builder.finish());
}

function failsWith(code: string): (error: unknown) => boolean {
  return (error) => error instanceof DecodeError && error.code === code;
}

test("a view shows the header's fields", () => {
  const builder = new RecordBatchBuilder({ compression: "lz4", isTransactional: true });
  builder.append(2000, "a", "1");
  builder.append(1000, "b", "2");
  const bytes = builder.finish({ producerId: 77, producerEpoch: 5, baseSequence: 0x7fffffff });
  const batch = new RecordBatch(Buffer.concat([Buffer.alloc(9), bytes]), 9);
  batch.checkCrc();
  const { sizeInBytes, count, baseOffset, lastOffset, lastOffsetDelta, partitionLeaderEpoch } =
    batch;
  assert.deepEqual([sizeInBytes, count, lastOffsetDelta], [bytes.length, 2, 1]);
  assert.deepEqual([baseOffset, lastOffset, partitionLeaderEpoch], [0, 1, -1]);
  assert.deepEqual([batch.magic, batch.attributes, batch.end], [2, 0x13, 9 + bytes.length]);
  assert.deepEqual([batch.baseTimestamp, batch.maxTimestamp], [2000, 2000]);
  assert.deepEqual([batch.producerId, batch.producerEpoch], [77, 5]);
  assert.deepEqual([batch.baseSequence, batch.lastSequence], [0x7fffffff, 0]);
  assert.deepEqual([batch.compression, batch.timestampType], ["lz4", "create"]);
  assert.deepEqual([batch.isTransactional, batch.isControl], [true, false]);
  assert.equal(batch.hasDeleteHorizon, false);
});

test("offset and leader epoch can be set without touching the checksum", () => {
  const batch = new RecordBatch(batchOf(["a", "b", "c"]));
  batch.baseOffset = 2 ** 40;
  batch.partitionLeaderEpoch = 9;
  batch.checkCrc();
  assert.deepEqual([batch.baseOffset, batch.lastOffset], [2 ** 40, 2 ** 40 + 2]);
  assert.equal(batch.partitionLeaderEpoch, 9);
});

test("stamping the time of arrival renews the checksum", () => {
  const batch = new RecordBatch(batchOf(["a", "b"]));
  batch.setAppendTime(5000);
  batch.checkCrc();
  assert.deepEqual([batch.timestampType, batch.maxTimestamp], ["append", 5000]);
});

test("a changed byte fails the checksum", () => {
  const bytes = batchOf(["value"]);
  for (let at: number = batchLayout.attributes; at < bytes.length; at += 1) {
    const corrupt = Buffer.from(bytes);
    corrupt[at] = (corrupt[at] as number) ^ 1;
    let batch: RecordBatch;
    try {
      batch = new RecordBatch(corrupt);
    } catch {
      continue;
    }
    assert.throws(() => batch.checkCrc(), failsWith("CORRUPT_BATCH"), `byte ${at}`);
  }
});

test("a header that cannot be is refused", () => {
  const withInt32 = (at: number, value: number) => {
    const bytes = batchOf(["a"]);
    bytes.writeInt32BE(value, at);
    return () => new RecordBatch(bytes);
  };
  assert.throws(withInt32(batchLayout.length, 48), failsWith("INVALID_LENGTH"));
  assert.throws(withInt32(batchLayout.length, -1), failsWith("INVALID_LENGTH"));
  assert.throws(withInt32(batchLayout.length, 0x7fffffff), failsWith("TRUNCATED"));
  assert.throws(withInt32(batchLayout.count, -1), failsWith("INVALID_VALUE"));
  assert.throws(withInt32(batchLayout.lastOffsetDelta, -1), failsWith("INVALID_VALUE"));
  assert.throws(() => new RecordBatch(Buffer.alloc(10)), failsWith("TRUNCATED"));
});

test("an older format is refused by name", () => {
  const bytes = batchOf(["a"]);
  bytes[batchLayout.magic] = 1;
  const refusal = (error: unknown) =>
    failsWith("UNSUPPORTED_MAGIC")(error) && (error as Error).message.includes("format 1");
  assert.throws(() => new RecordBatch(bytes), refusal);
  assert.throws(() => new RecordBatches(bytes).next(), refusal);
});

test("a compression that Kafka does not have is refused when it is asked for", () => {
  const bytes = batchOf(["a"]);
  bytes[batchLayout.attributes + 1] = 5;
  assert.throws(() => new RecordBatch(bytes).compression, failsWith("UNKNOWN_CODEC"));
});

test("batches are walked one after the other, and one that is cut off is left out", () => {
  const first = batchOf(["a", "b"]);
  const second = batchOf(["c"]);
  const all = Buffer.concat([first, second]);
  for (let length = 0; length <= all.length; length += 1) {
    const batches = new RecordBatches(all.subarray(0, length));
    const counts: number[] = [];
    for (let batch = batches.next(); batch; batch = batches.next()) counts.push(batch.count);
    const whole = length < first.length ? 0 : length < all.length ? 1 : 2;
    assert.deepEqual(counts, [2, 1].slice(0, whole));
    assert.equal(batches.isCut, length !== 0 && length !== first.length && length !== all.length);
  }
});

test("sequence numbers go on with zero after the greatest", () => {
  assert.equal(advanceSequence(5, 3), 8);
  assert.equal(advanceSequence(0x7fffffff, 0), 0x7fffffff);
  assert.equal(advanceSequence(0x7fffffff, 1), 0);
  assert.equal(advanceSequence(0x7ffffffe, 5), 3);
});
