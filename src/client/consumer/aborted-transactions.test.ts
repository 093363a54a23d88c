import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ScriptedLog } from "../../../test/scripted-log.ts";
import { bytes } from "../serde.ts";
import { AssignedPartition } from "./assigned-partition.ts";
import { ConsumerBatch } from "./consumer-batch.ts";
import { FetchedRecords } from "./fetched-records.ts";

/** The values that a reader of committed records sees from an offset on. */
function committedValues(log: ScriptedLog, startOffset: number): (string | undefined)[] {
  const part = {
    bytes: log.read(startOffset, log.lastStableOffset),
    startOffset,
    aborted: log.abortedFrom(startOffset),
    highWatermark: log.endOffset,
    lastStableOffset: log.lastStableOffset,
  };
  const source = new AssignedPartition({ topic: "orders", partition: 0 });
  const batch = new ConsumerBatch(source, new FetchedRecords(part, -1), {
    terms: { checkCrcs: true, maxDecompressedBatchBytes: 1 << 20 },
    reusesBuffers: false,
    key: bytes,
    value: bytes,
    commitBehind: () => Promise.resolve(),
    markBehind: () => {},
  });
  return [...batch].map(({ value }) => value?.toString());
}

test("records of an aborted transaction are hidden, those around it are not", () => {
  const log = new ScriptedLog();
  log.append(["a"]);
  log.append(["x", "y"], { producerId: 1 });
  log.append(["b"]);
  log.end(1, "abort");
  log.append(["c"], { producerId: 1 });
  log.end(1, "commit");
  assert.deepEqual(committedValues(log, 0), ["a", "b", "c"]);
});

test("a fetch that starts within an aborted transaction hides the rest of it", () => {
  const log = new ScriptedLog();
  log.append(["x"], { producerId: 1 });
  log.append(["y"], { producerId: 1 });
  log.append(["a"]);
  log.end(1, "abort");
  assert.deepEqual(committedValues(log, 1), ["a"]);
});

test("two producers' transactions are told apart", () => {
  const log = new ScriptedLog();
  log.append(["x"], { producerId: 1 });
  log.append(["a"], { producerId: 2 });
  log.end(2, "commit");
  log.append(["y"], { producerId: 1 });
  log.end(1, "abort");
  assert.deepEqual(committedValues(log, 0), ["a"]);
});

test("whatever producers do, exactly what was committed or is not transactional is seen", () => {
  const action = fc.record({
    producerId: fc.integer({ min: 0, max: 3 }),
    count: fc.integer({ min: 1, max: 3 }),
    outcome: fc.constantFrom("nothing", "commit", "abort"),
  });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 40 }), fc.nat(), (actions, start) => {
      const log = new ScriptedLog();
      const visible: { offset: number; value: string }[] = [];
      const open = new Map<number, { offset: number; value: string }[]>();
      for (const { producerId, count, outcome } of actions) {
        const values = Array.from({ length: count }, (_, index) => `${log.endOffset + index}`);
        // Producer 0 knows nothing of transactions.
        const offset = log.append(values, producerId === 0 ? {} : { producerId });
        const records = values.map((value, index) => ({ offset: offset + index, value }));
        if (producerId === 0) visible.push(...records);
        else open.set(producerId, [...(open.get(producerId) ?? []), ...records]);
        if (producerId === 0 || outcome === "nothing") continue;
        log.end(producerId, outcome);
        if (outcome === "commit") visible.push(...(open.get(producerId) ?? []));
        open.delete(producerId);
      }
      const startOffset = start % (log.endOffset + 1);
      const expected = visible
        .filter(({ offset }) => offset >= startOffset && offset < log.lastStableOffset)
        .toSorted((left, right) => left.offset - right.offset);
      assert.deepEqual(
        committedValues(log, startOffset),
        expected.map(({ value }) => value),
      );
    }),
  );
});
