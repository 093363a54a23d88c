import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Compression,
  endTransactionMarker,
  noProducer,
  type ProducerStamp,
  RecordBatch,
  RecordBatchBuilder,
  RecordCursor,
  type TransactionOutcome,
} from "../../protocol/index.ts";
import { BatchFilter } from "./batch-filter.ts";
import { CleanedTransactions } from "./cleaned-transactions.ts";
import { CleanerKeyMap } from "./cleaner-key-map.ts";
import type { AbortedTransactionEntry } from "./transaction-index.ts";

const now = 1_000_000;
const deleteRetentionMs = 500;
const producerId = 9;

type Entry = readonly [key: string, value: string | null];

function dataBatch(
  baseOffset: number,
  entries: readonly Entry[],
  {
    compression,
    stamp = noProducer,
    isTransactional,
  }: { compression?: Compression; stamp?: ProducerStamp; isTransactional?: boolean } = {},
): RecordBatch {
  const builder = new RecordBatchBuilder({ compression, isTransactional });
  for (const [index, [key, value]] of entries.entries()) {
    builder.append(1000 + baseOffset + index, key, value, [{ key: "h", value: "x" }]);
  }
  return placed(builder.finish(stamp), baseOffset);
}

function marker(baseOffset: number, outcome: TransactionOutcome): RecordBatch {
  const stamp = { producerId, producerEpoch: 0 };
  const bytes = endTransactionMarker({ outcome, coordinatorEpoch: 0, timestamp: 77, ...stamp });
  return placed(bytes, baseOffset);
}

function placed(bytes: Buffer, baseOffset: number): RecordBatch {
  const batch = new RecordBatch(Buffer.from(bytes));
  batch.baseOffset = baseOffset;
  batch.partitionLeaderEpoch = 3;
  return batch;
}

interface Round {
  readonly at?: number;
  readonly aborted?: readonly AbortedTransactionEntry[];
  readonly isLast?: (batch: RecordBatch) => boolean;
  /** How far the map of keys reaches; everything unless set. */
  readonly keysEnd?: number;
  readonly cleaningEnd?: number;
}

/** One round of compaction over these batches. */
function compact(batches: readonly RecordBatch[], round: Round = {}) {
  const secret = Buffer.alloc(8, 1);
  const keys = new CleanerKeyMap({ limitBytes: 2 ** 16, mostKeys: 1000, secret });
  const { keysEnd = Number.MAX_SAFE_INTEGER, cleaningEnd = Number.MAX_SAFE_INTEGER } = round;
  const mapping = new CleanedTransactions();
  mapping.addAborted(round.aborted ?? []);
  const cursor = new RecordCursor();
  for (const batch of batches) {
    if (batch.isControl) mapping.isDispensable(batch);
    else if (!mapping.isAborted(batch)) {
      cursor.open(batch, 2 ** 20);
      while (cursor.next()) {
        const { buffer, keyStart, keyEnd, offset } = cursor;
        if (offset < keysEnd) keys.put(buffer, keyStart, keyEnd, offset);
      }
    }
  }
  const transactions = new CleanedTransactions();
  transactions.addAborted(round.aborted ?? []);
  const filter = new BatchFilter({
    keys,
    keysEnd,
    cleaningEnd,
    now: round.at ?? now,
    deleteRetentionMs,
    transactions,
    isLastOfProducer: round.isLast ?? (() => false),
  });
  const kept = batches.map((batch) => filter.apply(batch)).filter((bytes) => bytes !== undefined);
  const retained = transactions.retained;
  return { batches: kept.map((bytes) => new RecordBatch(bytes)), retained };
}

