import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { StoreScene } from "../../../test/store-scene.ts";
import { string } from "../../client/index.ts";
import { float64 } from "../numeric-serdes.ts";
import { SharedCacheBudget } from "./cache-budget.ts";
import { keyValueStore, timestampedKeyValueStore } from "./key-value-builders.ts";
import { memoryEngine } from "./memory.ts";
import type { KeyValueStore, Row } from "./state-store.ts";

const serdes = { key: string, value: string };

/** As the order of bytes wants it: beyond ASCII it is not that of JavaScript's strings. */
const keys = ["", "a", "ab", "b", "\u007f", "ß", "\uffee", "\u{1f600}"];
const keyArbitrary = fc.constantFrom(...keys);
const stepArbitrary = fc.oneof(
  fc.record({ do: fc.constantFrom("put", "putIfAbsent"), key: keyArbitrary, value: fc.string() }),
  fc.record({ do: fc.constantFrom("delete", "get"), key: keyArbitrary, value: fc.constant("") }),
  fc.record({ do: fc.constantFrom("flush", "check"), key: keyArbitrary, value: keyArbitrary }),
);
type Step = { readonly do: string; readonly key: string; readonly value: string };

for (const [name, limitBytes] of [
  ["without a cache", undefined],
  ["with a cache", 1e6],
  ["with a cache that is too small", 700],
  ["with a cache of no size", 0],
] as const) {
  test(`a key-value store ${name} is a sorted map, and so is what its changelog restores`, () => {
    fc.assert(
      fc.property(fc.array(stepArbitrary, { maxLength: 50, size: "max" }), (steps) => {
        const isCached = limitBytes !== undefined;
        const builder = keyValueStore("s", { ...serdes, cache: isCached });
        const cache = isCached ? new SharedCacheBudget(limitBytes) : undefined;
        const scene = new StoreScene(builder, cache ? { cache } : {});
        const model = new Map<string, string>();
        for (const step of steps) apply(scene.store, model, step);
        scene.store.flush();
        check(scene.store, model, "", "\u{1f600}");
        const restored = new StoreScene(builder).restore(scene.log);
        check(restored.store, model, "", "b");
      }),
      { numRuns: 150 },
    );
  });
}

function apply(store: KeyValueStore<string, string>, model: Map<string, string>, step: Step): void {
  const { key, value } = step;
  const present = model.get(key) ?? null;
  switch (step.do) {
    case "put":
      store.put(key, value);
      model.set(key, value);
      return;
    case "putIfAbsent":
      assert.equal(store.putIfAbsent(key, value), present);
      if (present === null) model.set(key, value);
      return;
    case "delete":
      assert.equal(store.delete(key), present);
      model.delete(key);
      return;
    case "get":
      assert.equal(store.get(key), present);
      return;
    case "flush":
      store.flush();
      return;
    default:
      check(store, model, key, value);
  }
}

function check(
  store: KeyValueStore<string, string>,
  model: Map<string, string>,
  from: string,
  to: string,
): void {
  const order = (one: string, other: string) => Buffer.from(one).compare(Buffer.from(other));
  const all: Row<string, string>[] = [...model].sort(([one], [other]) => order(one, other));
  assert.deepEqual([...store.all()], all);
  assert.deepEqual([...store.reverseAll()], all.toReversed());
  const within = all.filter(([key]) => order(from, key) <= 0 && order(key, to) <= 0);
  assert.deepEqual([...store.range(from, to)], within);
  assert.deepEqual([...store.reverseRange(from, to)], within.toReversed());
  const prefix = Buffer.from(from).subarray(0, 1);
  const begins = all.filter(([key]) => Buffer.from(key).subarray(0, prefix.length).equals(prefix));
  assert.deepEqual([...store.prefixScan(prefix)], begins);
}

test("the changelog of a timestamped store has plain values, and the time as the record's", () => {
  const builder = timestampedKeyValueStore("s", serdes);
  const scene = new StoreScene(builder);
  scene.now = 50;
  scene.store.put("k", { value: "v", timestamp: 7 });
  scene.store.put("k", null);
  const [put, removal] = scene.log;
  assert.deepEqual([put?.value?.toString(), put?.timestamp], ["v", 7]);
  assert.deepEqual([removal?.value, removal?.timestamp], [null, 50]);
  const restored = new StoreScene(builder).restore(scene.log.slice(0, 1));
  assert.deepEqual(restored.store.get("k"), { value: "v", timestamp: 7 });
});

test("a null key is refused with what to blame, and so is an undefined one", () => {
  for (const key of [null, undefined] as unknown as string[]) {
    const { store } = new StoreScene(keyValueStore("s", serdes));
    assert.throws(() => store.put(key, "v"), { code: "INVALID_ARGUMENT" });
  }
});

test("zero and minus zero are two keys, as their bytes are", () => {
  const { store } = new StoreScene(keyValueStore("s", { key: float64, value: string }));
  store.put(0, "zero");
  assert.equal(store.get(-0), null);
  store.put(-0, "minus zero");
  assert.deepEqual([store.get(0), store.get(-0)], ["zero", "minus zero"]);
});

test("a store in memory gives text as its bytes say it, not as it was put", () => {
  const { store } = new StoreScene(keyValueStore("s", { ...serdes, storeType: "memory" }));
  store.put("k", "half \ud83d");
  assert.equal(store.get("k"), "half \ufffd");
});

test("rows that are compressed read as they were written", () => {
  for (const compression of ["zstd", "lz4"] as const) {
    const persistent = memoryEngine.open();
    const compressing = keyValueStore("s", { ...serdes, compression });
    const { store } = new StoreScene(compressing, { persistent });
    const long = "abc".repeat(1000);
    store.putAll([
      ["a", long],
      ["b", "short"],
      ["c", ""],
    ]);
    assert.equal(store.get("a"), long);
    const kept = persistent.rows("s").get(Buffer.from("a")) as Buffer;
    assert.ok(kept.length < 300, `${kept.length} bytes are kept of ${long.length}`);
    assert.deepEqual(
      [...store.range("b", "c")],
      [
        ["b", "short"],
        ["c", ""],
      ],
    );
  }
});

test("a builder refuses names and serdes that cannot be", () => {
  assert.throws(() => keyValueStore("a/b", serdes), { code: "INVALID_NAME" });
  const none = { key: string } as unknown as typeof serdes;
  assert.throws(() => keyValueStore("s", none), { code: "MISSING_SERDE", message: /value/ });
});
