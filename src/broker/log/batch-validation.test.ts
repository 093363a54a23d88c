import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultLogConfig } from "../../../test/log-config.ts";
import type { BrokerErrorCode } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import {
  batchAttributes,
  batchLayout,
  type Compression,
  endTransactionMarker,
  noProducer,
  RecordBatch,
  RecordBatchBuilder,
  RecordCursor,
  renewCrc,
} from "../../protocol/index.ts";
import { type ValidationOptions, validateBatches } from "./batch-validation.ts";
import type { LogConfig } from "./log-config.ts";
import { RefusedRecords } from "./record-validation.ts";

const now = 1_700_000_000_000;
const hour = 3_600_000;
const codecs: readonly Compression[] = ["none", "gzip", "snappy", "lz4", "zstd"];

function validate(
  records: Buffer,
  { settings, ...options }: Partial<ValidationOptions> & { settings?: Partial<LogConfig> } = {},
) {
  const merged = { ...defaultLogConfig, ...settings };
  return validateBatches(records, {
    baseOffset: 100,
    leaderEpoch: 7,
    origin: "client",
    config: merged,
    now,
    ...options,
  });
}

function batchOf(
  {
    compression = "none",
    timestamps = [now, now + 2, now + 1],
    key = "key",
  }: {
    compression?: Compression;
    timestamps?: readonly number[];
    key?: string | null;
  } = {},
  stamp = noProducer,
): Buffer {
  const builder = new RecordBatchBuilder({ compression });
  const headers = [{ key: "h", value: Buffer.from([0xff, 0]) }];
  for (const [index, at] of timestamps.entries()) builder.append(at, key, `v${index}`, headers);
  return Buffer.from(builder.finish(stamp));
}

/** The batch with a change to its header that its checksum covers. */
function changed(batch: Buffer, change: (batch: Buffer) => void): Buffer {
  change(batch);
  renewCrc(batch, 0, batch.length);
  return batch;
}

function refusedWith(code: BrokerErrorCode) {
  return (error: unknown) => error instanceof BrokerError && error.code === code;
}

/** The records of a batch, each as one line. */
function linesOf(records: Buffer): string[] {
  const batch = new RecordBatch(records);
  batch.checkCrc();
  const cursor = new RecordCursor();
  cursor.open(batch, 2 ** 20);
  const lines: string[] = [];
  while (cursor.next()) {
    const headers = cursor.headers().map(({ key, value }) => `${key}=${value?.toString("hex")}`);
    const { offset, timestamp } = cursor;
    lines.push(`${offset} ${timestamp - now} ${cursor.keyText()} ${cursor.valueText()} ${headers}`);
  }
  return lines;
}

test("a valid batch gets offsets and leader epoch in the buffer that came", () => {
  const records = batchOf();
  const valid = validate(records);
  assert.equal(valid.records, records);
  const { baseOffset, lastOffset, recordCount, maxTimestamp, logAppendTimeMs } = valid;
  assert.deepEqual([baseOffset, lastOffset, recordCount], [100, 102, 3]);
  assert.deepEqual([maxTimestamp, logAppendTimeMs], [now + 2, -1]);
  assert.equal(new RecordBatch(records).partitionLeaderEpoch, 7);
  assert.deepEqual(linesOf(records), [
    "100 0 key v0 h=ff00",
    "101 2 key v1 h=ff00",
    "102 1 key v2 h=ff00",
  ]);
});

