import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { RowIntegers, RowOrder } from "./row-order.ts";

test("rows come in the order in which they were put at the end last", () => {
  const change = fc.record({
    row: fc.nat({ max: 40 }),
    isRemoval: fc.boolean(),
    which: fc.constantFrom("first", "second"),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 200 }), (changes) => {
      const integers = new RowIntegers();
      for (let row = 0; row <= 40; row += 1) {
        integers.open(row);
        integers.set(row, 1, row);
      }
      const sides = {
        first: { order: new RowOrder(integers, "first"), model: new Set<number>() },
        second: { order: new RowOrder(integers, "second"), model: new Set<number>() },
      };
      for (const { row, isRemoval, which } of changes) {
        const { order, model } = sides[which];
        model.delete(row);
        if (isRemoval) order.remove(row);
        else {
          order.moveToEnd(row);
          model.add(row);
        }
        assert.equal(order.first, [...model][0] ?? -1);
      }
      for (const { order, model } of Object.values(sides)) {
        const rows: number[] = [];
        while (order.first >= 0) {
          rows.push(order.first);
          order.remove(order.first);
        }
        assert.deepEqual(rows, [...model]);
      }
      assert.equal(integers.get(40, 1), 40);
    }),
  );
});
