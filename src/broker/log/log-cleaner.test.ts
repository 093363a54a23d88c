import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { defaultLogConfig } from "../../../test/log-config.ts";
import type { Clock } from "../../clock.ts";
import { silentLogger } from "../../log.ts";
import { MemoryDisk } from "../../memory-disk.ts";
import {
  controlRecordType,
  endTransactionMarker,
  noProducer,
  type ProducerStamp,
  type RecordBatch,
  RecordBatchBuilder,
  RecordBatches,
  RecordCursor,
  type TransactionOutcome,
} from "../../protocol/index.ts";
import { systemRandom } from "../../random.ts";
import { cleaningNeed, cleaningRange } from "./cleaning-range.ts";
import { type CleaningOptions, cleanLog } from "./log-cleaner.ts";
import type { LogConfig } from "./log-config.ts";
import { LogDirectory } from "./log-directory.ts";
import type { AppendResult, PartitionLog } from "./partition-log.ts";

const identity = {
  topic: "topic",
  partition: 0,
  topicId: "00000000-0000-0000-0000-000000000001",
};

/** One compacted partition on a disk in memory, with a clock that stands still unless told otherwise. */
class Bench {
  now = 1_700_000_000_000;
  readonly disk = new MemoryDisk();
  readonly config: LogConfig;
  directory: LogDirectory;
  log: PartitionLog;

  constructor(config: Partial<LogConfig> = {}) {
    this.config = { ...defaultLogConfig, compacts: true, deletes: false, ...config };
    this.directory = this.#open();
    this.log = this.directory.open(identity, this.config);
  }

  /** Closes the log, unless it is to end like a killed program, and opens it again. */
  restart({ isKilled }: { readonly isKilled: boolean }): void {
    if (!isKilled) this.directory.close();
    this.directory = this.#open();
    this.log = this.directory.open(identity, this.config);
  }

  append(
    entries: readonly (readonly [key: string, value: string | null])[],
    {
      stamp = noProducer,
      isTransactional = false,
    }: { readonly stamp?: ProducerStamp; readonly isTransactional?: boolean } = {},
  ): AppendResult {
    const builder = new RecordBatchBuilder({ isTransactional });
    for (const [key, value] of entries) builder.append(this.now, key, value);
    const records = Buffer.from(builder.finish(stamp));
    return this.log.append(records, { leaderEpoch: 0, origin: "client" });
  }

  end(outcome: TransactionOutcome, producerId: number, producerEpoch = 0): AppendResult {
    const stamp = { producerId, producerEpoch };
    const marker = endTransactionMarker({
      outcome,
      coordinatorEpoch: 0,
      timestamp: this.now,
      ...stamp,
    });
    return this.log.append(Buffer.from(marker), { leaderEpoch: 0, origin: "marker" });
  }

  clean(options: Partial<CleaningOptions> = {}): number {
    const steps = cleanLog(this.log, { now: this.now, random: systemRandom, ...options });
    let count = 1;
    while (!steps.next().done) count += 1;
    return count;
  }

  #open(): LogDirectory {
    const clock: Clock = {
      now: () => this.now,
      elapsed: () => this.now,
      after: () => ({ cancel: () => {} }),
      soon: () => {},
      sleep: () => Promise.resolve(),
    };
    return new LogDirectory({
      path: "/data",
      disk: this.disk,
      clock,
      logger: silentLogger,
      producerIdExpirationMs: 86_400_000,
    });
  }
}

interface Line {
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
}

