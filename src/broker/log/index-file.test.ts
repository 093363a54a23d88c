import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MemoryDisk } from "../../memory-disk.ts";
import { IndexFile } from "./index-file.ts";
import { OffsetIndex } from "./offset-index.ts";
import { TimeIndex } from "./time-index.ts";
import { TransactionIndex } from "./transaction-index.ts";

const path = "/index";

function hexOf(disk: MemoryDisk): string {
  const bytes = Buffer.alloc(disk.sizeOf(path) ?? 0);
  disk.open(path).read(bytes, 0);
  return bytes.toString("hex");
}

test("a search finds the last entry at or below, in the file as in memory", () => {
  const numbers = fc.uniqueArray(fc.nat(5000), { maxLength: 1500, size: "max" });
  const flushed = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(numbers, flushed, fc.nat(5000), (some, share, target) => {
      const all = [...some].sort((left, right) => left - right);
      const index = new IndexFile(new MemoryDisk(), path, 4, 0);
      for (const [n, value] of all.entries()) {
        if (n === Math.floor(share * all.length)) index.flush({ isNeeded: false });
        index.append((buffer, at) => buffer.writeInt32BE(value, at));
      }
      const found = index.search((buffer, at) => buffer.readInt32BE(at) <= target);
      assert.equal(
        found,
        all.findLastIndex((value) => value <= target),
      );
      if (found >= 0) assert.equal(index.entry(found).readInt32BE(0), all[found]);
    }),
    { numRuns: 100 },
  );
});

test("entries wait in memory until there is a block of them or somebody asks for the file", () => {
  const disk = new MemoryDisk();
  const index = new IndexFile(disk, path, 4, 0);
  const append = (count: number) => {
    for (let n = 0; n < count; n += 1) index.append((buffer, at) => buffer.writeInt32BE(n + 1, at));
  };
  append(511);
  assert.equal(disk.exists(path), false);
  append(1);
  assert.equal(disk.sizeOf(path), 2048);
  append(3);
  index.flush({ isNeeded: false });
  assert.equal(disk.sizeOf(path), 2060);
});

test("the zeros that a killed Kafka leaves behind the entries are cut off", () => {
  const disk = new MemoryDisk();
  const file = disk.open(path);
  file.write([Buffer.from("0000000500001000" + "0000000900002000", "hex")], 0);
  file.truncate(10_485_760);
  const index = new OffsetIndex(disk, path, 100, file.size());
  assert.deepEqual([index.file.count, index.last], [2, { offset: 109, position: 0x2000 }]);
  assert.equal(disk.sizeOf(path), 16);
});

test("an offset index is laid out as Kafka's", () => {
  const disk = new MemoryDisk();
  const index = new OffsetIndex(disk, path, 1000, 0);
  assert.deepEqual(index.lookup(5000), { offset: 1000, position: 0 });
  index.append(1005, 4200);
  index.append(1300, 9000);
  index.file.flush({ isNeeded: false });
  assert.equal(hexOf(disk), "0000000500001068" + "0000012c00002328");
  assert.deepEqual(index.lookup(1299), { offset: 1005, position: 4200 });
  assert.deepEqual(index.lookup(1004), { offset: 1000, position: 0 });
});

test("a time index is laid out as Kafka's, and has ascending timestamps only", () => {
  const disk = new MemoryDisk();
  const index = new TimeIndex(disk, path, 1000, 0);
  assert.deepEqual(index.last, { timestamp: -1, offset: 1000 });
  index.append(1_700_000_000_000, 1005);
  index.append(1_600_000_000_000, 1010);
  index.append(1_700_000_000_001, 1020);
  index.file.flush({ isNeeded: false });
  assert.equal(hexOf(disk), "0000018bcfe5680000000005" + "0000018bcfe5680100000014");
  const { timestamp, offset } = index.lookup(1_700_000_000_000);
  assert.deepEqual([timestamp, offset], [1_700_000_000_000, 1005]);
});

test("a transaction index is laid out as Kafka's, and finds what overlaps", () => {
  const disk = new MemoryDisk();
  const index = new TransactionIndex(disk, path, 0);
  const first = { producerId: 7, firstOffset: 3, lastOffset: 10, lastStableOffset: 8 };
  const second = { producerId: 9, firstOffset: 8, lastOffset: 20, lastStableOffset: 21 };
  index.append(first);
  index.append(second);
  index.file.flush({ isNeeded: false });
  const entry = ["0000", "0000000000000007", "0000000000000003", "000000000000000a"];
  assert.equal(hexOf(disk).slice(0, 68), [...entry, "0000000000000008"].join(""));
  const collect = (start: number, end: number) => {
    const found: { producerId: number }[] = [];
    const isComplete = index.collect(start, end, found as never);
    return [found.map(({ producerId }) => producerId), isComplete];
  };
  assert.deepEqual(collect(0, 5), [[7], true]);
  assert.deepEqual(collect(0, 9), [[7, 9], true]);
  assert.deepEqual(collect(11, 30), [[9], false]);
  assert.deepEqual(collect(21, 30), [[], false]);
});