/** The batches' records, each as "offset key=value". */
function contents(batches: readonly RecordBatch[]): string[][] {
  return batches.map((batch) => {
    batch.checkCrc();
    assert.equal(batch.partitionLeaderEpoch, 3);
    const cursor = new RecordCursor();
    cursor.open(batch, 2 ** 20);
    const lines: string[] = [];
    while (cursor.next()) {
      if (batch.isControl) lines.push(`${cursor.offset} marker`);
      else {
        assert.equal(cursor.timestamp, 1000 + cursor.offset);
        assert.equal(cursor.headers()[0]?.key, "h");
        lines.push(`${cursor.offset} ${cursor.keyText()}=${cursor.valueText()}`);
      }
    }
    return lines;
  });
}

const abortedFrom = (firstOffset: number, lastOffset: number): AbortedTransactionEntry => ({
  producerId,
  firstOffset,
  lastOffset,
  lastStableOffset: lastOffset + 1,
});

test("of each key the last record stays, at its offset", () => {
  for (const compression of ["none", "gzip", "snappy", "lz4", "zstd"] as const) {
    const { batches } = compact([
      dataBatch(
        0,
        [
          ["a", "1"],
          ["b", "1"],
          ["c", "1"],
        ],
        { compression },
      ),
      dataBatch(3, [["a", "2"]], { compression }),
      dataBatch(
        4,
        [
          ["d", "1"],
          ["c", "2"],
          ["d", "2"],
        ],
        { compression },
      ),
    ]);
    assert.deepEqual(contents(batches), [["1 b=1"], ["3 a=2"], ["5 c=2", "6 d=2"]]);
    const [first, , last] = batches as [RecordBatch, RecordBatch, RecordBatch];
    assert.deepEqual([first.baseOffset, first.lastOffset, first.maxTimestamp], [0, 2, 1001]);
    assert.deepEqual([last.baseOffset, last.lastOffset, last.maxTimestamp], [4, 6, 1006]);
    assert.deepEqual(
      batches.map((batch) => batch.compression),
      [compression, compression, compression],
    );
  }
});

test("a batch that stays whole stays as it is", () => {
  const batch = dataBatch(
    0,
    [
      ["a", "1"],
      ["b", "1"],
    ],
    { compression: "zstd" },
  );
  const [kept] = compact([batch]).batches;
  assert.equal(kept?.buffer.buffer, batch.buffer.buffer);
});

test("what the map of keys does not reach stays", () => {
  const { batches } = compact(
    [
      dataBatch(0, [
        ["a", "1"],
        ["a", "2"],
        ["a", "3"],
      ]),
    ],
    { keysEnd: 2 },
  );
  assert.deepEqual(contents(batches), [["1 a=2", "2 a=3"]]);
});

test("a tombstone gets a delete horizon first, and goes once that has passed", () => {
  const first = compact([
    dataBatch(0, [
      ["a", "1"],
      ["a", null],
      ["b", "1"],
    ]),
  ]).batches;
  assert.deepEqual(contents(first), [["1 a=null", "2 b=1"]]);
  const [batch] = first as [RecordBatch];
  assert.equal(batch.hasDeleteHorizon, true);
  assert.equal(batch.baseTimestamp, now + deleteRetentionMs);
  const early = compact(first, { at: now + deleteRetentionMs - 1 }).batches;
  assert.equal(early[0]?.buffer.buffer, batch.buffer.buffer);
  const late = compact(early, { at: now + deleteRetentionMs }).batches;
  assert.deepEqual(contents(late), [["2 b=1"]]);
  assert.equal(late[0]?.baseTimestamp, now + deleteRetentionMs);
});

test("a batch that has lost all its records goes, unless the offsets end with it", () => {
  const all = [dataBatch(0, [["a", "1"]]), dataBatch(1, [["a", "2"]])];
  assert.deepEqual(contents(compact(all).batches), [["1 a=2"]]);
  const [first] = compact(all, { cleaningEnd: 1 }).batches as [RecordBatch];
  assert.deepEqual([first.count, first.baseOffset, first.lastOffset], [0, 0, 0]);
});

