import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { BrokerErrorCode } from "../../broker-error-code.ts";
import { BrokerError, DecodeError } from "../../errors.ts";
import {
  advanceSequence,
  endTransactionMarker,
  RecordBatch,
  RecordBatchBuilder,
  type TransactionOutcome,
} from "../../protocol/index.ts";
import { ProducerStates } from "./producer-states.ts";

const producerId = 42;

interface Batch {
  readonly offset: number;
  readonly sequence: number;
  readonly epoch?: number;
  readonly id?: number;
  readonly count?: number;
  readonly isTransactional?: boolean;
  readonly timestamp?: number;
}

function dataBatch({
  offset,
  sequence,
  epoch = 0,
  id = producerId,
  count = 1,
  isTransactional = false,
  timestamp = 1000,
}: Batch): RecordBatch {
  const builder = new RecordBatchBuilder({ isTransactional });
  for (let index = 0; index < count; index += 1) builder.append(timestamp, "key", "value");
  const bytes = builder.finish({ producerId: id, producerEpoch: epoch, baseSequence: sequence });
  return at(bytes, offset);
}

function markerBatch({
  offset,
  epoch = 0,
  id = producerId,
  outcome = "commit",
  coordinatorEpoch = 0,
}: {
  readonly offset: number;
  readonly epoch?: number;
  readonly id?: number;
  readonly outcome?: TransactionOutcome;
  readonly coordinatorEpoch?: number;
}): RecordBatch {
  const stamp = { producerId: id, producerEpoch: epoch };
  return at(endTransactionMarker({ outcome, coordinatorEpoch, timestamp: 1000, ...stamp }), offset);
}

function at(bytes: Buffer, offset: number): RecordBatch {
  const batch = new RecordBatch(bytes);
  batch.baseOffset = offset;
  return batch;
}

function refusedWith(code: BrokerErrorCode) {
  return (error: unknown) => error instanceof BrokerError && error.code === code;
}

function statesWith(...batches: readonly RecordBatch[]): ProducerStates {
  const states = new ProducerStates();
  for (const batch of batches) {
    assert.equal(states.check(batch, batch.isControl ? "marker" : "client"), undefined);
    states.add(batch);
  }
  return states;
}

test("the last five batches are known again, older ones are out of order", () => {
  const batches = Array.from({ length: 6 }, (_, index) =>
    dataBatch({ offset: 100 + 3 * index, sequence: 3 * index, count: 3, timestamp: 50 + index }),
  );
  const states = statesWith(...batches);
  const [first, second] = batches as [RecordBatch, RecordBatch];
  const duplicate = states.check(second, "client");
  assert.deepEqual(duplicate, { baseOffset: 103, lastOffset: 105, timestamp: 51 });
  assert.throws(() => states.check(first, "client"), refusedWith("OUT_OF_ORDER_SEQUENCE_NUMBER"));
});

test("a gap in the sequence is refused", () => {
  const states = statesWith(dataBatch({ offset: 0, sequence: 0 }));
  const next = dataBatch({ offset: 1, sequence: 2 });
  assert.throws(() => states.check(next, "client"), refusedWith("OUT_OF_ORDER_SEQUENCE_NUMBER"));
});

test("the sequence goes on with 0 after its greatest number", () => {
  const states = statesWith(dataBatch({ offset: 0, sequence: 0x7ffffffe, count: 3 }));
  assert.equal(states.check(dataBatch({ offset: 3, sequence: 1 }), "client"), undefined);
  const again = dataBatch({ offset: 9, sequence: 0x7ffffffe, count: 3 });
  assert.equal(states.check(again, "client")?.baseOffset, 0);
});

test("an unknown producer may begin anywhere, but for one of KIP-890's transactions", () => {
  const states = new ProducerStates();
  assert.equal(states.check(dataBatch({ offset: 0, sequence: 17 }), "client"), undefined);
  const batch = dataBatch({ offset: 0, sequence: 17, isTransactional: true });
  assert.equal(states.check(batch, "client", 1), undefined);
  const isRefused = refusedWith("OUT_OF_ORDER_SEQUENCE_NUMBER");
  assert.throws(() => states.check(batch, "client", 2), isRefused);
});

test("an old epoch is refused, a new one must begin with 0", () => {
  const states = statesWith(dataBatch({ offset: 0, sequence: 5, epoch: 3 }));
  const old = dataBatch({ offset: 1, sequence: 6, epoch: 2 });
  assert.throws(() => states.check(old, "client"), refusedWith("INVALID_PRODUCER_EPOCH"));
  const skipping = dataBatch({ offset: 1, sequence: 6, epoch: 4 });
  const isRefused = refusedWith("OUT_OF_ORDER_SEQUENCE_NUMBER");
  assert.throws(() => states.check(skipping, "client"), isRefused);
  assert.equal(states.check(dataBatch({ offset: 1, sequence: 0, epoch: 4 }), "client"), undefined);
});

