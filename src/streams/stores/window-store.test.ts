import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { StoreScene } from "../../../test/store-scene.ts";
import { string } from "../../client/index.ts";
import { SharedCacheBudget } from "./cache-budget.ts";
import type { Row, Windowed, WindowStore } from "./state-store.ts";
import { timestampedWindowStore, type WindowStoreOptions, windowStore } from "./window-builders.ts";

const serdes = { key: string, value: string };
const minute = 60_000;
const retentionMs = 3 * minute;
/** Half of what is kept. */
const segmentMs = 1.5 * minute;

interface Put {
  readonly key: string;
  readonly value: string | null;
  readonly start: number;
}
interface Range {
  readonly fromKey: string;
  readonly toKey: string;
  readonly from: number;
  readonly to: number;
}
const keyArbitrary = fc.constantFrom("a", "ab", "b", "ß");
const startArbitrary = fc.integer({ min: 0, max: 16 }).map((step) => step * 20_000);
const putArbitrary: fc.Arbitrary<Put> = fc.record({
  key: keyArbitrary,
  value: fc.option(fc.string({ maxLength: 3 }), { freq: 5 }),
  start: startArbitrary,
});
const rangeArbitrary: fc.Arbitrary<Range> = fc.record({
  fromKey: keyArbitrary,
  toKey: keyArbitrary,
  from: startArbitrary,
  to: startArbitrary,
});

interface Cell {
  readonly key: string;
  readonly start: number;
  readonly value: string;
}

/** What a kind of store keeps, and in which order: from the rules, without any structure. */
class Model {
  readonly #isByTime: boolean;
  readonly #expiresBySegment: boolean;
  #cells: Cell[] = [];
  #observed = -1;

  constructor(type: "memory" | "persistent", isTimeOrdered: boolean) {
    this.#isByTime = type === "memory" || isTimeOrdered;
    this.#expiresBySegment = type === "persistent";
    this.#margin = isTimeOrdered ? 0 : 1;
  }
  readonly #margin: number;

  put({ key, value, start }: Put): void {
    this.#observed = Math.max(this.#observed, start);
    const limit = this.#observed - retentionMs;
    const isLate = this.#expiresBySegment
      ? Math.trunc(start / segmentMs) < Math.trunc(limit / segmentMs)
      : start <= limit;
    if (isLate) return;
    this.#cells = this.#cells.filter((cell) => cell.key !== key || cell.start !== start);
    if (value !== null) this.#cells.push({ key, start, value });
  }

  find({ fromKey, toKey, from, to }: Range): Cell[] {
    const first = Math.max(from, this.#observed - retentionMs + this.#margin);
    return this.#sorted().filter(
      ({ key, start }) =>
        start >= first && start <= to && compare(fromKey, key) <= 0 && compare(key, toKey) <= 0,
    );
  }

  #sorted(): Cell[] {
    const segment = ({ start }: Cell) => Math.trunc(start / segmentMs);
    return this.#cells.toSorted((one, other) =>
      this.#isByTime
        ? one.start - other.start || compare(one.key, other.key)
        : segment(one) - segment(other) || compare(one.key, other.key) || one.start - other.start,
    );
  }
}

const kinds: readonly (readonly [string, Partial<WindowStoreOptions<string, string>>])[] = [
  ["in memory", { storeType: "memory" }],
  ["in segments", { storeType: "persistent" }],
  ["by time", { timeOrder: "plain" }],
];

for (const [name, kind] of kinds) {
  test(`windows ${name} are those of the model, and so are those that the changelog restores`, () => {
    const scenario = fc.tuple(
      fc.array(putArbitrary, { maxLength: 40, size: "max" }),
      fc.array(rangeArbitrary, { maxLength: 10 }),
    );
    fc.assert(
      fc.property(scenario, ([puts, ranges]) => {
        const builder = windowStore("s", { ...serdes, windowSizeMs: 10, retentionMs, ...kind });
        const scene = new StoreScene(builder);
        const model = new Model(kind.storeType ?? "persistent", kind.timeOrder !== undefined);
        for (const put of puts) {
          scene.store.put(put.key, put.value, put.start);
          model.put(put);
        }
        const restored = new StoreScene(builder).restore(scene.log);
        for (const range of ranges) {
          for (const { store } of [scene, restored]) check(store, model, range);
        }
      }),
      { numRuns: 300 },
    );
  });
}

