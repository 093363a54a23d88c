import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { TextIndex } from "./text-index.ts";

test("texts come, go and are found as in a map", () => {
  const text = fc.oneof(
    fc.integer({ min: 0, max: 40 }).map((number) => `key-${number}`),
    fc.string({ maxLength: 3 }),
  );
  const change = fc.record({ text, isRemoval: fc.boolean() });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 300 }), (changes) => {
      const index = new TextIndex();
      const model = new Map<string, number>();
      for (const { text: one, isRemoval } of changes) {
        if (isRemoval) {
          const row = index.find(one);
          assert.equal(row, model.get(one) ?? -1);
          if (row >= 0) index.remove(row);
          model.delete(one);
        } else if (!model.has(one)) {
          const row = index.add(one);
          assert.ok(![...model.values()].includes(row), "a number in use was given out");
          model.set(one, row);
        }
        for (const [known, row] of model) {
          assert.equal(index.find(known), row);
          assert.equal(index.textAt(row), known);
        }
        assert.equal(index.find("never added"), -1);
        assert.equal(index.size, model.size);
      }
      assert.deepEqual([...index.texts()].sort(), [...model.keys()].sort());
    }),
  );
});

test("numbers of removed texts are used again", () => {
  const index = new TextIndex();
  const rows = Array.from({ length: 1_000 }, (_, number) => index.add(`a${number}`));
  for (let number = 0; number < 1_000; number += 1) index.remove(index.find(`a${number}`));
  for (let number = 0; number < 1_000; number += 1)
    assert.ok(rows.includes(index.add(`b${number}`)));
  index.clear();
  assert.equal(index.find("b0"), -1);
  assert.equal(index.size, 0);
});
