import assert from "node:assert/strict";
import { test } from "node:test";
import { readingLongKeys, storedKey, storedRow } from "./long-keys.ts";
import type { CommittedRows } from "./overlay-rows.ts";

const start = Buffer.alloc(1_960, "k");
const longKey = (end: number) => Buffer.concat([start, Buffer.from(`${end}`.padStart(4, "0"))]);
const value = (key: Buffer) => Buffer.from(key.subarray(-4));

/** Rows as an engine has them whose keys cannot be longer than lmdb's. */
function rowsOf(keys: readonly Buffer[]): CommittedRows {
  const rows = keys
    .map((key) => storedRow(key, value(key)))
    .sort(([one], [other]) => one.compare(other));
  return readingLongKeys({
    get: (key) => rows.find(([one]) => one.equals(key))?.[1] ?? null,
    *range(from, to, backwards) {
      const asked = rows.filter(
        ([key]) => (!from || key.compare(from) >= 0) && (!to || key.compare(to) < 0),
      );
      for (const [key, value] of backwards ? asked.reverse() : asked) yield { key, value };
    },
    count: () => rows.length,
  });
}

test("keys of any length are stored under at most 1,978 bytes, each under its own", () => {
  const stored = Array.from({ length: 100 }, (_, index) => storedKey(longKey(index)));
  assert.equal(new Set(stored.map((key) => key.toString("hex"))).size, 100);
  assert.ok(stored.every((key) => key.length <= 1_978));
  assert.deepEqual(storedKey(start), start);
});

test("rows of long keys that begin alike are read in the order of their keys, between others", () => {
  const before = Buffer.from("a");
  const behind = Buffer.from("z");
  const long = Array.from({ length: 20 }, (_, index) => longKey(index));
  const rows = rowsOf([behind, ...long.toReversed(), start, before]);
  const keys = (from?: Buffer, to?: Buffer, backwards = false) =>
    [...rows.range(from, to, backwards)].map(([key, own]) => {
      assert.deepEqual(own, value(key));
      return key;
    });
  const all = [before, start, ...long, behind];
  assert.deepEqual(keys(), all);
  assert.deepEqual(keys(undefined, undefined, true), all.toReversed());
  assert.deepEqual(keys(longKey(5), longKey(8)), [longKey(5), longKey(6), longKey(7)]);
  assert.deepEqual(keys(longKey(18), undefined, true), [behind, longKey(19), longKey(18)]);
  assert.deepEqual(rows.get(longKey(7)), value(longKey(7)));
  assert.equal(rows.get(longKey(77)), null);
});
