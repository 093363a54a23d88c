import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { MillraceError } from "../errors.ts";
import type { Compression } from "./compression.ts";
import { batchLayout, RecordBatch } from "./record-batch.ts";
import { RecordBatchBuilder, restamp } from "./record-batch-builder.ts";
import { RecordCursor } from "./record-cursor.ts";
import type { Field, RecordHeaderIn } from "./record-encoder.ts";

interface Row {
  readonly timestamp: number;
  readonly key: Field;
  readonly value: Field;
  readonly headers: readonly RecordHeaderIn[] | undefined;
}

const compressions: readonly Compression[] = ["none", "gzip", "snappy", "lz4", "zstd"];
const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: "binary", maxLength: 70 }),
  // Around the lengths at which a length of UTF-8 takes a byte more than one of ASCII.
  fc.integer({ min: 15, max: 70 }).map((length) => "é".repeat(length)),
  fc.integer({ min: 2720, max: 2740 }).map((length) => "漢".repeat(length)),
  fc.integer({ min: 8185, max: 8195 }).map((length) => "x".repeat(length)),
);
const field: fc.Arbitrary<Field> = fc.oneof(
  fc.constant(null),
  text,
  fc.uint8Array({ maxLength: 80 }),
);
const row: fc.Arbitrary<Row> = fc.record({
  timestamp: fc.oneof(fc.integer({ min: -1, max: 100_000 }), fc.maxSafeNat()),
  key: field,
  value: field,
  headers: fc.option(fc.array(fc.record({ key: text, value: field }), { maxLength: 3 }), {
    nil: undefined,
  }),
});

function bytesOf(one: Field): Buffer | null {
  return one === null ? null : Buffer.from(one as string);
}

function append(builder: RecordBatchBuilder, { timestamp, key, value, headers }: Row): void {
  builder.append(timestamp, key, value, headers);
}

function assertHolds(batch: Buffer, rows: readonly Row[]): void {
  const view = new RecordBatch(batch);
  view.checkCrc();
  assert.equal(view.sizeInBytes, batch.length);
  assert.equal(view.maxTimestamp, Math.max(...rows.map(({ timestamp }) => timestamp)));
  const cursor = new RecordCursor();
  cursor.open(view, 10_000_000);
  for (const [index, { timestamp, key, value, headers = [] }] of rows.entries()) {
    assert.ok(cursor.next());
    assert.deepEqual([cursor.offset, cursor.timestamp], [index, timestamp]);
    assert.deepEqual([cursor.key(), cursor.value()], [bytesOf(key), bytesOf(value)]);
    const wanted = headers.map((header) => ({
      key: Buffer.from(header.key).toString(),
      value: bytesOf(header.value),
    }));
    assert.deepEqual(cursor.headers(), wanted);
  }
  assert.equal(cursor.next(), false);
}

test("a batch is, byte for byte, the Java client's", () => {
  const file = new URL("record-batch.vectors.json", import.meta.url);
  const vectors = JSON.parse(readFileSync(file, "utf8")) as { name: string; hex: string }[];
  const expected = Buffer.from(
    vectors.find(({ name }) => name === "none, small")?.hex ?? "",
    "hex",
  );
  const builder = new RecordBatchBuilder({ capacity: 64 });
  for (let index = 0; index < 9; index += 1) {
    const timestamp = 1_700_000_000_000 + index * index * 1000 - (index % 2) * 100_000_000_000;
    const headers = [
      { key: "trace", value: `t${index}` },
      { key: "trace", value: null },
      { key: "größe", value: new Uint8Array() },
    ];
    const key = index % 3 === 0 ? null : `key-${index}`;
    const value = index % 5 === 2 ? null : `value ${index} größer; `;
    builder.append(timestamp, key, value, index % 4 === 1 ? headers : undefined);
  }
  const batch = builder.finish({ producerId: 4711, producerEpoch: 3, baseSequence: 0x7ffffffe });
  new RecordBatch(batch).partitionLeaderEpoch = 7;
  assert.equal(batch.toString("hex"), expected.toString("hex"));
});

