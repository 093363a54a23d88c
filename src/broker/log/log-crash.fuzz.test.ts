import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Crash, type CrashKind, FaultyDisk } from "../../../test/faulty-disk.ts";
import { type Line, LogFixture, seededNumbers } from "../../../test/log-fixture.ts";
import { BrokerError } from "../../errors.ts";

/** What programs have written to a log, whether they heard that it was written, and what they deleted. */
interface Model {
  lines: Line[];
  /** Up to which offset (exclusive) the lines were acknowledged. */
  end: number;
  sequences: number[];
  /** First offsets of open transactions by producer. */
  readonly open: Map<number, number>;
}

const config = { segmentBytes: 1200, indexIntervalBytes: 100, retentionMs: -1 };

/** Does something by chance; the model knows it as soon as it is done. */
function act(fixture: LogFixture, model: Model, random: () => number): void {
  const producerId = Math.floor(random() * 3);
  const kind = random();
  if (kind < 0.75) {
    const isTransactional = producerId === 0;
    const baseSequence = model.sequences[producerId] as number;
    const values = Array.from({ length: 1 + Math.floor(random() * 3) }, () =>
      "v".repeat(Math.floor(random() * 80)),
    );
    const timestamp = fixture.clock.now();
    // Written down before it is done: it may be there without anybody having heard of it.
    model.lines = model.lines.filter(({ offset }) => offset < model.end);
    for (const [index, value] of values.entries()) {
      model.lines.push({ offset: model.end + index, timestamp, value });
    }
    const stamp = { producerId, producerEpoch: 0, baseSequence };
    fixture.append(values, { timestamp, stamp, isTransactional });
    if (isTransactional && !model.open.has(producerId)) model.open.set(producerId, model.end);
    model.end += values.length;
    model.sequences[producerId] = baseSequence + values.length;
  } else if (kind < 0.85) {
    model.lines = model.lines.filter(({ offset }) => offset < model.end);
    fixture.end(random() < 0.5 ? "commit" : "abort", 0);
    model.open.delete(0);
    model.lines.push({ offset: model.end, timestamp: -1, value: "marker" });
    model.end += 1;
  } else if (kind < 0.9) {
    fixture.log.deleteRecords(Math.floor(random() * (model.end + 1)));
  } else if (kind < 0.95) {
    fixture.log.applyRetention(fixture.clock.now());
  } else {
    fixture.directory.checkpoint();
  }
}

/** Whether the log holds what was written: all below `safeEnd`, and nothing else above it. */
function assertHolds(fixture: LogFixture, model: Model, safeEnd: number): void {
  const start = fixture.log.logStartOffset;
  const found = fixture.readAll();
  const offsets = new Set(found.map(({ offset }) => offset));
  const wanted = model.lines.filter(({ offset, value }) => {
    const isRecord = offset >= start && value !== "marker";
    return isRecord && (offset < safeEnd || offsets.has(offset));
  });
  assert.deepEqual(found, wanted);
}

/** Runs a program until it dies; gives up to where its log was safe then. */
async function runUntilCrash(
  fixture: LogFixture,
  disk: FaultyDisk,
  model: Model,
  random: () => number,
): Promise<number> {
  disk.crashIn(1 + Math.floor(random() * 150));
  for (;;) {
    const { recoveryPoint } = fixture.log;
    try {
      act(fixture, model, random);
      if (random() < 0.2) await new Promise(setImmediate);
      if (random() < 0.01) fixture.directory.close();
    } catch (error) {
      if (error instanceof Crash) return recoveryPoint;
      // Closed, and so at its end, unless it died in closing.
      if (!(error instanceof BrokerError)) throw error;
      return recoveryPoint;
    }
  }
}

/** Lets programs die one after the other on the same disk. */
async function rounds(seed: number, kind: CrashKind, count: number): Promise<void> {
  const random = seededNumbers(seed);
  let disk = new FaultyDisk(random);
  const fixture = new LogFixture(config, disk);
  const model: Model = { lines: [], end: 0, sequences: [0, 0, 0], open: new Map() };
  for (let round = 0; round < count; round += 1) {
    const safeEnd = await runUntilCrash(fixture, disk, model, random);
    disk = disk.restart(kind);
    fixture.disk = disk;
    try {
      // Recovery can be cut short too.
      if (random() < 0.3) disk.crashIn(1 + Math.floor(random() * 20));
      fixture.restart({ isKilled: true });
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      disk = disk.restart(kind);
      fixture.disk = disk;
      fixture.restart({ isKilled: true });
    }
    disk.crashIn(Number.POSITIVE_INFINITY);
    const { logEndOffset } = fixture.log;
    const lastingEnd = kind === "kill" ? model.end : Math.min(safeEnd, model.end);
    assert.ok(logEndOffset >= lastingEnd);
    assert.ok(logEndOffset <= Math.max(model.end + 1, (model.lines.at(-1)?.offset ?? -1) + 1));
    assertHolds(fixture, model, lastingEnd);
    if (kind === "kill") assertProducers(fixture, model);
    adopt(fixture, fixture.readAll(), model);
  }
}

/** After a kill, what was acknowledged is known again as a duplicate, and transactions are as open as they were. */
function assertProducers(fixture: LogFixture, model: Model): void {
  const { log } = fixture;
  if (log.logEndOffset !== model.end) return;
  const unstable = Math.min(model.end, ...model.open.values());
  // Of a transaction that began in records which are deleted by now, the first that is left may count.
  if (unstable >= log.logStartOffset) assert.equal(log.lastStableOffset, unstable);
  for (const { producerId, lastSequence } of log.activeProducers()) {
    assert.equal(lastSequence + 1, model.sequences[producerId]);
  }
}

/** The next program starts from what it finds. */
function adopt({ log }: LogFixture, lines: Line[], model: Model): void {
  model.end = log.logEndOffset;
  // Where the log starts may not have been noted, so what was deleted may come back.
  const deleted = model.lines.filter(({ offset }) => offset < log.logStartOffset);
  model.lines = [...deleted, ...lines];
  model.sequences = [0, 0, 0];
  model.open.clear();
  for (const producer of log.activeProducers()) {
    model.sequences[producer.producerId] = producer.lastSequence + 1;
    const start = producer.currentTransactionStartOffset;
    if (start >= 0) model.open.set(producer.producerId, start);
  }
}

test("a program that is killed at any moment loses nothing that it acknowledged", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), (seed) => rounds(seed, "kill", 4)),
    { numRuns: 150, endOnFailure: true },
  );
});

test("a loss of power takes only what was not safe yet, from the end", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), (seed) => rounds(seed, "power loss", 4)),
    { numRuns: 150, endOnFailure: true },
  );
});
