/**
 * What decoding and encoding record batches costs, per record with a key of 10 and a value of 100
 * bytes, in batches of 16 KB. Run: `node bench/protocol/record-batch.ts`.
 */
import { RecordBatches } from "../../src/protocol/record-batch.ts";
import { RecordBatchBuilder } from "../../src/protocol/record-batch-builder.ts";
import { RecordCursor } from "../../src/protocol/record-cursor.ts";

const recordsPerBatch = 140;
const batchCount = 80;
const recordCount = recordsPerBatch * batchCount;
const limitBytes = 64 * 1024 * 1024;
const rounds = 100;
const baseTimestamp = 1_764_000_000_000;

const keys = Array.from({ length: 1000 }, (_, index) => `user-${String(index).padStart(5, "0")}`);
const keyBytes = keys.map((key) => Buffer.from(key));
const text = "The quick brown fox jumps over the lazy dog. ".repeat(3).slice(0, 100);
const textBytes = Buffer.from(text);
const wideText = text.replaceAll("o", "ö");

const builder = new RecordBatchBuilder({ capacity: 32 * 1024 });
const cursor = new RecordCursor();

/** Builds all batches, and gives the bytes that came out. */
function build(
  keyOf: (index: number) => string | Buffer,
  value: string | Buffer,
  finish: boolean,
): number {
  let size = 0;
  for (let batch = 0; batch < batchCount; batch += 1) {
    builder.reset();
    for (let index = 0; index < recordsPerBatch; index += 1) {
      const position = batch * recordsPerBatch + index;
      builder.append(baseTimestamp + position, keyOf(position % keys.length), value);
    }
    size += finish ? builder.finish().length : builder.sizeInBytes;
  }
  return size;
}

function fetched(): Buffer {
  const batches: Buffer[] = [];
  for (let batch = 0; batch < batchCount; batch += 1) {
    builder.reset();
    for (let index = 0; index < recordsPerBatch; index += 1) {
      const position = batch * recordsPerBatch + index;
      builder.append(baseTimestamp + position, keys[position % keys.length] as string, text);
    }
    batches.push(Buffer.from(builder.finish()));
  }
  return Buffer.concat(batches);
}

const records = fetched();

/** Walks over all records and adds up what `visit` makes of each. */
function walk(visit: (cursor: RecordCursor) => number, checkCrc: boolean): number {
  let sum = 0;
  const batches = new RecordBatches(records);
  for (let batch = batches.next(); batch !== undefined; batch = batches.next()) {
    if (checkCrc) batch.checkCrc();
    cursor.open(batch, limitBytes);
    while (cursor.next()) sum += visit(cursor);
  }
  return sum;
}

function checkAll(): number {
  let count = 0;
  const batches = new RecordBatches(records);
  for (let batch = batches.next(); batch !== undefined; batch = batches.next()) {
    batch.checkCrc();
    count += batch.count;
  }
  return count;
}

const positions = (at: RecordCursor) => at.offset + at.timestamp + at.valueEnd - at.keyStart;
const keyText = (at: RecordCursor) => at.keyText()?.length ?? 0;
const bothTexts = (at: RecordCursor) => (at.keyText()?.length ?? 0) + (at.valueText()?.length ?? 0);
const bothSlices = (at: RecordCursor) => (at.key()?.length ?? 0) + (at.value()?.length ?? 0);
const keyAt = (index: number) => keys[index] as string;
const keyBytesAt = (index: number) => keyBytes[index] as Buffer;

const jobs: readonly (readonly [string, () => number])[] = [
  ["check the CRC-32C", checkAll],
  ["walk", () => walk(positions, false)],
  ["walk, checking the CRC", () => walk(positions, true)],
  ["walk, key as text", () => walk(keyText, false)],
  ["walk, key and value as slices", () => walk(bothSlices, false)],
  ["walk, CRC, key and value as text", () => walk(bothTexts, true)],
  ["append strings", () => build(keyAt, text, false)],
  ["append strings beyond ASCII", () => build(keyAt, wideText, false)],
  ["append bytes", () => build(keyBytesAt, textBytes, false)],
  ["append strings, finish with CRC", () => build(keyAt, text, true)],
];

console.log("ns per record         best  median");
for (const [name, run] of jobs) {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const start = process.hrtime.bigint();
    run();
    times.push(Number(process.hrtime.bigint() - start) / recordCount);
  }
  times.sort((left, right) => left - right);
  const [best, median] = [times[0] ?? 0, times[rounds / 2] ?? 0];
  console.log(`${name.padEnd(34)} ${best.toFixed(1).padStart(6)} ${median.toFixed(1).padStart(6)}`);
}
