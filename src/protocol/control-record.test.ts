import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { DecodeError } from "../errors.ts";
import {
  controlRecordType,
  endTransactionMarker,
  markerCoordinatorEpoch,
} from "./control-record.ts";
import { RecordBatch } from "./record-batch.ts";
import { RecordBatchBuilder } from "./record-batch-builder.ts";
import { RecordCursor } from "./record-cursor.ts";

const file = new URL("record-batch.vectors.json", import.meta.url);
const vectors = JSON.parse(readFileSync(file, "utf8")) as readonly { name: string; hex: string }[];

function cursorOver(bytes: Buffer): RecordCursor {
  const cursor = new RecordCursor();
  cursor.open(new RecordBatch(bytes), 1000);
  assert.ok(cursor.next());
  return cursor;
}

function recordOf(key: Uint8Array | null, value: Uint8Array | null): RecordCursor {
  const builder = new RecordBatchBuilder({ isControl: true });
  builder.append(0, key, value);
  return cursorOver(builder.finish());
}

for (const outcome of ["commit", "abort"] as const) {
  test(`a marker that says ${outcome} is, byte for byte, the Java broker's, and is read back`, () => {
    const marker = endTransactionMarker({
      outcome,
      coordinatorEpoch: 12,
      timestamp: 1_700_000_000_000,
      producerId: 4711,
      producerEpoch: 3,
    });
    assert.equal(marker.toString("hex"), vectors.find(({ name }) => name === outcome)?.hex);
    const { isControl, isTransactional } = new RecordBatch(marker);
    assert.ok(isControl && isTransactional);
    const cursor = cursorOver(marker);
    assert.equal(controlRecordType(cursor), outcome);
    assert.equal(markerCoordinatorEpoch(cursor), 12);
  });
}

test("control records for brokers, and later versions of known ones, are let be", () => {
  assert.equal(controlRecordType(recordOf(Buffer.from([0, 0, 0, 2]), null)), "other");
  assert.equal(controlRecordType(recordOf(Buffer.from([0, 0, 0xff, 0xff]), null)), "other");
  assert.equal(controlRecordType(recordOf(Buffer.from([0, 3, 0, 1, 9, 9]), null)), "commit");
});

test("control records that say nothing are refused", () => {
  for (const bytes of [null, Buffer.alloc(3), Buffer.from([0xff, 0xff, 0, 0, 0, 0])]) {
    assert.throws(() => controlRecordType(recordOf(bytes, null)), DecodeError);
    assert.throws(() => markerCoordinatorEpoch(recordOf(null, bytes)), DecodeError);
  }
});