/** All records that a consumer of committed records gets. */
function committed(log: PartitionLog): Line[] {
  const lines: Line[] = [];
  const cursor = new RecordCursor();
  for (let offset = log.logStartOffset; offset < log.lastStableOffset; ) {
    const read = log.read(offset, { maxBytes: 2000, minOneBatch: true, committed: true });
    if (read.records.length === 0) break;
    const upcoming = [...(read.abortedTransactions ?? [])];
    const aborted = new Set<number>();
    for (const batch of batchesOf(read.records)) {
      offset = batch.lastOffset + 1;
      for (const one of upcoming) {
        if (one.firstOffset <= batch.lastOffset) aborted.add(one.producerId);
      }
      upcoming.splice(0, Infinity, ...upcoming.filter((one) => one.firstOffset > batch.lastOffset));
      cursor.open(batch, 2 ** 20);
      if (batch.isControl) {
        if (cursor.next() && controlRecordType(cursor) === "abort")
          aborted.delete(batch.producerId);
        continue;
      }
      if (batch.isTransactional && aborted.has(batch.producerId)) continue;
      while (cursor.next()) {
        lines.push({ offset: cursor.offset, key: cursor.keyText(), value: cursor.valueText() });
      }
    }
  }
  return lines;
}

function batchesOf(records: Buffer): RecordBatch[] {
  const reader = new RecordBatches(records);
  const batches: RecordBatch[] = [];
  for (let batch = reader.next(); batch !== undefined; batch = reader.next()) batches.push(batch);
  return batches;
}

/** The last value of each key, without those that are deleted. */
function tableOf(lines: readonly Line[]): Map<string | null, string> {
  const table = new Map<string | null, string>();
  for (const { key, value } of lines) {
    table.delete(key);
    if (value !== null) table.set(key, value);
  }
  return new Map([...table].sort());
}

function filesOf({ disk }: Bench): string[] {
  return disk.list("/data/topic-0").filter((name) => !name.endsWith(".deleted"));
}

test("compaction leaves the last record of each key, and ends before the active segment", () => {
  const bench = new Bench({ segmentBytes: 300 });
  for (let round = 0; round < 30; round += 1) bench.append([[`key ${round % 3}`, `${round}`]]);
  const active = bench.log.activeSegment.baseOffset;
  const { dirtyRatio, isDue } = cleaningNeed(bench.log, bench.now);
  assert.deepEqual([dirtyRatio, isDue], [1, true]);
  bench.clean();
  const lines = committed(bench.log);
  assert.deepEqual(
    lines.filter(({ offset }) => offset < active).map(({ value }) => value),
    [`${active - 3}`, `${active - 2}`, `${active - 1}`],
  );
  assert.deepEqual([...tableOf(lines).values()], ["27", "28", "29"]);
  assert.equal(bench.log.logEndOffset, 30);
  assert.equal(bench.log.cleanedUpTo, active);
  assert.deepEqual(cleaningNeed(bench.log, bench.now), { dirtyRatio: 0, isDue: false });
  assert.ok(filesOf(bench).every((name) => !/cleaned|swap/.test(name)));
  bench.restart({ isKilled: false });
  assert.deepEqual(committed(bench.log), lines);
  assert.equal(bench.log.cleanedUpTo, active);
});

test("segments that have shrunk join at the next compaction", () => {
  const bench = new Bench({ segmentBytes: 300 });
  for (let round = 0; round < 30; round += 1) bench.append([[`key ${round % 3}`, `${round}`]]);
  const count = bench.log.segments.length;
  bench.clean();
  assert.equal(bench.log.segments.length, count);
  for (let round = 30; round < 40; round += 1) bench.append([[`key ${round % 3}`, `${round}`]]);
  bench.clean();
  assert.ok(bench.log.segments.length <= count / 2);
  assert.equal(bench.log.segments[0]?.baseOffset, 0);
  assert.deepEqual([...tableOf(committed(bench.log)).values()], ["39", "37", "38"]);
});

test("a program that dies in the midst of a compaction finds its log as it was", () => {
  const bench = new Bench({ segmentBytes: 300 });
  for (let round = 0; round < 30; round += 1) bench.append([[`key ${round % 3}`, `${round}`]]);
  const lines = committed(bench.log);
  cleanLog(bench.log, { now: bench.now, random: systemRandom }).next();
  bench.restart({ isKilled: true });
  assert.deepEqual(committed(bench.log), lines);
  assert.ok(filesOf(bench).every((name) => !/cleaned|swap/.test(name)));
});

