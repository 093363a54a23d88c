import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FaultyDisk } from "../../../test/faulty-disk.ts";
import { LogFixture, linesOf, seededNumbers } from "../../../test/log-fixture.ts";
import type { BrokerErrorCode } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";

const minute = 60_000;
const hour = 60 * minute;
const kilobyte = "x".repeat(1000);

function failsWith(code: BrokerErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof BrokerError && error.code === code;
}

test("a new log is empty, and has no files before something is appended", () => {
  const { log, ...fixture } = new LogFixture();
  assert.deepEqual([log.logStartOffset, log.lastStableOffset, log.logEndOffset], [0, 0, 0]);
  assert.deepEqual(
    [log.sizeInBytes, log.latestEpoch, log.maxTimestamp()],
    [0, undefined, undefined],
  );
  assert.deepEqual(fixture.disk.list(log.directory), ["partition.metadata"]);
});

test("a read outside of the log is out of range, one at its end empty", () => {
  const fixture = new LogFixture();
  fixture.append(["a", "b"]);
  const options = { maxBytes: 1000, minOneBatch: true, committed: false };
  assert.equal(fixture.log.read(2, options).records.length, 0);
  for (const offset of [-1, 3]) {
    assert.throws(() => fixture.log.read(offset, options), failsWith("OFFSET_OUT_OF_RANGE"));
  }
});

test("a batch larger than what may be read comes whole or not at all", () => {
  const fixture = new LogFixture();
  fixture.append([kilobyte]);
  const read = (minOneBatch: boolean) =>
    linesOf(fixture.log.read(0, { maxBytes: 10, minOneBatch, committed: false }).records).length;
  assert.deepEqual([read(true), read(false)], [1, 0]);
});

test("a batch that a producer sends again is found, not appended", () => {
  const fixture = new LogFixture();
  const stamp = { producerId: 5, producerEpoch: 0, baseSequence: 0 };
  fixture.append(["a", "b"], { stamp });
  const again = fixture.append(["a", "b"], { stamp });
  assert.deepEqual([again.isDuplicate, again.baseOffset, again.lastOffset], [true, 0, 1]);
  assert.equal(fixture.log.logEndOffset, 2);
});

test("what producers did is known after a restart, in order or not", () => {
  for (const isKilled of [false, true]) {
    const fixture = new LogFixture({ segmentBytes: 2000 });
    const stamp = { producerId: 5, producerEpoch: 0, baseSequence: 0 };
    for (let sequence = 0; sequence < 4; sequence += 1) {
      fixture.append([kilobyte], { stamp: { ...stamp, baseSequence: sequence } });
    }
    fixture.restart({ isKilled });
    const last = { ...stamp, baseSequence: 3 };
    assert.equal(fixture.append([kilobyte], { stamp: last }).isDuplicate, true);
    assert.throws(
      () => fixture.append(["y"], { stamp: { ...stamp, baseSequence: 9 } }),
      failsWith("OUT_OF_ORDER_SEQUENCE_NUMBER"),
    );
  }
});

test("a segment is rolled when it is full, or when its first record is old", async () => {
  const fixture = new LogFixture({ segmentBytes: 2500, segmentMs: hour });
  const bases = () => fixture.log.segments.map(({ baseOffset }) => baseOffset);
  for (let count = 0; count < 4; count += 1) fixture.append([kilobyte]);
  assert.deepEqual(bases(), [0, 2]);
  await fixture.clock.sleep(hour + 1);
  fixture.append(["late"]);
  assert.deepEqual(bases(), [0, 2, 4]);
});

test("a batch larger than a segment is refused", () => {
  const fixture = new LogFixture({ segmentBytes: 500 });
  assert.throws(() => fixture.append([kilobyte]), failsWith("RECORD_LIST_TOO_LARGE"));
  assert.equal(fixture.log.logEndOffset, 0);
});

test("retention by time deletes segments whose latest record is too old, the active one too", async () => {
  const fixture = new LogFixture({ segmentBytes: 1500, retentionMs: hour });
  fixture.append([kilobyte]);
  await fixture.clock.sleep(50 * minute);
  fixture.append([kilobyte]);
  await fixture.clock.sleep(20 * minute);
  assert.ok(fixture.log.applyRetention(fixture.clock.now()) > 1000);
  assert.deepEqual([fixture.log.logStartOffset, fixture.log.logEndOffset], [1, 2]);
  await fixture.clock.sleep(hour);
  fixture.log.applyRetention(fixture.clock.now());
  assert.deepEqual([fixture.log.logStartOffset, fixture.log.logEndOffset], [2, 2]);
  assert.equal(fixture.log.sizeInBytes, 0);
  fixture.restart();
  assert.deepEqual([fixture.log.logStartOffset, fixture.log.logEndOffset], [2, 2]);
});

test("records with timestamps of the future keep their segment", async () => {
  const fixture = new LogFixture({ retentionMs: hour });
  fixture.append(["a"], { timestamp: fixture.clock.now() + 50 * minute });
  await fixture.clock.sleep(hour + minute);
  assert.equal(fixture.log.applyRetention(fixture.clock.now()), 0);
});

test("retention by size deletes what is beyond it, and never less than it", () => {
  const fixture = new LogFixture({ segmentBytes: 1500, retentionBytes: 2500 });
  for (let count = 0; count < 5; count += 1) fixture.append([kilobyte]);
  fixture.log.applyRetention(fixture.clock.now());
  assert.deepEqual([fixture.log.logStartOffset, fixture.log.segments.length], [2, 3]);
});