test("a coordinator's batches have epochs but no sequence", () => {
  const states = statesWith(dataBatch({ offset: 0, sequence: 5, epoch: 3 }));
  const batch = dataBatch({ offset: 1, sequence: -1, epoch: 3, isTransactional: true });
  assert.equal(states.check(batch, "coordinator"), undefined);
  const old = dataBatch({ offset: 1, sequence: -1, epoch: 2, isTransactional: true });
  assert.throws(() => states.check(old, "coordinator"), refusedWith("INVALID_PRODUCER_EPOCH"));
});

test("a transaction is open from its first batch to its marker", () => {
  const states = statesWith(
    dataBatch({ offset: 10, sequence: 0, isTransactional: true }),
    dataBatch({ offset: 11, sequence: 1, isTransactional: true }),
  );
  assert.equal(states.firstUnstableOffset, 10);
  assert.equal(states.hasOpenTransaction(producerId), true);
  assert.equal(states.hasOpenTransaction(producerId, 1), false);
  const plain = dataBatch({ offset: 12, sequence: 2 });
  assert.throws(() => states.check(plain, "client"), refusedWith("INVALID_TXN_STATE"));
  const marker = markerBatch({ offset: 12, outcome: "abort" });
  assert.equal(states.check(marker, "marker"), undefined);
  const completed = states.add(marker);
  assert.deepEqual(completed, { producerId, firstOffset: 10, lastOffset: 12, outcome: "abort" });
  assert.equal(states.firstUnstableOffset, undefined);
  assert.equal(states.endOffset, 13);
});

test("the last stable offset of one transaction stops at the next open one", () => {
  const states = statesWith(
    dataBatch({ offset: 10, sequence: 0, id: 1, isTransactional: true }),
    dataBatch({ offset: 11, sequence: 0, id: 2, isTransactional: true }),
  );
  const first = states.add(markerBatch({ offset: 12, id: 1, outcome: "abort" }));
  assert.ok(first);
  assert.equal(states.lastStableOffset(first), 11);
  const second = states.add(markerBatch({ offset: 13, id: 2, outcome: "abort" }));
  assert.ok(second);
  assert.equal(states.lastStableOffset(second), 14);
});

test("a marker for a producer without a transaction completes nothing", () => {
  const states = new ProducerStates();
  assert.equal(states.add(markerBatch({ offset: 0, epoch: 4 })), undefined);
  assert.equal(states.active()[0]?.producerEpoch, 4);
});

test("a marker of an earlier coordinator is refused", () => {
  const states = statesWith(markerBatch({ offset: 0, coordinatorEpoch: 3 }));
  const late = markerBatch({ offset: 1, coordinatorEpoch: 2 });
  const isRefused = refusedWith("TRANSACTION_COORDINATOR_FENCED");
  assert.throws(() => states.check(late, "marker"), isRefused);
});

test("a marker with the epoch of the records ends a transaction only before KIP-890", () => {
  const states = statesWith(dataBatch({ offset: 0, sequence: 0, epoch: 5, isTransactional: true }));
  const same = markerBatch({ offset: 1, epoch: 5 });
  assert.equal(states.check(same, "marker", 1), undefined);
  assert.throws(() => states.check(same, "marker", 2), refusedWith("INVALID_PRODUCER_EPOCH"));
  const next = markerBatch({ offset: 1, epoch: 6 });
  assert.equal(states.check(next, "marker", 2), undefined);
  states.add(next);
  // Written twice, because the first answer was lost: no harm.
  assert.equal(states.check(markerBatch({ offset: 2, epoch: 6 }), "marker", 2), undefined);
  const old = markerBatch({ offset: 2, epoch: 5 });
  assert.throws(() => states.check(old, "marker", 2), refusedWith("INVALID_PRODUCER_EPOCH"));
});

test("silent producers are forgotten, but not in the midst of a transaction", () => {
  const states = statesWith(
    dataBatch({ offset: 0, sequence: 0, id: 1, timestamp: 1000 }),
    dataBatch({ offset: 1, sequence: 0, id: 2, timestamp: 1001 }),
    dataBatch({ offset: 2, sequence: 0, id: 3, timestamp: 1, isTransactional: true }),
  );
  states.expire(1100, 100);
  assert.deepEqual(
    states.active().map((one) => one.producerId),
    [2, 3],
  );
});

test("the batch that alone tells where a producer stands must outlive compaction", () => {
  const earlier = dataBatch({ offset: 0, sequence: 0 });
  const last = dataBatch({ offset: 1, sequence: 1 });
  const marker = markerBatch({ offset: 2, epoch: 0 });
  const states = statesWith(earlier, last, marker);
  const lasts = [earlier, last, marker].map((batch) => states.isLastOfProducer(batch));
  assert.deepEqual(lasts, [false, true, false]);
  const bumped = markerBatch({ offset: 3, epoch: 1 });
  states.add(bumped);
  assert.deepEqual([states.isLastOfProducer(last), states.isLastOfProducer(bumped)], [false, true]);
});

