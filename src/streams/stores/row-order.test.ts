import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { RowOrder } from "./row-order.ts";

test("rows come in the order in which they were put at the end last", () => {
  const change = fc.record({ row: fc.nat({ max: 40 }), isRemoval: fc.boolean() });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 200 }), (changes) => {
      const order = new RowOrder();
      const model = new Set<number>();
      for (const { row, isRemoval } of changes) {
        model.delete(row);
        if (isRemoval) order.remove(row);
        else {
          order.moveToEnd(row);
          model.add(row);
        }
        assert.equal(order.first, [...model][0] ?? -1);
      }
      const rows: number[] = [];
      while (order.first >= 0) {
        rows.push(order.first);
        order.remove(order.first);
      }
      assert.deepEqual(rows, [...model]);
    }),
  );
});