/** What Kafka 4.3.1 answers, measured. */
const refused: readonly [what: string, code: BrokerErrorCode, records: () => Buffer][] = [
  [
    "a wrong checksum",
    "CORRUPT_MESSAGE",
    () => {
      const records = batchOf();
      records.writeInt8(1, records.length - 1);
      return records;
    },
  ],
  [
    "the format before 0.11",
    "INVALID_RECORD",
    () => changed(batchOf(), (batch) => batch.writeInt8(1, batchLayout.magic)),
  ],
  [
    "a format to come",
    "CORRUPT_MESSAGE",
    () => changed(batchOf(), (batch) => batch.writeInt8(3, batchLayout.magic)),
  ],
  [
    "fewer records than counted",
    "INVALID_RECORD",
    () => changed(batchOf(), (batch) => batch.writeInt32BE(4, batchLayout.count)),
  ],
  [
    "another number of offsets than of records",
    "INVALID_RECORD",
    () => changed(batchOf(), (batch) => batch.writeInt32BE(3, batchLayout.lastOffsetDelta)),
  ],
  [
    "count and last offset delta wrong alike",
    "INVALID_RECORD",
    () =>
      changed(batchOf(), (batch) => {
        batch.writeInt32BE(2, batchLayout.count);
        batch.writeInt32BE(1, batchLayout.lastOffsetDelta);
      }),
  ],
  [
    "no records",
    "INVALID_RECORD",
    () =>
      changed(batchOf().subarray(0, batchLayout.records), (batch) => {
        batch.writeInt32BE(batch.length - 12, batchLayout.length);
        batch.writeInt32BE(0, batchLayout.count);
        batch.writeInt32BE(-1, batchLayout.lastOffsetDelta);
      }),
  ],
  ["no batch", "INVALID_RECORD", () => Buffer.alloc(0)],
  ["half a batch", "INVALID_RECORD", () => batchOf().subarray(0, 70)],
  ["two batches", "INVALID_RECORD", () => Buffer.concat([batchOf(), batchOf()])],
  [
    "a base offset",
    "INVALID_RECORD",
    () => {
      const records = batchOf();
      new RecordBatch(records).baseOffset = 5;
      return records;
    },
  ],
  ["control records", "INVALID_RECORD", () => marker()],
  [
    "a producer without sequence numbers",
    "INVALID_RECORD",
    () => batchOf({}, { producerId: 5, producerEpoch: 0, baseSequence: -1 }),
  ],
  [
    "an unknown codec",
    "UNKNOWN_SERVER_ERROR",
    () => changed(batchOf(), (batch) => batch.writeInt16BE(5, batchLayout.attributes)),
  ],
  [
    "gzip that is none",
    "UNKNOWN_SERVER_ERROR",
    () => changed(batchOf(), (batch) => batch.writeInt16BE(1, batchLayout.attributes)),
  ],
  [
    "a length below that of any header",
    "CORRUPT_MESSAGE",
    () => {
      const records = batchOf();
      records.writeInt32BE(13, batchLayout.length);
      return records;
    },
  ],
  [
    "a length below that of its header",
    "CORRUPT_MESSAGE",
    () => {
      const records = batchOf().subarray(0, 52);
      records.writeInt32BE(40, batchLayout.length);
      return records;
    },
  ],
  [
    "nanoseconds for timestamps",
    "INVALID_TIMESTAMP",
    () =>
      changed(batchOf(), (batch) =>
        batch.writeBigInt64BE(BigInt(now) * 1_000_000n, batchLayout.baseTimestamp),
      ),
  ],
];

for (const [what, code, records] of refused) {
  test(`${what} is refused with ${code}`, () => {
    assert.throws(() => validate(records()), refusedWith(code));
  });
}

function marker(): Buffer {
  const bytes = endTransactionMarker({
    outcome: "commit",
    coordinatorEpoch: 3,
    timestamp: now,
    producerId: 5,
    producerEpoch: 0,
  });
  return Buffer.from(bytes);
}

test("a marker of the broker's own is taken, and not compressed", () => {
  const { records, lastOffset } = validate(marker(), {
    origin: "marker",
    settings: { compressionType: "gzip", compacts: true },
  });
  assert.equal(lastOffset, 100);
  assert.equal(new RecordBatch(records).compression, "none");
});

test("what follows the batch and is none is dropped", () => {
  const { length } = batchOf();
  for (const garbage of [Buffer.alloc(11, 0x7f), batchOf().subarray(0, 90)]) {
    const { records } = validate(Buffer.concat([batchOf(), garbage]));
    assert.equal(records.length, length);
  }
});

test("wrong offset deltas pass as they are where nothing is compressed", () => {
  const builder = new RecordBatchBuilder();
  builder.append(now, "a", "1", undefined, 5);
  builder.append(now, "b", "2", undefined, 1);
  const { records, lastOffset } = validate(Buffer.from(builder.finish()));
  assert.equal(lastOffset, 101);
  assert.deepEqual(
    linesOf(records).map((line) => line.split(" ")[0]),
    ["105", "101"],
  );
});

test("wrong offset deltas are put right where records are compressed", () => {
  const builder = new RecordBatchBuilder({ compression: "zstd" });
  builder.append(now + 9, "a", "1", undefined, 5);
  builder.append(now, "b", null, undefined, 1);
  const { records } = validate(Buffer.from(builder.finish()));
  assert.deepEqual(linesOf(records), ["100 9 a 1 ", "101 0 b null "]);
  assert.equal(new RecordBatch(records).compression, "zstd");
});

test("a record without a key is refused by a compacted topic, by its place in the batch", () => {
  for (const compression of codecs) {
    const builder = new RecordBatchBuilder({ compression });
    for (const key of ["a", null, "b", null]) builder.append(now, key, "value");
    const records = Buffer.from(builder.finish());
    assert.throws(
      () => validate(records, { settings: { compacts: true } }),
      (error) =>
        error instanceof RefusedRecords &&
        error.code === "INVALID_RECORD" &&
        error.recordErrors.map(({ batchIndex }) => batchIndex).join() === "1,3",
    );
  }
});

