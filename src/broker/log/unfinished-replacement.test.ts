import assert from "node:assert/strict";
import { test } from "node:test";
import { FaultyDisk } from "../../../test/faulty-disk.ts";
import { LogFixture, seededNumbers } from "../../../test/log-fixture.ts";

/** A log of three full segments, the first two of which are replaced by one with every other batch. */
function replaceOnce(disk: FaultyDisk, crashesAt: number): LogFixture {
  const fixture = new LogFixture({ segmentBytes: 1000, retentionMs: -1 }, disk);
  for (let count = 0; count < 9; count += 1) fixture.append([`${count}`.repeat(200)]);
  const { log } = fixture;
  const old = log.segments.slice(0, 2);
  disk.crashIn(crashesAt);
  const cleaned = log.newCleanedSegment(0);
  for (const segment of old) {
    const reader = segment.batches();
    for (let batch = reader.next(); batch; batch = reader.next()) {
      const bytes = batch.buffer.subarray(batch.start, batch.end);
      if (batch.baseOffset % 2 === 0) cleaned.append(Buffer.from(bytes));
    }
  }
  log.replaceSegments(cleaned, old);
  return fixture;
}

function offsets(fixture: LogFixture): number[] {
  return fixture.readAll().map(({ offset }) => offset);
}

test("a segment takes the place of others, and keeps it", () => {
  const fixture = replaceOnce(new FaultyDisk(seededNumbers(1)), Number.POSITIVE_INFINITY);
  const wanted = offsets(fixture);
  assert.ok(wanted.length < 9 && wanted.at(-1) === 8);
  fixture.restart();
  assert.deepEqual(offsets(fixture), wanted);
  assert.deepEqual(
    fixture.files().filter((name) => /\.(cleaned|swap|deleted)$/.test(name)),
    [],
  );
});

test("wherever a replacement is cut short, the log is as before or as after it", () => {
  const whole = offsets(replaceOnce(new FaultyDisk(seededNumbers(1)), Number.POSITIVE_INFINITY));
  const outcomes = new Set<number>();
  for (let crashesAt = 1; crashesAt < 40; crashesAt += 1) {
    for (const kind of ["kill", "power loss"] as const) {
      const disk = new FaultyDisk(seededNumbers(crashesAt));
      let fixture: LogFixture | undefined;
      try {
        fixture = replaceOnce(disk, crashesAt);
      } catch {
        // Cut short, as it should be.
      }
      const isDone = fixture !== undefined;
      fixture = new LogFixture({ segmentBytes: 1000, retentionMs: -1 }, disk.restart(kind));
      const found = offsets(fixture);
      outcomes.add(found.length);
      if (kind === "kill" && isDone) assert.deepEqual(found, whole);
      const isKnown = found.every((offset, index) => {
        const before = found[index - 1] ?? -1;
        return offset === before + 1 || whole.includes(offset);
      });
      assert.ok(isKnown, `${crashesAt} ${kind}: ${found}`);
      if (kind === "kill") assert.ok(found.length === 9 || found.length === whole.length);
    }
  }
  assert.ok(outcomes.has(9) && outcomes.has(whole.length));
});