test("the last batch of a producer stays, empty, and tells its sequence number", () => {
  const stamp = { producerId, producerEpoch: 4, baseSequence: 20 };
  const batches = [
    dataBatch(
      0,
      [
        ["a", "1"],
        ["b", "1"],
      ],
      { stamp, compression: "gzip" },
    ),
  ];
  const superseding = dataBatch(2, [
    ["a", "2"],
    ["b", "2"],
  ]);
  const isLast = (batch: RecordBatch) => batch.producerId === producerId;
  const kept = compact([...batches, superseding], { isLast }).batches;
  const [empty] = kept as [RecordBatch];
  empty.checkCrc();
  assert.deepEqual([empty.count, empty.sizeInBytes, empty.compression], [0, 61, "none"]);
  assert.deepEqual([empty.lastSequence, empty.producerEpoch, empty.lastOffset], [21, 4, 1]);
  assert.deepEqual([empty.baseTimestamp, empty.maxTimestamp], [-1, 1001]);
  const again = compact(kept, { isLast }).batches;
  assert.equal(again[0]?.lastSequence, 21);
  assert.equal(compact(kept).batches.length, 1);
});

test("aborted records go at once, their marker a round and a horizon later", () => {
  const stamp = { producerId, producerEpoch: 0, baseSequence: 0 };
  const aborted = [abortedFrom(1, 2)];
  const first = compact(
    [
      dataBatch(0, [["a", "1"]]),
      dataBatch(1, [["a", "2"]], { stamp, isTransactional: true }),
      marker(2, "abort"),
    ],
    { aborted },
  );
  assert.deepEqual(contents(first.batches), [["0 a=1"], ["2 marker"]]);
  assert.deepEqual(first.retained, aborted);
  assert.equal(first.batches[1]?.hasDeleteHorizon, false);
  const second = compact(first.batches, { aborted });
  assert.deepEqual(contents(second.batches), [["0 a=1"], ["2 marker"]]);
  assert.equal(second.batches[1]?.hasDeleteHorizon, true);
  // The index has forgotten the transaction: nothing is left of it to be skipped.
  assert.deepEqual(second.retained, []);
  const third = compact(second.batches, { at: now + deleteRetentionMs });
  assert.deepEqual(contents(third.batches), [["0 a=1"]]);
});

test("the marker of a commit outlives its records by a horizon", () => {
  const stamp = { producerId, producerEpoch: 0, baseSequence: 0 };
  const all = [dataBatch(0, [["a", "1"]], { stamp, isTransactional: true }), marker(1, "commit")];
  const first = compact(all).batches;
  assert.deepEqual(contents(first), [["0 a=1"], ["1 marker"]]);
  assert.equal(first[1]?.hasDeleteHorizon, false);
  const second = compact([...first, dataBatch(2, [["a", "2"]])]).batches;
  assert.deepEqual(contents(second), [["1 marker"], ["2 a=2"]]);
  const third = compact(second).batches;
  assert.equal(third[0]?.hasDeleteHorizon, true);
  assert.deepEqual(contents(third), [["1 marker"], ["2 a=2"]]);
  const late = compact(third, { at: now + deleteRetentionMs }).batches;
  assert.deepEqual(contents(late), [["2 a=2"]]);
});

test("an aborted record does not hide the one before it", () => {
  const stamp = { producerId, producerEpoch: 0, baseSequence: 0 };
  const { batches } = compact(
    [
      dataBatch(0, [["a", "1"]]),
      dataBatch(1, [["a", null]], { stamp, isTransactional: true }),
      marker(2, "abort"),
      dataBatch(3, [["b", "1"]], { stamp: { ...stamp, baseSequence: 1 }, isTransactional: true }),
      marker(4, "commit"),
    ],
    { aborted: [abortedFrom(1, 2)] },
  );
  assert.deepEqual(contents(batches), [["0 a=1"], ["2 marker"], ["3 b=1"], ["4 marker"]]);
});