test("compaction stops before the first open transaction and the youngest records", () => {
  const bench = new Bench({ segmentBytes: 200, minCompactionLagMs: 1000 });
  for (let round = 0; round < 6; round += 1) bench.append([["key", `${round}`]]);
  assert.equal(cleaningRange(bench.log, bench.now).end, 0);
  bench.now += 1000;
  const { baseOffset } = bench.log.activeSegment;
  assert.ok(baseOffset > 0);
  assert.equal(cleaningRange(bench.log, bench.now).end, baseOffset);
  const stamp = { producerId: 5, producerEpoch: 0, baseSequence: 0 };
  const open = bench.append([["key", "open"]], { stamp, isTransactional: true }).baseOffset;
  for (let round = 0; round < 6; round += 1) bench.append([["key", `${round}`]]);
  bench.now += 1000;
  const { end } = cleaningRange(bench.log, bench.now);
  assert.ok(end <= open && end > open - 3);
});

test("a log that has waited for longer than max.compaction.lag.ms is due whatever its ratio", () => {
  const bench = new Bench({
    segmentBytes: 200,
    maxCompactionLagMs: 5000,
    minCleanableDirtyRatio: 1,
  });
  for (let round = 0; round < 6; round += 1) bench.append([["key", `${round}`]]);
  assert.equal(cleaningNeed(bench.log, bench.now).isDue, false);
  bench.now += 5001;
  assert.equal(cleaningNeed(bench.log, bench.now).isDue, true);
});

test("a map of keys that is full ends the compaction where it ends", () => {
  const bench = new Bench({ segmentBytes: 1000 });
  for (let round = 0; round < 200; round += 1) bench.append([[`key ${round % 50}`, `${round}`]]);
  const before = tableOf(committed(bench.log));
  const ends: number[] = [];
  for (let round = 0; round < 20; round += 1) {
    bench.clean({ dedupeBufferBytes: 24 * 30 });
    ends.push(bench.log.cleanedUpTo);
  }
  assert.ok((ends[0] as number) < 50 && (ends[1] as number) > (ends[0] as number));
  assert.equal(ends.at(-1), bench.log.activeSegment.baseOffset);
  assert.deepEqual(tableOf(committed(bench.log)), before);
});

test("a long compaction works in many steps", () => {
  const bench = new Bench({ segmentBytes: 2 ** 20 });
  const value = "v".repeat(1000);
  for (let round = 0; round < 400; round += 1) {
    bench.append(Array.from({ length: 10 }, (_, index) => [`${round % 7}-${index}`, value]));
  }
  assert.ok(bench.clean() > 10);
  assert.equal(tableOf(committed(bench.log)).size, 70);
});

test("a compaction that is given up leaves nothing behind", () => {
  const bench = new Bench({ segmentBytes: 300 });
  for (let round = 0; round < 30; round += 1) bench.append([[`key ${round % 3}`, `${round}`]]);
  const files = filesOf(bench);
  const steps = cleanLog(bench.log, { now: bench.now, random: systemRandom });
  steps.next();
  assert.ok(filesOf(bench).some((name) => name.endsWith(".cleaned")));
  steps.return({ bytesBefore: 0, bytesAfter: 0 });
  assert.deepEqual(filesOf(bench), files);
});

test("a log that loses segments while it is compacted stays as it is", () => {
  const bench = new Bench({ segmentBytes: 300, deletes: true, retentionMs: 10_000 });
  for (let round = 0; round < 30; round += 1) bench.append([[`key ${round % 3}`, `${round}`]]);
  const steps = cleanLog(bench.log, { now: bench.now, random: systemRandom });
  steps.next();
  bench.now += 20_000;
  assert.ok(bench.log.applyRetention(bench.now) > 0);
  const { segments, cleanedUpTo } = bench.log;
  assert.deepEqual(steps.next(), { done: true, value: { bytesBefore: 0, bytesAfter: 0 } });
  assert.deepEqual([bench.log.segments, bench.log.cleanedUpTo], [segments, cleanedUpTo]);
  assert.ok(filesOf(bench).every((name) => !/cleaned|swap/.test(name)));
});