test("a log that only compacts is left to compaction", async () => {
  const fixture = new LogFixture({ compacts: true, deletes: false, segmentBytes: 1500 });
  await fixture.clock.sleep(1);
  assert.equal(fixture.log.applyRetention(fixture.clock.now() + 1000 * hour), 0);
});

test("deleted files get another name at once and go after file.delete.delay.ms", async () => {
  const fixture = new LogFixture({ segmentBytes: 1500, retentionMs: hour });
  fixture.append([kilobyte]);
  fixture.append([kilobyte]);
  const deleted = () => fixture.files().filter((name) => name.endsWith(".deleted")).length;
  await fixture.clock.sleep(2 * hour);
  fixture.log.applyRetention(fixture.clock.now());
  assert.ok(deleted() > 0);
  await fixture.clock.sleep(2 * minute);
  assert.equal(deleted(), 0);
});

test("deleted records are gone, their start is known after a kill", async () => {
  const fixture = new LogFixture({ segmentBytes: 1500 });
  for (let count = 0; count < 5; count += 1) fixture.append([kilobyte, "small"]);
  assert.equal(fixture.log.deleteRecords(5), 5);
  assert.equal(fixture.log.deleteRecords(3), 5);
  assert.throws(() => fixture.log.deleteRecords(11), failsWith("OFFSET_OUT_OF_RANGE"));
  await fixture.clock.sleep(1);
  fixture.restart({ isKilled: true });
  assert.equal(fixture.log.logStartOffset, 5);
  assert.deepEqual(
    fixture.readAll().map(({ offset }) => offset),
    [5, 6, 7, 8, 9],
  );
  fixture.log.applyRetention(fixture.clock.now());
  assert.deepEqual([fixture.log.segments.length, fixture.log.logStartOffset], [3, 5]);
  assert.equal(fixture.log.deleteRecords(-1), 10);
});

test("the record with the greatest timestamp is found, wherever it is", () => {
  const fixture = new LogFixture({ segmentBytes: 200 });
  const now = fixture.clock.now();
  for (const lag of [30, 20, 5, 25, 5, 40]) fixture.append(["x"], { timestamp: now - lag });
  const { offset, timestamp } = fixture.log.maxTimestamp() ?? {};
  assert.deepEqual([offset, timestamp], [2, now - 5]);
});

test("epochs tell where they end, and which one wrote an offset", () => {
  const fixture = new LogFixture();
  fixture.append(["a", "b"], { leaderEpoch: 1 });
  fixture.append(["c"], { leaderEpoch: 4 });
  fixture.restart({ isKilled: true });
  const { log } = fixture;
  assert.deepEqual([log.latestEpoch, log.epochAt(1), log.epochAt(2)], [4, 1, 4]);
  const ends = [0, 1, 3, 4, 5].map((epoch) => log.endOfEpoch(epoch));
  assert.deepEqual(
    ends.map(({ epoch, endOffset }) => [epoch, endOffset]),
    [
      [0, 0],
      [1, 2],
      [1, 2],
      [4, 3],
      [-1, -1],
    ],
  );
});

test("flush.messages makes what was appended safe at once", () => {
  const disk = new FaultyDisk(seededNumbers(1));
  const fixture = new LogFixture({ flushMessages: 1 }, disk);
  for (const value of ["a", "b", "c"]) fixture.append([value]);
  fixture.directory.checkpoint();
  fixture.disk = disk.restart("power loss");
  fixture.restart({ isKilled: true });
  assert.deepEqual(
    fixture.readAll().map(({ value }) => value),
    ["a", "b", "c"],
  );
});

test("a full disk refuses appends, lets reads go on, and takes appends again when there is room", () => {
  const disk = new FaultyDisk(seededNumbers(2));
  const fixture = new LogFixture({}, disk);
  fixture.append(["before"]);
  disk.freeBytes = 500;
  for (let attempt = 0; attempt < 3; attempt += 1) {
    assert.throws(() => fixture.append([kilobyte]), failsWith("KAFKA_STORAGE_ERROR"));
  }
  assert.deepEqual(fixture.readAll().length, 1);
  fixture.append(["small"]);
  disk.freeBytes = 5000;
  fixture.append([kilobyte]);
  fixture.restart({ isKilled: true });
  assert.deepEqual(
    fixture.readAll().map(({ value }) => value.length),
    [6, 5, 1000],
  );
});

test("whatever the disk fails at, what was acknowledged is there and nothing else", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const random = seededNumbers(seed);
      const disk = new FaultyDisk(random);
      const fixture = new LogFixture({ segmentBytes: 800, retentionBytes: 3000 }, disk);
      const values: string[] = [];
      disk.errorRate = 0.1;
      for (let step = 0; step < 80; step += 1) {
        const value = "v".repeat(Math.floor(random() * 200));
        try {
          if (random() < 0.1) fixture.log.applyRetention(fixture.clock.now());
          fixture.append([value]);
          values.push(value);
        } catch (error) {
          assert.ok(failsWith("KAFKA_STORAGE_ERROR")(error), String(error));
        }
        if (random() < 0.2) await new Promise(setImmediate);
      }
      disk.errorRate = 0;
      for (const isKilled of [false, true]) {
        const found = fixture.readAll().map(({ value }) => value);
        assert.deepEqual(found, values.slice(fixture.log.logStartOffset));
        assert.equal(fixture.log.logEndOffset, values.length);
        if (random() < 0.5) fixture.append(["more"]) && values.push("more");
        fixture.restart({ isKilled });
      }
    }),
    { numRuns: 100, endOnFailure: true },
  );
});
