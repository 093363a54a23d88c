import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { int64Max } from "../protocol/index.ts";
import { hopping, session, sliding, tumbling, unlimited } from "./windows.ts";

const timestamps = fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 20 });
const sizes = fc
  .integer({ min: 1, max: 50 })
  .chain((size) => fc.tuple(fc.constant(size), fc.integer({ min: 1, max: size })));

test("a timestamp falls into exactly the hopping windows that hold it", () => {
  fc.assert(
    fc.property(sizes, timestamps, ([size, advance], times) => {
      const windows = hopping({ size, advance });
      for (const time of times) {
        const expected = [];
        for (let start = 0; start <= time; start += advance) {
          if (time < start + size) expected.push({ start, end: start + size });
        }
        assert.deepEqual(windows.windowsFor(time), expected);
      }
    }),
  );
});

test("a timestamp falls into one tumbling window, and neighbours share it", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), timestamps, (size, times) => {
      const windows = tumbling({ size });
      for (const time of times) {
        const start = time - (time % size);
        assert.deepEqual(windows.windowsFor(time), [{ start, end: start + size }]);
        assert.equal(windows.windowsFor(start), windows.windowsFor(time));
      }
    }),
  );
});

test("a negative timestamp is in no window", () => {
  assert.deepEqual(tumbling({ size: 10 }).windowsFor(-1), []);
  assert.deepEqual(hopping({ size: 10, advance: 3 }).windowsFor(-1), []);
});

test("an unlimited window takes all from its start on", () => {
  const windows = unlimited({ start: 100 });
  assert.deepEqual(windows.windowsFor(99), []);
  assert.deepEqual(windows.windowsFor(100), [{ start: 100, end: int64Max }]);
  assert.deepEqual(windows.windowsFor(1e12), [{ start: 100, end: int64Max }]);
});

test("windows take durations with units", () => {
  const { sizeMs, advanceMs, graceMs } = hopping({
    size: { hours: 1 },
    advance: { minutes: 10 },
    grace: { seconds: 5 },
  });
  assert.deepEqual([sizeMs, advanceMs, graceMs], [3_600_000, 600_000, 5_000]);
  assert.equal(session({ gap: { minutes: 1 } }).gapMs, 60_000);
  assert.equal(sliding({ difference: { seconds: 1 } }).graceMs, 0);
});

test("windows that cannot be are refused", () => {
  const refused = { code: "INVALID_TOPOLOGY" };
  assert.throws(() => tumbling({ size: 0 }), refused);
  assert.throws(() => tumbling({ size: 10, grace: -1 }), refused);
  assert.throws(() => hopping({ size: 10, advance: 11 }), refused);
  assert.throws(() => hopping({ size: 10, advance: 0 }), refused);
  assert.throws(() => sliding({ difference: 0 }), refused);
  assert.throws(() => session({ gap: -1 }), refused);
  assert.throws(() => unlimited({ start: -1 }), refused);
});