test("whatever is appended is read back, under every compression and from a small buffer", () => {
  const rows = fc.array(row, { minLength: 1, maxLength: 12 });
  const capacity = fc.integer({ min: 0, max: 400 });
  fc.assert(
    fc.property(rows, fc.constantFrom(...compressions), capacity, (all, compression, size) => {
      const builder = new RecordBatchBuilder({ compression, capacity: size });
      for (const one of all) append(builder, one);
      assertHolds(builder.finish(), all);
    }),
    { numRuns: 300 },
  );
});

test("a record never takes more than was foretold, and hardly less", () => {
  fc.assert(
    fc.property(row, (one) => {
      const { key, value, headers } = one;
      const builder = new RecordBatchBuilder();
      const bound = RecordBatchBuilder.sizeOf(key, value, headers);
      const limit = batchLayout.records + bound;
      assert.ok(builder.hasRoomFor(limit, key, value, headers));
      assert.ok(!builder.hasRoomFor(limit - 1, key, value, headers));
      append(builder, one);
      const size = builder.sizeInBytes - batchLayout.records;
      assert.ok(
        size <= bound && size > bound - 35 - 10 * (headers?.length ?? 0),
        `${size}, ${bound}`,
      );
    }),
  );
});

test("a builder that is reset makes another batch in the same buffer", () => {
  const builder = new RecordBatchBuilder({ compression: "lz4" });
  for (const value of ["first", "second"]) {
    const rows = [{ timestamp: 5, key: null, value, headers: undefined }];
    append(builder, rows[0] as Row);
    assertHolds(builder.finish(), rows);
    builder.reset();
    assert.deepEqual([builder.count, builder.sizeInBytes, builder.maxTimestamp], [0, 61, -1]);
  }
  assert.equal(builder.capacity, 16 * 1024);
});

test("the first timestamp is the base even where later ones are smaller", () => {
  const builder = new RecordBatchBuilder();
  for (const timestamp of [5000, 10, 2 ** 53 - 1, -1]) builder.append(timestamp, null, null);
  const batch = new RecordBatch(builder.finish());
  assert.deepEqual([batch.baseTimestamp, batch.maxTimestamp], [5000, 2 ** 53 - 1]);
});

test("another producer's stamp on a finished batch renews the checksum", () => {
  const builder = new RecordBatchBuilder();
  builder.append(1, "k", "v");
  const bytes = builder.finish({ producerId: 1, producerEpoch: 2, baseSequence: 3 });
  restamp(bytes, { producerId: 2 ** 40, producerEpoch: 0, baseSequence: 0 });
  const batch = new RecordBatch(bytes);
  batch.checkCrc();
  const { producerId, producerEpoch, baseSequence } = batch;
  assert.deepEqual([producerId, producerEpoch, baseSequence], [2 ** 40, 0, 0]);
});

test("what a record cannot be made of is refused, and leaves the batch as it was", () => {
  const builder = new RecordBatchBuilder();
  const refused = (code: string, appending: () => void) =>
    assert.throws(appending, (error) => error instanceof MillraceError && error.code === code);
  refused("INVALID_ARGUMENT", () => builder.append(Number.NaN, null, null));
  refused("INVALID_ARGUMENT", () => builder.append(1.5, null, null));
  refused("INVALID_ARGUMENT", () => builder.append(1, null, 5 as unknown as string));
  builder.append(1, null, "whole");
  refused("INVALID_ARGUMENT", () => builder.append(1.5, null, null));
  refused("INVALID_ARGUMENT", () => builder.append(2 ** 60, null, null));
  assert.deepEqual([builder.count, builder.maxTimestamp], [1, 1]);
  assertHolds(builder.finish(), [{ timestamp: 1, key: null, value: "whole", headers: undefined }]);
});

test("a batch without records cannot be finished, nor a finished one go on", () => {
  const builder = new RecordBatchBuilder();
  const isInvalid = (error: unknown) =>
    error instanceof MillraceError && error.code === "INVALID_STATE";
  assert.throws(() => builder.finish(), isInvalid);
  builder.append(1, null, null);
  builder.finish();
  assert.throws(() => builder.append(1, null, null), isInvalid);
  assert.throws(() => builder.finish(), isInvalid);
});
