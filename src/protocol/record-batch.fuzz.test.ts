import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { DecodeError } from "../errors.ts";
import { type Compression, compressionNumber } from "./compression.ts";
import { compressLz4 } from "./lz4.ts";
import { batchLayout, RecordBatch, RecordBatches, renewCrc } from "./record-batch.ts";
import { RecordBatchBuilder } from "./record-batch-builder.ts";
import { RecordCursor } from "./record-cursor.ts";
import { compressSnappy } from "./snappy.ts";

const limitBytes = 1024 * 1024;
const compressions: readonly Compression[] = ["none", "gzip", "snappy", "lz4", "zstd"];

function realBatch(compression: Compression): Buffer {
  const builder = new RecordBatchBuilder({ compression });
  for (let index = 0; index < 20; index += 1) {
    const headers = index % 3 === 0 ? [{ key: "h", value: "x".repeat(index) }] : undefined;
    builder.append(1000 + index * 500, index % 4 === 0 ? null : `key-${index}`, "value ", headers);
  }
  builder.append(9_000_000_000, "wide", "y".repeat(9000));
  return Buffer.from(builder.finish());
}

/** Reads all there is to read, as a client would, whatever the checksum says. */
function readAll(bytes: Buffer): void {
  const cursor = new RecordCursor();
  const batches = new RecordBatches(bytes);
  for (let batch = batches.next(); batch; batch = batches.next()) {
    try {
      batch.checkCrc();
    } catch (error) {
      assert.ok(error instanceof DecodeError);
    }
    cursor.open(batch, limitBytes);
    while (cursor.next()) {
      const { buffer, keyStart, keyEnd, valueStart, valueEnd } = cursor;
      assert.ok(keyStart === -1 || (keyStart <= keyEnd && keyEnd <= buffer.length));
      assert.ok(valueStart === -1 || (valueStart <= valueEnd && valueEnd <= buffer.length));
      cursor.keyText();
      cursor.valueText();
      cursor.headers();
    }
  }
}

function onlyDecodeErrors(run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
}

type Mutation = (bytes: Buffer) => Buffer;

/** Set by position as a share of the length, so that shrinking and other batches keep their sense. */
const flip = fc.tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.nat(255)).map(
  ([place, byte]): Mutation =>
    (bytes) => {
      bytes[Math.floor(place * bytes.length)] = byte;
      return bytes;
    },
);
const cut = fc.double({ min: 0, max: 1, noNaN: true }).map(
  (share): Mutation =>
    (bytes) =>
      bytes.subarray(0, Math.floor(share * bytes.length)),
);
/** Cuts the batch, but has its length agree. */
const shorten = fc.double({ min: 0, max: 1, noNaN: true }).map(
  (share): Mutation =>
    (bytes) => {
      const room = bytes.length - batchLayout.records;
      if (room <= 0) return bytes;
      const shortened = bytes.subarray(0, batchLayout.records + Math.floor(share * room));
      shortened.writeInt32BE(
        shortened.length - batchLayout.partitionLeaderEpoch,
        batchLayout.length,
      );
      return shortened;
    },
);
const huge = fc
  .tuple(
    fc.double({ min: 0, max: 0.999, noNaN: true }),
    fc.constantFrom("ffffffffff", "7fffffff", "80000000", "feffffff0f", "00000000"),
  )
  .map(
    ([place, hex]): Mutation =>
      (bytes) => {
        bytes.write(hex, Math.floor(place * bytes.length), "hex");
        return bytes;
      },
  );

test("no damage to a batch brings up anything but a DecodeError", () => {
  const batches = compressions.map(realBatch);
  const mutations = fc.array(fc.oneof(flip, flip, cut, shorten, huge), {
    minLength: 1,
    maxLength: 5,
  });
  fc.assert(
    fc.property(fc.constantFrom(...batches), mutations, (batch, all) => {
      const damaged = all.reduce<Buffer>((bytes, mutate) => mutate(bytes), Buffer.from(batch));
      // Behind it another batch, into which no reading may run.
      onlyDecodeErrors(() => readAll(Buffer.concat([damaged, batch])));
      onlyDecodeErrors(() => readAll(damaged));
    }),
    { numRuns: 4000 },
  );
});

test("records of noise bring up nothing but a DecodeError", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom(...compressions),
      fc.integer({ min: -1, max: 2 ** 31 - 1 }),
      (noise, compression, count) => {
        onlyDecodeErrors(() => readAll(batchWith(compression, Buffer.from(noise), count)));
      },
    ),
    { numRuns: 4000 },
  );
});

test("bombs are refused in short time and little memory", () => {
  const zeros = Buffer.alloc(4 * 1024 * 1024);
  const repeat = (bytes: Buffer, times: number) => Buffer.concat(Array(times).fill(bytes));
  const snappy = compressSnappy(zeros);
  const lz4 = compressLz4(zeros);
  // Each unfolds to two gigabytes.
  const bombs: readonly (readonly [Compression, Buffer])[] = [
    ["gzip", repeat(gzipSync(zeros), 512)],
    ["zstd", repeat(zstdCompressSync(zeros), 512)],
    ["snappy", Buffer.concat([snappy, repeat(snappy.subarray(16), 63)])],
    ["lz4", Buffer.concat([lz4.subarray(0, 7), repeat(lz4.subarray(7, -4), 511), lz4.subarray(7)])],
  ];
  for (const [compression, bomb] of bombs) {
    const batch = new RecordBatch(batchWith(compression, bomb, 1));
    batch.checkCrc();
    const peakKilobytes = process.resourceUsage().maxRSS;
    const cpu = process.cpuUsage();
    const isTooLarge = (error: unknown) =>
      error instanceof DecodeError && error.code === "TOO_LARGE";
    assert.throws(() => new RecordCursor().open(batch, limitBytes), isTooLarge, compression);
    const { user, system } = process.cpuUsage(cpu);
    assert.ok(user + system < 500_000, `${compression} took ${user + system} µs`);
    const grown = process.resourceUsage().maxRSS - peakKilobytes;
    assert.ok(grown < 32 * 1024, `${compression} took ${grown} KB`);
  }
});

/** A batch with these compressed records, and a checksum that agrees. */
function batchWith(compression: Compression, records: Buffer, count: number): Buffer {
  const bytes = Buffer.concat([realBatch("none").subarray(0, batchLayout.records), records]);
  bytes.writeInt32BE(bytes.length - batchLayout.partitionLeaderEpoch, batchLayout.length);
  bytes.writeInt16BE(compressionNumber(compression), batchLayout.attributes);
  bytes.writeInt32BE(count, batchLayout.count);
  renewCrc(bytes, 0, bytes.length);
  return bytes;
}
