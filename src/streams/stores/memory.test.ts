import assert from "node:assert/strict";
import { test } from "node:test";
import { engineSuite } from "../../../test/engine-suite.ts";
import { int64 } from "../numeric-serdes.ts";
import { type RowParts, timestampedFormat, withTimestamp } from "./codec.ts";
import { memoryEngine } from "./memory.ts";

engineSuite(memoryEngine);

test("rows that are kept as values are bytes for whoever asks for bytes, and the other way round", () => {
  const rows = memoryEngine.open().rows("counts");
  const key = (text: string) => Buffer.from(text);
  rows.put(key("before"), withTimestamp(int64.serialize(1) as Buffer, 10));
  const { parts } = timestampedFormat(int64, "topic", undefined as never);
  const values = rows.keepValues?.(parts as RowParts<unknown>);
  assert.ok(values);
  values.put("after", 2, -1);
  rows.put(key("restored"), withTimestamp(int64.serialize(3) as Buffer, 2 ** 40));
  assert.equal(values.find("missing"), -1);
  const read = ["before", "after", "restored"].map((text) => {
    const row = values.find(text);
    return [values.valueAt(row), values.timeAt(row)];
  });
  assert.deepEqual(read, [
    [1, 10],
    [2, -1],
    [3, 2 ** 40],
  ]);
  assert.deepEqual(
    [...rows.range(undefined, undefined)].map(([one, row]) => `${one} ${row.toString("hex")}`),
    [
      "after ffffffffffffffff0000000000000002",
      "before 000000000000000a0000000000000001",
      "restored 00000100000000000000000000000003",
    ],
  );
  values.delete("after");
  assert.equal(rows.get(key("after")), null);
  assert.equal(rows.approximateCount(), 2);
});
