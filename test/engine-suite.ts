import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import type { Rows, StoreEngine, TaskState } from "../src/streams/stores/engine.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** What any engine for state stores must do; a custom one is tested with this too. */
export function engineSuite(engine: StoreEngine): void {
  const { name } = engine;

  test(`${name}: rows are those of a sorted map, whatever happens to them`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(stepArbitrary, { maxLength: 60, size: "max" }), async (steps) => {
        await withState(engine, (state) => {
          const model = new Map<string, Buffer>();
          for (const step of steps) apply(state, model, step);
          check(state.rows("rows"), model);
          state.commit(new Map());
          check(state.rows("rows"), model);
        });
      }),
      { numRuns: engine.isPersistent ? 40 : 200 },
    );
  });

  test(`${name}: ranges have bounds that no row needs to be at`, async () => {
    await withState(engine, (state) => {
      const rows = state.rows("rows");
      for (const key of ["a", "c", "e"]) rows.put(bytes(key), bytes(`${key}!`));
      const keys = (from?: string, to?: string, backwards = false) =>
        [...rows.range(from ? bytes(from) : undefined, to ? bytes(to) : undefined, backwards)]
          .map(([key]) => key.toString())
          .join("");
      for (const _ of ["before the commit", "after it"]) {
        assert.equal(keys("b", "e"), "c");
        assert.equal(keys("a", "d", true), "ca");
        assert.equal(keys("c"), "ce");
        assert.equal(keys(undefined, "c"), "a");
        assert.equal(keys("d", "b"), "");
        state.commit(new Map());
      }
    });
  });

  test(`${name}: a row put while a range is read is not in that range`, async () => {
    await withState(engine, (state) => {
      const rows = state.rows("rows");
      for (const key of ["a", "b"]) rows.put(bytes(key), bytes("1"));
      const seen: string[] = [];
      for (const [key] of rows.range(undefined, undefined)) {
        seen.push(key.toString());
        rows.put(bytes(`${key}x`), bytes("2"));
      }
      assert.deepEqual(seen, ["a", "b"]);
    });
  });

  test(`${name}: ranges and commits leave nothing behind in memory`, async () => {
    await withState(engine, async (state) => {
      const rows = state.rows("rows");
      for (const key of ["a", "b"]) rows.put(bytes(key), bytes("1"));
      state.commit(new Map());
      const read = async (times: number) => {
        for (let time = 1; time <= times; time += 1) {
          for (const [key] of rows.range(bytes("a"), undefined)) if (key) break;
          if (time % 100 > 0) continue;
          state.commit(new Map([["rows", time]]));
          await setImmediate();
        }
      };
      await read(2_000);
      const before = heapInUse();
      await read(20_000);
      const grownBytes = heapInUse() - before;
      assert.ok(grownBytes < 4 * 2 ** 20, `${grownBytes} bytes more are in use`);
    });
  });

  test(`${name}: a set of rows that was dropped is empty, and can be filled again`, async () => {
    await withState(engine, (state) => {
      state.rows("old").put(bytes("a"), bytes("1"));
      state.commit(new Map());
      state.drop("old");
      assert.ok(!state.names().includes("old"));
      state.rows("old").put(bytes("b"), bytes("2"));
      state.commit(new Map());
      assert.equal(state.rows("old").get(bytes("a")), null);
      assert.equal(state.rows("old").get(bytes("b"))?.toString(), "2");
      state.drop("old");
      state.commit(new Map());
      assert.equal(state.rows("old").get(bytes("b")), null);
    });
  });

  test(`${name}: a snapshot has what is committed, until its lease is over`, async () => {
    await withState(engine, async (state) => {
      const clock = new VirtualClock();
      state.rows("rows").put(bytes("a"), bytes("1"));
      state.commit(new Map());
      const snapshot = state.snapshot({ clock, ms: 1000 });
      const rows = snapshot.rows("rows");
      if (engine.isPersistent) {
        state.rows("rows").put(bytes("b"), bytes("2"));
        assert.equal([...rows.range(undefined, undefined)].length, 1);
      }
      assert.equal(rows.get(bytes("a"))?.toString(), "1");
      await clock.sleep(1001);
      assert.throws(() => rows.get(bytes("a")), { code: "CLOSED" });
      snapshot.close();
    });
  });

  if (!engine.isPersistent) return;

  test(`${name}: rows that are written ahead of a commit take nothing from it`, async () => {
    await withState(engine, (state) => {
      for (let index = 0; index < 25; index += 1) {
        state.rows(`rows${index % 3}`).put(bytes(`${index}`), bytes(`${index}!`));
      }
      if (!state.write) return;
      let slices = 1;
      while (!state.write(10)) slices += 1;
      assert.equal(slices, 3);
      assert.equal(state.offset("rows0"), undefined);
      state.rows("rows0").put(bytes("3"), bytes("late"));
      assert.equal(state.write(100), true);
      assert.equal(state.write(100), true);
      state.commit(new Map([["rows0", 5]]));
      assert.equal(state.rows("rows0").get(bytes("3"))?.toString(), "late");
      assert.equal(state.rows("rows1").get(bytes("22"))?.toString(), "22!");
      assert.equal(state.offset("rows0"), 5);
    });
  });

  test(`${name}: a slice that ends with one set of rows leaves those of the next for another`, async () => {
    await withState(engine, (state) => {
      if (!state.write) return;
      for (const set of ["one", "other"]) state.rows(set).put(bytes("k"), bytes(set));
      assert.equal(state.write(1), false);
      assert.equal(state.write(1), true);
    });
  });

  test(`${name}: what waits for the commit takes memory once, however often it is written`, async () => {
    await withState(engine, (state) => {
      const rows = state.rows("rows");
      rows.put(bytes("k"), Buffer.alloc(100));
      const once = state.pendingBytes();
      rows.delete(bytes("k"));
      for (let count = 0; count < 10; count += 1) rows.put(bytes("k"), Buffer.alloc(100));
      assert.equal(state.pendingBytes(), once);
    });
  });

  test(`${name}: what was committed is there again, with its offsets, and nothing else`, async () => {
    const directory = mkdtempSync(join(tmpdir(), "millrace-engine-"));
    const first = await engine.open(directory);
    first.rows("a").put(bytes("k"), bytes("1"));
    first.rows("b").put(bytes(""), bytes("2"));
    first.commit(new Map([["a", 7]]));
    first.rows("a").put(bytes("k"), bytes("3"));
    first.rows("c").put(bytes("k"), bytes("4"));
    await first.close();
    const second = await engine.open(directory);
    assert.equal(second.rows("a").get(bytes("k"))?.toString(), "1");
    assert.equal(second.rows("b").get(bytes(""))?.toString(), "2");
    assert.equal(second.offset("a"), 7);
    assert.equal(second.offset("b"), undefined);
    assert.deepEqual([...second.rows("c").range(undefined, undefined)], []);
    await second.close();
    await second.close();
    rmSync(directory, { recursive: true, force: true });
  });
}

