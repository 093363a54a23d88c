import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Line, LogFixture } from "../../../test/log-fixture.ts";
import { RecordBatches } from "../../protocol/index.ts";
import type { LogConfig } from "./log-config.ts";

/** What a log ought to hold. */
interface Model {
  lines: Line[];
  start: number;
  end: number;
}

type Step = (fixture: LogFixture, model: Model) => void;

const sizes: Partial<LogConfig> = { segmentBytes: 1500, indexIntervalBytes: 200 };

const append = fc
  .record({
    values: fc.array(fc.string({ maxLength: 60 }), { minLength: 1, maxLength: 5 }),
    lag: fc.integer({ min: -50, max: 1000 }),
  })
  .map(
    ({ values, lag }): Step =>
      (fixture, model) => {
        const timestamp = fixture.clock.now() + model.end * 10 - lag;
        const result = fixture.append(values, { timestamp });
        assert.deepEqual([result.baseOffset, result.isDuplicate], [model.end, false]);
        for (const value of values) {
          model.lines.push({ offset: model.end, timestamp, value });
          model.end += 1;
        }
      },
  );

/** Places are shares of the log, so that they keep their sense when a failure is made shorter. */
const share = fc.double({ min: 0, max: 1, noNaN: true });

const read = fc.tuple(share, fc.integer({ min: 1, max: 3000 })).map(
  ([place, maxBytes]): Step =>
    (fixture, { lines, start, end }) => {
      const offset = start + Math.round(place * (end - start));
      const wanted = lines.filter((line) => line.offset >= offset);
      assert.deepEqual(fixture.readAll(offset, maxBytes), wanted);
      const enough = 200;
      const bytes = fixture.log.bytesAfter(offset, { committed: false, enough });
      assert.equal(bytes > 0, wanted.length > 0);
    },
);

const findTimestamp = share.map(
  (place): Step =>
    (fixture, { lines, start }) => {
      const now = fixture.clock.now();
      const greatest = Math.max(now, ...lines.map(({ timestamp }) => timestamp));
      const timestamp = now - 1000 + Math.floor(place * (greatest - now + 1100));
      const found = fixture.log.offsetForTimestamp(timestamp);
      const wanted = lines.find((line) => line.offset >= start && line.timestamp >= timestamp);
      assert.deepEqual([found?.offset, found?.timestamp], [wanted?.offset, wanted?.timestamp]);
    },
);

const deleteRecords = share.map(
  (place): Step =>
    (fixture, model) => {
      const offset = model.start + Math.floor(place * place * (model.end - model.start));
      assert.equal(fixture.log.deleteRecords(offset), offset);
      model.start = offset;
      model.lines = model.lines.filter((line) => line.offset >= offset);
    },
);

const retain: Step = (fixture, model) => {
  fixture.log.applyRetention(fixture.clock.now());
  assert.ok(fixture.log.logStartOffset >= model.start);
  model.start = fixture.log.logStartOffset;
  model.lines = model.lines.filter((line) => line.offset >= model.start);
};

const restart = fc.boolean().map(
  (isKilled): Step =>
    (fixture, model) => {
      // Kafka too notes a moved start only now and then.
      fixture.directory.checkpoint();
      fixture.restart({ isKilled });
      assert.deepEqual(
        [fixture.log.logStartOffset, fixture.log.logEndOffset],
        [model.start, model.end],
      );
    },
);

test("whatever is done to a log, it holds what was appended and not deleted", () => {
  const step = fc.oneof(
    { arbitrary: append, weight: 10 },
    { arbitrary: read, weight: 6 },
    { arbitrary: findTimestamp, weight: 3 },
    { arbitrary: deleteRecords, weight: 1 },
    { arbitrary: fc.constant(retain), weight: 1 },
    { arbitrary: restart, weight: 2 },
  );
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60, size: "max" }),
      fc.constantFrom(-1, 4000),
      (steps, retentionBytes) => {
        const fixture = new LogFixture({ ...sizes, retentionBytes, retentionMs: -1 });
        const model: Model = { lines: [], start: 0, end: 0 };
        for (const one of steps) one(fixture, model);
        assert.deepEqual(fixture.readAll(), model.lines);
        assert.equal(fixture.log.logEndOffset, model.end);
        fixture.directory.close();
      },
    ),
    { numRuns: 200, endOnFailure: true },
  );
});

test("readers of committed records get what was committed, in whatever pieces they read", () => {
  const action = fc.oneof(
    { arbitrary: fc.record({ do: fc.constant("write" as const), who: fc.nat(3) }), weight: 4 },
    { arbitrary: fc.record({ do: fc.constant("commit" as const), who: fc.nat(3) }), weight: 1 },
    { arbitrary: fc.record({ do: fc.constant("abort" as const), who: fc.nat(3) }), weight: 1 },
    { arbitrary: fc.record({ do: fc.constant("restart" as const), who: fc.nat(1) }), weight: 1 },
  );
  const actions = fc.array(action, { maxLength: 80, size: "max" });
  fc.assert(
    fc.property(actions, fc.integer({ min: 1, max: 1000 }), (all, maxBytes) => {
      const fixture = new LogFixture(sizes);
      const open = new Map<number, number[]>();
      const sequences = [0, 0, 0, 0];
      const aborted = new Set<number>();
      for (const { do: what, who } of all) {
        if (what === "restart") fixture.restart({ isKilled: who === 1 });
        else if (what === "write") {
          const baseSequence = sequences[who] as number;
          const stamp = { producerId: who, producerEpoch: 0, baseSequence };
          const { baseOffset } = fixture.append(["x"], { stamp, isTransactional: true });
          sequences[who] = baseSequence + 1;
          open.set(who, [...(open.get(who) ?? []), baseOffset]);
        } else {
          fixture.end(what, who);
          if (what === "abort") for (const offset of open.get(who) ?? []) aborted.add(offset);
          open.delete(who);
        }
      }
      const unstable = Math.min(fixture.log.logEndOffset, ...[...open.values()].flat());
      assert.equal(fixture.log.lastStableOffset, unstable);
      const written = fixture.readAll().map(({ offset }) => offset);
      const wanted = written.filter((offset) => offset < unstable && !aborted.has(offset));
      assert.deepEqual(readCommitted(fixture, maxBytes), wanted);
    }),
    { numRuns: 150, endOnFailure: true },
  );
});

/** Reads as a consumer does: an aborted producer's records are skipped from the first offset on, up to its marker. */
function readCommitted({ log }: LogFixture, maxBytes: number): number[] {
  const offsets: number[] = [];
  let offset = log.logStartOffset;
  for (;;) {
    const options = { maxBytes, minOneBatch: true, committed: true };
    const { records, abortedTransactions = [] } = log.read(offset, options);
    if (records.length === 0) return offsets;
    const coming = [...abortedTransactions].sort(
      (left, right) => left.firstOffset - right.firstOffset,
    );
    const skipped = new Set<number>();
    const batches = new RecordBatches(records);
    for (let batch = batches.next(); batch; batch = batches.next()) {
      while (coming[0] && coming[0].firstOffset <= batch.lastOffset) {
        skipped.add((coming.shift() as { producerId: number }).producerId);
      }
      if (batch.isControl) skipped.delete(batch.producerId);
      else if (!skipped.has(batch.producerId) && batch.lastOffset >= offset) {
        offsets.push(batch.baseOffset);
      }
      offset = batch.lastOffset + 1;
    }
  }
}