test("a snapshot is laid out as Kafka's", () => {
  const states = statesWith(
    dataBatch({ offset: 0x10, sequence: 7, epoch: 2, count: 2, timestamp: 0xabc }),
    dataBatch({ offset: 0x12, sequence: 0, id: 1, isTransactional: true, timestamp: 0xdef }),
  );
  const hex = states.snapshot().toString("hex");
  assert.equal(hex.slice(0, 4), "0001");
  const entries =
    "00000002" +
    "000000000000002a000200000008000000000000001100000001" +
    "0000000000000abcffffffffffffffffffffffff" +
    "0000000000000001000000000000000000000000001200000000" +
    "0000000000000defffffffff0000000000000012";
  assert.equal(hex.slice(12), entries);
});

test("a damaged snapshot is refused", () => {
  const snapshot = statesWith(dataBatch({ offset: 0, sequence: 0 })).snapshot();
  for (let index = 0; index < snapshot.length; index += 1) {
    const damaged = Buffer.from(snapshot);
    damaged[index] = (damaged[index] as number) ^ 0x10;
    assert.throws(() => new ProducerStates().restore(damaged, 1), DecodeError, `byte ${index}`);
  }
  const cut = snapshot.subarray(0, snapshot.length - 1);
  assert.throws(() => new ProducerStates().restore(cut, 1), DecodeError);
});

/** What a producer of the model may do next. */
const step = fc.record({
  id: fc.integer({ min: 1, max: 3 }),
  act: fc.constantFrom("next", "repeat", "skip", "bump", "old epoch", "commit", "abort", "restart"),
  count: fc.integer({ min: 1, max: 4 }),
  back: fc.integer({ min: 1, max: 7 }),
});

interface Sent {
  readonly epoch: number;
  readonly sequence: number;
  readonly count: number;
  readonly offset: number;
}

test("whatever producers do, each record is taken once and in order", () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 80 }),
      fc.integer({ min: 0, max: 40 }),
      (steps, lead) => {
        const states = new ProducerStates();
        const sent = new Map<number, Sent[]>();
        const epochs = new Map<number, number>();
        const open = new Map<number, number>();
        let end = 0;
        for (const { id, act, count, back } of steps) {
          const mine = sent.get(id) ?? [];
          sent.set(id, mine);
          const epoch = epochs.get(id) ?? 0;
          const last = mine.at(-1);
          const first = 0x7fffffff - lead;
          const due =
            last === undefined
              ? first
              : last.epoch < epoch
                ? 0
                : advanceSequence(last.sequence, last.count);
          const isTransactional = id > 1;
          const batch = { offset: end, sequence: due, epoch, id, count, isTransactional };
          switch (act) {
            case "bump":
              if (last !== undefined) epochs.set(id, epoch + 1);
              break;
            case "next": {
              const view = dataBatch(batch);
              assert.equal(states.check(view, "client"), undefined);
              states.add(view);
              mine.push(batch);
              if (isTransactional && !open.has(id)) open.set(id, end);
              end += count;
              break;
            }
            case "repeat": {
              const earlier = mine.at(-back);
              if (earlier === undefined || last === undefined) break;
              const view = dataBatch({ ...earlier, id, isTransactional });
              const recent = mine.slice(-5).filter((one) => one.epoch === last.epoch);
              const known = recent.find(
                (one) => one.sequence === earlier.sequence && one.epoch === earlier.epoch,
              );
              if (known === undefined)
                assert.throws(() => states.check(view, "client"), BrokerError);
              else assert.equal(states.check(view, "client")?.baseOffset, known.offset);
              break;
            }
            case "skip":
              if (last === undefined) break;
              assert.throws(
                () =>
                  states.check(
                    dataBatch({ ...batch, sequence: advanceSequence(due, back) }),
                    "client",
                  ),
                refusedWith("OUT_OF_ORDER_SEQUENCE_NUMBER"),
              );
              break;
            case "old epoch":
              if (last === undefined || last.epoch === 0) break;
              assert.throws(
                () => states.check(dataBatch({ ...batch, epoch: last.epoch - 1 }), "client"),
                refusedWith("INVALID_PRODUCER_EPOCH"),
              );
              break;
            case "commit":
            case "abort": {
              if (!open.has(id) || last === undefined) break;
              const completed = states.add(
                markerBatch({ offset: end, id, epoch: last.epoch, outcome: act }),
              );
              assert.equal(completed?.firstOffset, open.get(id));
              open.delete(id);
              end += 1;
              break;
            }
            case "restart": {
              const { length } = mine;
              states.restore(states.snapshot(), states.endOffset);
              // A snapshot remembers but the last batch of each producer.
              for (const others of sent.values()) others.splice(0, others.length - 1);
              assert.ok(length >= mine.length);
              break;
            }
          }
          const oldest = open.size === 0 ? undefined : Math.min(...open.values());
          assert.equal(states.firstUnstableOffset, oldest);
          assert.equal(states.endOffset, end);
        }
      },
    ),
  );
});
