import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Compression } from "../../protocol/compression.ts";
import { RecordBatch } from "../../protocol/record-batch.ts";
import { RecordBatchBuilder } from "../../protocol/record-batch-builder.ts";
import { RecordCursor } from "../../protocol/record-cursor.ts";
import { Batch } from "./batch.ts";

const place = { topic: "orders", partition: 3 };
const identity = { producerId: 4_000, producerEpoch: 2 };

function valuesOf(batch: Batch): (string | null)[] {
  const encoded = new RecordBatch(batch.encode());
  encoded.checkCrc();
  const cursor = new RecordCursor();
  cursor.open(encoded, 1 << 20);
  const values: (string | null)[] = [];
  while (cursor.next()) values.push(cursor.valueText());
  return values;
}

test("what is numbered anew bears the new stamp and a right checksum", () => {
  const batch = new Batch(place, new RecordBatchBuilder(), 0);
  batch.append(1, "k", "v", undefined, undefined);
  batch.number(identity, 7);
  assert.equal(new RecordBatch(batch.encode()).baseSequence, 7);
  batch.number({ producerId: 4_000, producerEpoch: 3 }, 0);
  const encoded = new RecordBatch(batch.encode());
  encoded.checkCrc();
  assert.deepEqual([encoded.producerEpoch, encoded.baseSequence], [3, 0]);
});

test("recipients find their records also where others have none", () => {
  const batch = new Batch(place, new RecordBatchBuilder(), 0);
  const recipient = { topic: "orders", value: "b" };
  batch.append(10, null, "a", undefined, undefined);
  batch.append(11, null, "b", undefined, recipient);
  batch.append(12, null, "c", undefined, undefined);
  assert.deepEqual(batch.recipients, [undefined, recipient, undefined]);
  assert.equal(batch.timestamps?.[1], 11);
});

test("a batch splits into two that have its records, recipients and numbers, in its order", () => {
  const codecs = fc.constantFrom<Compression>("none", "gzip", "lz4");
  const lengths = fc.array(fc.nat(3_000), { minLength: 2, maxLength: 60 });
  fc.assert(
    fc.property(codecs, lengths, (compression, sizes) => {
      const newBuilder = () => new RecordBatchBuilder({ compression });
      const batch = new Batch(place, newBuilder(), 5);
      const values = sizes.map((size, index) => `${index}-${"x".repeat(size)}`);
      const recipients = values.map((value) => ({ topic: "orders", value }));
      for (const [index, value] of values.entries()) {
        batch.append(index, null, value, [{ key: "h", value }], recipients[index]);
      }
      batch.ordinal = 9;
      batch.number(identity, 0x7fffffff - 1);
      const parts = batch.split(newBuilder);
      const [first, second] = parts;
      assert.ok(first.count > 0 && second.count > 0);
      assert.deepEqual(parts.flatMap(valuesOf), values);
      assert.deepEqual([...(first.recipients ?? []), ...(second.recipients ?? [])], recipients);
      const next = (0x7fffffff - 1 + first.count) % 2 ** 31;
      assert.deepEqual([first.baseSequence, second.baseSequence], [0x7fffffff - 1, next]);
      assert.deepEqual([second.ordinal, second.createdAt], [9, 5]);
    }),
    { numRuns: 60 },
  );
});
