import assert from "node:assert/strict";
import { test } from "node:test";
import { type AppendOptions, ScriptedLog } from "../../../test/scripted-log.ts";
import { DecodeError } from "../../errors.ts";
import type { Compression } from "../../protocol/index.ts";
import { json } from "../json-serde.ts";
import { bytes, type Deserializer, string } from "../serde.ts";
import { AssignedPartition } from "./assigned-partition.ts";
import { ConsumerBatch } from "./consumer-batch.ts";
import { FetchedRecords } from "./fetched-records.ts";

interface Reading<V> {
  readonly startOffset?: number;
  readonly value?: Deserializer<V>;
  readonly checkCrcs?: boolean;
  readonly maxDecompressedBatchBytes?: number;
  readonly length?: number;
}

/** What one fetch brings of a log. */
function batchOf<V = string>(log: ScriptedLog, reading: Reading<V> = {}) {
  const { startOffset = 0, checkCrcs = true, maxDecompressedBatchBytes = 1 << 20 } = reading;
  const source = new AssignedPartition({ topic: "orders", partition: 3 });
  source.seek({ offset: startOffset, leaderEpoch: -1 });
  const all = log.read(startOffset);
  const part = {
    bytes: all.subarray(0, reading.length ?? all.length),
    startOffset,
    aborted: undefined,
    highWatermark: log.endOffset,
    lastStableOffset: log.lastStableOffset,
  };
  const records = new FetchedRecords(part, -1);
  const value = reading.value ?? (string as unknown as Deserializer<V>);
  const batch = new ConsumerBatch<string, V>(source, records, {
    terms: { checkCrcs, maxDecompressedBatchBytes },
    reusesBuffers: false,
    key: string,
    value,
    commitBehind: () => Promise.resolve(),
    markBehind: () => {},
  });
  return { batch, source };
}

function logOf(values: readonly (string | null)[], options: AppendOptions = {}): ScriptedLog {
  const log = new ScriptedLog();
  for (const value of values) log.append([value], options);
  return log;
}

test("a record has all that was written, and a batch can be read twice", () => {
  const log = new ScriptedLog();
  log.leaderEpoch = 4;
  const headers = [{ key: "trace", value: "1" }];
  log.append(["a"], { key: "k", timestamp: 1_234, headers });
  const { batch } = batchOf(log);
  const [record] = batch.records();
  assert.deepEqual(
    { ...record },
    {
      topic: "orders",
      partition: 3,
      offset: 0,
      timestamp: 1_234,
      timestampType: "create",
      leaderEpoch: 4,
      key: "k",
      value: "a",
      headers: [{ key: "trace", value: Buffer.from("1") }],
    },
  );
  assert.equal(batch.records().length, 1);
  assert.deepEqual(batch.end, { offset: 1, leaderEpoch: 4 });
});

test("keys and values that are null stay null, and empty ones empty", () => {
  const { batch } = batchOf(logOf([null, ""]));
  assert.deepEqual(
    batch.records().map(({ key, value }) => [key, value]),
    [
      [null, null],
      [null, ""],
    ],
  );
});

test("records before the position are passed over, in the batch that has it and before", () => {
  const log = new ScriptedLog();
  log.append(["a", "b", "c"]);
  log.append(["d"]);
  const { batch } = batchOf(log, { startOffset: 1 });
  assert.deepEqual(
    batch.records().map(({ value }) => value),
    ["b", "c", "d"],
  );
  assert.deepEqual([batch.firstOffset, batch.nextOffset, batch.recordCount], [1, 4, 3]);
});

test("a batch that is cut off at the end is left for the next fetch", () => {
  const log = logOf(["a", "b"]);
  const { batch } = batchOf(log, { length: log.read(0).length - 1 });
  assert.deepEqual([batch.records().length, batch.nextOffset], [1, 1]);
});

for (const compression of ["none", "gzip", "snappy", "lz4", "zstd"] as Compression[]) {
  test(`records compressed with ${compression} are read, by cursor as well`, () => {
    const log = new ScriptedLog();
    const values = Array.from({ length: 100 }, (_, index) => `value ${index}`);
    log.append(values, { compression });
    const { batch } = batchOf(log);
    assert.deepEqual(
      batch.records().map(({ value }) => value),
      values,
    );
    const cursor = batch.cursor();
    let count = 0;
    while (cursor.next()) count += cursor.record.valueText() === values[count] ? 1 : 0;
    assert.equal(count, 100);
  });
}

test("a wrong checksum is found when the batch is reached, and reading goes back to it", () => {
  const log = logOf(["a", "b"]);
  log.corrupt(1, 67);
  const { batch, source } = batchOf(log);
  const seen: unknown[] = [];
  assert.throws(
    () => {
      for (const { value } of batch) seen.push(value);
    },
    (error) => {
      assert.ok(error instanceof DecodeError && error.code === "CORRUPT_BATCH");
      assert.match(error.message, /reading orders-3 at offset 1 failed/);
      return true;
    },
  );
  assert.deepEqual(seen, ["a"]);
  assert.equal(source.position?.offset, 1);
});

test("checksums are not looked at where that is switched off", () => {
  const log = logOf(["aaaa"]);
  const at = log.read(0).indexOf("aaaa");
  log.corrupt(0, at);
  assert.equal(batchOf(log, { checkCrcs: false }).batch.records().length, 1);
});

test("a batch that grows beyond the limit when decompressed is refused", () => {
  const log = logOf(["x".repeat(100_000)], { compression: "gzip" });
  const { batch } = batchOf(log, { maxDecompressedBatchBytes: 1_000 });
  assert.throws(() => batch.records(), { code: "TOO_LARGE", message: /orders-3 at offset 0/ });
});

test("a value that cannot be deserialized is named, and reading goes back to it", () => {
  const log = new ScriptedLog();
  log.append(["1", "2", "no json"]);
  const { batch, source } = batchOf(log, { value: json<number>() });
  const seen: unknown[] = [];
  assert.throws(
    () => {
      for (const { value } of batch) seen.push(value);
    },
    { code: "INVALID_VALUE", message: /the value of orders-3 at offset 2/ },
  );
  assert.deepEqual(seen, [1, 2]);
  assert.equal(source.position?.offset, 2);
});

test("without a deserializer values are slices of what came from the network", () => {
  const { batch } = batchOf<Buffer>(logOf(["abc"]), { value: bytes });
  assert.deepEqual(batch.records()[0]?.value, Buffer.from("abc"));
});

test("bytes among which no batch is whole are refused", () => {
  const log = logOf(["a"]);
  assert.throws(() => batchOf(log, { length: 30 }), { code: "TRUNCATED" });
});