async function withState(
  engine: StoreEngine,
  run: (state: TaskState) => void | Promise<void>,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-engine-"));
  const state = await engine.open(directory);
  try {
    await run(state);
  } finally {
    await state.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

type Step =
  | { readonly do: "put"; readonly key: Buffer; readonly value: Buffer }
  | { readonly do: "delete"; readonly key: Buffer }
  | { readonly do: "commit" | "check" | "drop" }
  | { readonly do: "write"; readonly maxRows: number }
  | {
      readonly do: "range";
      readonly from: Buffer;
      readonly to: Buffer;
      readonly isReverse: boolean;
    };

/** Few short keys, so that they meet, and long ones that begin alike. */
const keyArbitrary = fc.oneof(
  { weight: 4, arbitrary: fc.uint8Array({ maxLength: 2, max: 3 }).map(buffer) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(1959, 1960, 1961, 1976, 1978, 2500), fc.integer({ max: 2, min: 0 }))
      .map(([length, last]) => Buffer.concat([Buffer.alloc(length, 2), Buffer.of(last)])),
  },
  { weight: 1, arbitrary: fc.constantFrom(Buffer.of(255), Buffer.of(255, 255), Buffer.of(0)) },
);
const valueArbitrary = fc.uint8Array({ maxLength: 5 }).map(buffer);
const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant("put" as const), key: keyArbitrary, value: valueArbitrary }),
  fc.record({ do: fc.constant("delete" as const), key: keyArbitrary }),
  fc.record({ do: fc.constantFrom("commit" as const, "check" as const) }),
  fc.record({ do: fc.constant("drop" as const) }),
  fc.record({ do: fc.constant("write" as const), maxRows: fc.integer({ min: 0, max: 4 }) }),
  fc.record({
    do: fc.constant("range" as const),
    from: keyArbitrary,
    to: keyArbitrary,
    isReverse: fc.boolean(),
  }),
);

function apply(state: TaskState, model: Map<string, Buffer>, step: Step): void {
  const rows = state.rows("rows");
  switch (step.do) {
    case "put":
      rows.put(step.key, step.value);
      model.set(step.key.toString("latin1"), step.value);
      return;
    case "delete":
      rows.delete(step.key);
      model.delete(step.key.toString("latin1"));
      return;
    case "commit":
      state.commit(new Map());
      return;
    case "write":
      state.write?.(step.maxRows);
      return;
    case "drop":
      state.drop("rows");
      model.clear();
      return;
    case "check":
      check(rows, model);
      return;
    case "range": {
      const expected = sorted(model).filter(
        ([key]) => step.from.compare(key) <= 0 && key.compare(step.to) < 0,
      );
      if (step.isReverse) expected.reverse();
      assert.deepEqual([...rows.range(step.from, step.to, step.isReverse)], expected);
      return;
    }
    default:
      step satisfies never;
  }
}

function check(rows: Rows, model: Map<string, Buffer>): void {
  assert.deepEqual([...rows.range(undefined, undefined)], sorted(model));
  assert.deepEqual([...rows.range(undefined, undefined, true)], sorted(model).reverse());
  for (const [key, value] of sorted(model)) assert.deepEqual(rows.get(key), value);
}

function sorted(model: Map<string, Buffer>): (readonly [Buffer, Buffer])[] {
  const rows = [...model].map(([key, value]) => [Buffer.from(key, "latin1"), value] as const);
  return rows.sort(([one], [other]) => one.compare(other));
}

function buffer(array: Uint8Array): Buffer {
  return Buffer.from(array);
}

function bytes(text: string): Buffer {
  return Buffer.from(text);
}

/** What the heap takes once all is gone that nobody holds on to. */
function heapInUse(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  return process.memoryUsage().heapUsed;
}
