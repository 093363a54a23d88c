import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { StoreScene } from "../../../test/store-scene.ts";
import { string } from "../../client/index.ts";
import { keyValueStore } from "./key-value-builders.ts";
import { memoryEngine } from "./memory.ts";
import { VersionList } from "./version-list.ts";
import { versionedKeyValueStore } from "./versioned-store.ts";

const serdes = { key: string, value: string };
const historyRetentionMs = 100;

interface Put {
  readonly key: string;
  readonly value: string | null;
  readonly timestamp: number;
}
const putArbitrary: fc.Arbitrary<Put> = fc.record({
  key: fc.constantFrom("a", "b"),
  value: fc.option(fc.string({ maxLength: 3 }), { freq: 4 }),
  timestamp: fc.integer({ min: 0, max: 400 }),
});

/** All versions of all keys, as they were put. */
class Model {
  readonly #versions = new Map<string, Map<number, string | null>>();
  #observed = 0;

  /** Gives when the next version begins, as the store does. */
  put({ key, value, timestamp }: Put): number | undefined {
    if (timestamp < this.#observed - historyRetentionMs) return undefined;
    this.#observed = Math.max(this.#observed, timestamp);
    const versions = this.#versions.get(key) ?? new Map<number, string | null>();
    this.#versions.set(key, versions);
    versions.set(timestamp, value);
    return Math.min(...[...versions.keys()].filter((time) => time > timestamp));
  }

  /** Whether the store does not keep that there was a deletion: see the test of such ones. */
  forgets({ key, value, timestamp }: Put): boolean {
    return value === null && (this.#versions.get(key)?.get(timestamp) ?? null) !== null;
  }

  get(key: string, asOf: number): { value: string; timestamp: number } | null {
    const times = [...(this.#versions.get(key)?.keys() ?? [])];
    const timestamp = Math.max(...times.filter((time) => time <= asOf));
    const value = this.#versions.get(key)?.get(timestamp) ?? null;
    // Too far back: only a version that is valid still is known for sure.
    const isHistory = asOf < this.#observed - historyRetentionMs;
    if (value === null || (isHistory && timestamp !== Math.max(...times))) return null;
    return { value, timestamp };
  }
}

for (const [storeType, segmentIntervalMs] of [
  ["persistent", 30],
  ["persistent", 1000],
  ["memory", 7],
] as const) {
  test(`each key has the versions that were put (${storeType}, segments of ${segmentIntervalMs} ms)`, () => {
    fc.assert(
      fc.property(fc.array(putArbitrary, { maxLength: 40, size: "max" }), (puts) => {
        const terms = { historyRetentionMs, segmentIntervalMs, storeType };
        const builder = versionedKeyValueStore("s", { ...serdes, ...terms });
        const scene = new StoreScene(builder);
        const model = new Model();
        for (const put of puts) {
          if (model.forgets(put)) continue;
          scene.store.put(put.key, put.value, put.timestamp);
          model.put(put);
        }
        const restored = new StoreScene(builder).restore(scene.log);
        for (const { store } of [scene, restored]) {
          for (const key of ["a", "b"]) {
            for (let asOf = 0; asOf <= 420; asOf += 1) {
              const found = store.get(key, asOf);
              const plain = found && { value: found.value, timestamp: found.timestamp };
              assert.deepEqual(plain, model.get(key, asOf), `${key} as of ${asOf}`);
            }
            assert.deepEqual(store.get(key)?.value ?? null, model.get(key, 1000)?.value ?? null);
          }
        }
      }),
      { numRuns: 150 },
    );
  });
}

test("a put tells when the next version begins, and whether it came in time", () => {
  const builder = versionedKeyValueStore("s", { ...serdes, historyRetentionMs });
  const { store, dropped } = new StoreScene(builder);
  assert.equal(store.put("k", "1", 100), -1);
  assert.equal(store.put("k", "0", 50), 100);
  assert.equal(store.put("k", "2", 150), -1);
  assert.equal(store.put("k", "1.5", 120), 150);
  assert.equal(store.put("k", "too late", 49), undefined);
  assert.deepEqual(dropped, [{ why: "expired" }]);
  assert.deepEqual(store.get("k", 130), { value: "1.5", timestamp: 120, validTo: 150 });
  assert.deepEqual(store.get("k"), { value: "2", timestamp: 150, validTo: undefined });
  assert.deepEqual(store.delete("k", 140), { value: "1.5", timestamp: 120, validTo: 150 });
  assert.equal(store.get("k", 145), null);
});

test("a deletion at the very time of the only version is forgotten with it, as on the JVM", () => {
  const builder = versionedKeyValueStore("s", { ...serdes, historyRetentionMs });
  const { store } = new StoreScene(builder);
  store.put("k", "1", 100);
  store.put("k", null, 100);
  assert.equal(store.put("k", "0", 50), -1);
  assert.deepEqual(store.get("k"), { value: "0", timestamp: 50, validTo: undefined });
});

test("the changelog has each put under its own time, also one that came too late", () => {
  const builder = versionedKeyValueStore("s", { ...serdes, historyRetentionMs });
  const { store, log } = new StoreScene(builder);
  store.put("k", "1", 500);
  store.put("k", "late", 1);
  store.delete("k", 600);
  assert.deepEqual(
    log.map(({ value, timestamp }) => [value?.toString() ?? null, timestamp]),
    [
      ["1", 500],
      ["late", 1],
      [null, 600],
    ],
  );
});

test("a row of old versions has times newest first and values oldest first", () => {
  const versions = VersionList.of(Buffer.from("old"), 1, 2);
  versions.addNewest(3, 5, Buffer.from("new"));
  const row = versions.encode().toString("hex");
  const times =
    "00000000000000030000000300000000000000" + "02ffffffff" + "000000000000000100000003";
  assert.equal(row, `00000000000000050000000000000001${times}${hex("old")}${hex("new")}`);
  assert.deepEqual(VersionList.decode(versions.encode()).encode(), versions.encode());
});

function hex(text: string): string {
  return Buffer.from(text).toString("hex");
}

test("present versions are not taken for the rows of a store that is named like them", () => {
  const persistent = memoryEngine.open();
  const builder = versionedKeyValueStore("s", { ...serdes, historyRetentionMs });
  const versioned = new StoreScene(builder, { persistent }).store;
  const other = new StoreScene(keyValueStore("s.latestValues", serdes), { persistent }).store;
  versioned.put("k", "v", 10);
  assert.equal(other.get("k"), null);
});