test("windows by time with an index are those without, keys first where keys are asked for", () => {
  fc.assert(
    fc.property(
      fc.array(putArbitrary, { maxLength: 40, size: "max" }),
      rangeArbitrary,
      (puts, range) => {
        const [plain, indexed] = (["plain", "indexed"] as const).map((timeOrder) => {
          const terms = { windowSizeMs: 10, retentionMs, timeOrder };
          return new StoreScene(windowStore("s", { ...serdes, ...terms })).store;
        });
        assert.ok(plain && indexed);
        for (const { key, value, start } of puts) {
          plain.put(key, value, start);
          indexed.put(key, value, start);
        }
        const { fromKey, toKey, from, to } = range;
        assert.deepEqual(
          [...indexed.fetchRange(fromKey, from, to)],
          [...plain.fetchRange(fromKey, from, to)],
        );
        assert.deepEqual([...indexed.all()], [...plain.all()]);
        const byText = (rows: Iterable<unknown>) =>
          [...rows].map((row) => JSON.stringify(row)).sort();
        assert.deepEqual(
          byText(indexed.fetchKeys(fromKey, toKey, from, to)),
          byText(plain.fetchKeys(fromKey, toKey, from, to)),
        );
      },
    ),
  );
});

for (const storeType of ["memory", "persistent"] as const) {
  test(`a cache in front of windows (${storeType}) changes nothing that can be read`, () => {
    const step = fc.oneof(putArbitrary, fc.constant("flush" as const));
    const scenario = fc.tuple(
      fc.array(step, { maxLength: 40, size: "max" }),
      fc.array(rangeArbitrary, { maxLength: 10 }),
    );
    fc.assert(
      fc.property(scenario, fc.constantFrom(0, 1500, 1e6), ([steps, ranges], limitBytes) => {
        // Nothing expires: a cache serves also what the rows behind it have dropped.
        const terms = { ...serdes, windowSizeMs: 10, retentionMs: 100 * minute, storeType };
        const cache = new SharedCacheBudget(limitBytes);
        const cached = new StoreScene(windowStore("s", { ...terms, cache: true }), { cache });
        const plain = new StoreScene(windowStore("s", terms));
        for (const step of steps) {
          if (step === "flush") {
            cached.store.flush();
            continue;
          }
          for (const { store } of [cached, plain]) store.put(step.key, step.value, step.start);
        }
        for (const range of ranges) {
          assert.deepEqual(reads(cached.store, range), reads(plain.store, range));
        }
      }),
      { numRuns: 200 },
    );
  });
}

function check(store: WindowStore<string, string>, model: Model, range: Range): void {
  const { fromKey, toKey, from, to } = range;
  const windowed = ({ key, start, value }: Cell): Row<Windowed<string>, string> => [
    { key, window: { start, end: start + 10 } },
    value,
  ];
  const ofKeys = model.find(range).map(windowed);
  assert.deepEqual([...store.fetchKeys(fromKey, toKey, from, to)], ofKeys);
  assert.deepEqual([...store.backwardFetchKeys(fromKey, toKey, from, to)], ofKeys.toReversed());
  const open = { fromKey: "", toKey: "\u{10ffff}" };
  const within = model.find({ ...open, from, to }).map(windowed);
  assert.deepEqual([...store.fetchAll(from, to)], within);
  assert.deepEqual([...store.backwardFetchAll(from, to)], within.toReversed());
  const all = model.find({ ...open, from: 0, to: Number.POSITIVE_INFINITY }).map(windowed);
  assert.deepEqual([...store.all()], all);
  assert.deepEqual([...store.backwardAll()], all.toReversed());
  const ofKey = model.find({ fromKey, toKey: fromKey, from, to });
  const byStart = ofKey.map(({ start, value }) => [start, value] as const);
  assert.deepEqual([...store.fetchRange(fromKey, from, to)], byStart);
  assert.deepEqual([...store.backwardFetchRange(fromKey, from, to)], byStart.toReversed());
  const [one] = model.find({ fromKey, toKey: fromKey, from, to: from });
  assert.equal(store.fetch(fromKey, from), one?.value ?? null);
}