test("timestamps out of bounds are refused, by their places in the batch", () => {
  const settings = { messageTimestampBeforeMaxMs: 10 * hour, messageTimestampAfterMaxMs: hour };
  const timestamps = [now + hour, now + hour + 1, now - 10 * hour, now - 10 * hour - 1, -1];
  assert.throws(
    () => validate(batchOf({ timestamps }), { settings }),
    (error) =>
      error instanceof RefusedRecords &&
      error.code === "INVALID_TIMESTAMP" &&
      error.recordErrors.map(({ batchIndex }) => batchIndex).join() === "1,3",
  );
});

test("records without a timestamp are taken", () => {
  const { maxTimestamp } = validate(batchOf({ timestamps: [-1, -1] }));
  assert.equal(maxTimestamp, -1);
});

test("a greatest timestamp that the records do not have is put right", () => {
  const records = changed(batchOf(), (batch) =>
    batch.writeBigInt64BE(BigInt(now + 500), batchLayout.maxTimestamp),
  );
  const batch = new RecordBatch(validate(records).records);
  batch.checkCrc();
  assert.equal(batch.maxTimestamp, now + 2);
});

test("with log append time the broker's time takes the place of all timestamps", () => {
  for (const compression of codecs) {
    const timestamps = [now + 10 * 24 * hour, 5];
    const { records, logAppendTimeMs } = validate(batchOf({ compression, timestamps }), {
      settings: { messageTimestampType: "append" },
    });
    assert.equal(logAppendTimeMs, now);
    const batch = new RecordBatch(records);
    assert.deepEqual([batch.timestampType, batch.maxTimestamp], ["append", now]);
    assert.deepEqual(linesOf(records), ["100 0 key v0 h=ff00", "101 0 key v1 h=ff00"]);
  }
});

test("a producer must not claim the log append time", () => {
  const stamped = () => {
    const records = batchOf();
    new RecordBatch(records).setAppendTime(now);
    return records;
  };
  const settings = { messageTimestampType: "append" } as const;
  assert.throws(() => validate(stamped(), { settings }), refusedWith("INVALID_TIMESTAMP"));
  // Kafka lets it pass, and takes the claim away, where the topic keeps the producer's timestamps.
  assert.equal(new RecordBatch(validate(stamped()).records).timestampType, "create");
});

test("a batch beyond max.message.bytes is refused", () => {
  const records = batchOf();
  const settings = { maxMessageBytes: records.length - 1 };
  assert.throws(() => validate(records, { settings }), refusedWith("MESSAGE_TOO_LARGE"));
  assert.equal(
    validate(records, { settings: { maxMessageBytes: records.length } }).lastOffset,
    102,
  );
});

test("a batch that grows beyond max.message.bytes by recompression is refused", () => {
  const builder = new RecordBatchBuilder({ compression: "gzip" });
  builder.append(now, null, "x".repeat(5000));
  const records = Buffer.from(builder.finish());
  const settings = { maxMessageBytes: 4000, compressionType: "uncompressed" } as const;
  assert.throws(() => validate(records, { settings }), refusedWith("MESSAGE_TOO_LARGE"));
});

for (const from of codecs) {
  for (const to of codecs) {
    test(`records compressed with ${from} are kept when the topic wants ${to}`, () => {
      const stamp = { producerId: 8, producerEpoch: 2, baseSequence: 77 };
      const records = batchOf({ compression: from }, stamp);
      const compressionType = to === "none" ? "uncompressed" : to;
      const valid = validate(records, { settings: { compressionType } });
      assert.deepEqual(linesOf(valid.records), [
        "100 0 key v0 h=ff00",
        "101 2 key v1 h=ff00",
        "102 1 key v2 h=ff00",
      ]);
      const batch = new RecordBatch(valid.records);
      assert.equal(batch.compression, to);
      const { producerId, producerEpoch, baseSequence, partitionLeaderEpoch, maxTimestamp } = batch;
      assert.deepEqual({ producerId, producerEpoch, baseSequence }, stamp);
      assert.deepEqual([partitionLeaderEpoch, maxTimestamp], [7, now + 2]);
      assert.equal(valid.records === records, from === to);
    });
  }
}

test("recompression keeps the transactional bit", () => {
  const builder = new RecordBatchBuilder({ isTransactional: true });
  builder.append(now, "a", "1");
  const stamp = { producerId: 8, producerEpoch: 2, baseSequence: 0 };
  const settings = { compressionType: "lz4" } as const;
  const { records } = validate(Buffer.from(builder.finish(stamp)), { settings });
  const { attributes } = new RecordBatch(records);
  assert.equal(attributes, batchAttributes.transactional | 3);
});