/** What happens to the partition next. Producers from 2 on are transactional. */
const act = fc.oneof(
  { weight: 12, arbitrary: fc.constant("append") },
  { weight: 3, arbitrary: fc.constantFrom("commit", "abort") },
  { weight: 2, arbitrary: fc.constantFrom("clean", "clean later", "restart", "kill") },
);
const step = fc.record({
  act,
  producer: fc.integer({ min: 0, max: 3 }),
  keys: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 }),
  isTombstone: fc.boolean(),
});

/** What is known to be true of a partition, whatever the cleaner does to it. */
class Model {
  readonly bench = new Bench({ segmentBytes: 700, deleteRetentionMs: 1000 });
  /** Every record there ever was, by offset. */
  readonly #lines = new Map<number, Line>();
  /** What was committed, in the order of the offsets. */
  #committed: Line[] = [];
  readonly #open = new Map<number, Line[]>();
  readonly #sequences = new Map<number, number>();
  readonly #repeat = new Map<number, () => AppendResult>();

  append(producer: number, keys: readonly number[], isTombstone: boolean): void {
    const isTransactional = producer >= 2;
    const start = this.bench.log.logEndOffset;
    const lines = keys.map((key, index) => ({
      offset: start + index,
      key: `key ${key}`,
      value: isTombstone ? null : `value ${start + index}`,
    }));
    const baseSequence = this.#sequences.get(producer) ?? 0;
    const stamp =
      producer === 0 ? noProducer : { producerId: producer, producerEpoch: 0, baseSequence };
    const entries = lines.map(({ key, value }) => [key, value] as const);
    const send = () => this.bench.append(entries, { stamp, isTransactional });
    assert.equal(send().baseOffset, start);
    this.#sequences.set(producer, baseSequence + keys.length);
    if (producer > 0) this.#repeat.set(producer, send);
    for (const line of lines) this.#lines.set(line.offset, line);
    if (isTransactional) this.#open.set(producer, [...(this.#open.get(producer) ?? []), ...lines]);
    else this.#committed.push(...lines);
  }

  end(producer: number, outcome: TransactionOutcome): void {
    const lines = this.#open.get(producer);
    if (lines === undefined) return;
    this.bench.end(outcome, producer);
    this.#open.delete(producer);
    if (outcome === "abort") return;
    this.#committed = [...this.#committed, ...lines].sort((a, b) => a.offset - b.offset);
  }

  check(): void {
    const { log } = this.bench;
    const lines = committed(log);
    for (const line of lines) assert.deepEqual(line, this.#lines.get(line.offset));
    const readable = this.#committed.filter(({ offset }) => offset < log.lastStableOffset);
    assert.deepEqual(tableOf(lines), tableOf(readable));
    const compacted = lines.filter(({ offset }) => offset < log.cleanedUpTo);
    assert.equal(new Set(compacted.map(({ key }) => key)).size, compacted.length);
    for (const repeat of this.#repeat.values()) assert.equal(repeat().isDuplicate, true);
  }
}

test("whatever is written, compaction keeps the last value of each key, offsets and producers", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 120 }), (steps) => {
      const model = new Model();
      const { bench } = model;
      for (const { act: what, producer, keys, isTombstone } of steps) {
        const end = bench.log.logEndOffset;
        if (what === "append") model.append(producer, keys, isTombstone);
        else if (what === "commit" || what === "abort") model.end(producer, what);
        else {
          if (what === "clean later") bench.now += 1000;
          if (what === "restart" || what === "kill") bench.restart({ isKilled: what === "kill" });
          else bench.clean();
          assert.equal(bench.log.logEndOffset, end);
          model.check();
        }
      }
      bench.clean();
      model.check();
    }),
    { numRuns: 150 },
  );
});