function reads(store: WindowStore<string, string>, { fromKey, toKey, from, to }: Range): unknown[] {
  return [
    store.fetch(fromKey, from),
    ...store.fetchRange(fromKey, from, to),
    ...store.backwardFetchRange(fromKey, from, to),
    ...store.fetchKeys(fromKey, toKey, from, to),
    ...store.backwardFetchKeys(fromKey, toKey, from, to),
    ...store.fetchKeys(undefined, toKey, from, to),
    ...store.fetchAll(from, to),
    ...store.all(),
    ...store.backwardAll(),
  ];
}

for (const storeType of ["memory", "persistent"] as const) {
  test(`a store (${storeType}) that retains duplicates gives each of them, in order`, () => {
    const terms = { windowSizeMs: 10, retentionMs, retainsDuplicates: true, storeType };
    const builder = windowStore("s", { ...serdes, ...terms });
    const scene = new StoreScene(builder);
    for (const value of ["1", "2", "3"]) scene.store.put("k", value, 5);
    scene.store.put("k", null, 5);
    scene.store.put("k", "0", 4);
    const rows = [
      [4, "0"],
      [5, "1"],
      [5, "2"],
      [5, "3"],
    ];
    assert.deepEqual([...scene.store.fetchRange("k", 0, 10)], rows);
    assert.deepEqual([...scene.store.backwardFetchRange("k", 0, 10)], rows.toReversed());
    assert.equal(scene.store.fetch("k", 5), null);
    const restored = new StoreScene(builder).restore(scene.log);
    assert.deepEqual([...restored.store.fetchRange("k", 0, 10)], rows);
  });
}

test("a window that has expired is dropped and counted, to the millisecond in memory, with its segment else", () => {
  for (const [storeType, isDropped] of [
    ["memory", true],
    ["persistent", false],
  ] as const) {
    const terms = { windowSizeMs: 10, retentionMs: 100, storeType };
    const { store, dropped } = new StoreScene(windowStore("s", { ...serdes, ...terms }));
    store.put("k", "new", 1000);
    store.put("k", "old", 900);
    assert.deepEqual(dropped, isDropped ? [{ why: "expired" }] : []);
    assert.equal(store.fetch("k", 900), null);
  }
});

test("an open iteration over windows in memory stays sound while rows are deleted, put again and added", () => {
  const terms = { windowSizeMs: 10, retentionMs: 100, storeType: "memory" } as const;
  const { store } = new StoreScene(windowStore("s", { ...serdes, ...terms }));
  for (const start of [1, 2, 3]) store.put("k", `${start}`, start);
  store.put("k", null, 2);
  const [ofKey, all] = [store.fetchRange("k", 0, 10), store.all()];
  const first = all.next().value;
  store.put("k", null, 3);
  store.put("k", "again", 2);
  store.put("k", "more", 4);
  assert.deepEqual(
    [...ofKey],
    [
      [1, "1"],
      [3, "3"],
    ],
  );
  assert.deepEqual([first?.[1], ...all], ["1"]);
  assert.deepEqual(
    [...store.all()].map(([{ window }, value]) => [window.start, value]),
    [
      [1, "1"],
      [2, "again"],
      [4, "more"],
    ],
  );
});

test("a cached row can be read when the row behind it has expired, as the JVM's can", () => {
  const cache = new SharedCacheBudget(1e6);
  const terms = { windowSizeMs: 100, retentionMs: 100, cache: true };
  const builder = timestampedWindowStore("s", { ...serdes, ...terms });
  const { store } = new StoreScene(builder, { cache });
  store.put("k", { value: "1", timestamp: 0 }, 0);
  store.flush();
  store.put("k", { value: "1", timestamp: 5000 }, 5000);
  store.flush();
  assert.deepEqual(store.fetch("k", 0), { value: "1", timestamp: 0 });
  assert.equal([...store.all()].length, 2);
});

test("windows must be kept for as long as they are", () => {
  const terms = { windowSizeMs: 100, retentionMs: 99 };
  assert.throws(() => windowStore("s", { ...serdes, ...terms }), { code: "RETENTION_TOO_SHORT" });
});

function compare(one: string, other: string): number {
  return Buffer.from(one).compare(Buffer.from(other));
}
