import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { RisingTimes } from "./rising-times.ts";
import { SortedKeys } from "./sorted-keys.ts";

test("thousands of keys stay in order while they come and go, and bounds are found among them", () => {
  const present = fc.uniqueArray(fc.integer({ min: 0, max: 9999 }), {
    minLength: 1,
    maxLength: 3000,
    size: "max",
  });
  fc.assert(
    fc.property(present, fc.nat(9999), fc.nat(9999), (numbers, from, to) => {
      const text = (number: number) => `${number}`.padStart(4, "0");
      const keys = new SortedKeys(numbers.slice(0, numbers.length >> 1).map(text));
      for (const number of numbers) keys.add(text(number));
      const gone = numbers.filter((number) => number % 3 === 0).map(text);
      for (const key of gone) keys.delete(key);
      const left = numbers
        .map(text)
        .filter((key) => !gone.includes(key))
        .sort();
      assert.deepEqual([...keys.range(undefined, undefined)], left);
      const within = left.filter((key) => key >= text(from) && key < text(to));
      assert.deepEqual([...keys.range(text(from), text(to))], within);
      assert.deepEqual([...keys.range(text(from), text(to), true)], within.toReversed());
      assert.equal(
        keys.atLeast(text(from)),
        left.find((key) => key >= text(from)),
      );
      assert.equal(
        keys.below(text(to)),
        left.findLast((key) => key < text(to)),
      );
      assert.equal(keys.below(undefined), left.at(-1));
    }),
    { numRuns: 60 },
  );
});

test("an iteration goes over the keys as they were when it began", () => {
  const keys = new SortedKeys(["a", "c"]);
  const before = keys.range(undefined, undefined);
  keys.add("b");
  keys.delete("c");
  assert.deepEqual([...before], ["a", "c"]);
  assert.deepEqual([...keys.range(undefined, undefined)], ["a", "b"]);
});

test("rising times are taken off at the front and found in between", () => {
  const times = new RisingTimes<string>();
  for (let index = 0; index < 5000; index += 1) {
    const time = (index * 7) % 5000;
    times.add(time, `${time}`);
  }
  for (let time = 0; time < 4980; time += 1) {
    assert.equal(times.takeBelow(time), undefined);
    assert.equal(times.takeBelow(time + 1), `${time}`);
  }
  times.delete(4985);
  assert.deepEqual(times.between(4983, 4987), ["4983", "4984", "4986", "4987"]);
  assert.deepEqual(
    [4979, 4980, 4985, 4999].map((time) => times.get(time)),
    [undefined, "4980", undefined, "4999"],
  );
  assert.equal(times.takeBelow(0), undefined);
});
