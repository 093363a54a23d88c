import type { Change } from "../message.ts";
import type { Operator } from "../node.ts";
import type { Reducer, ResultTerms } from "./aggregation.ts";
import { changeForwarder } from "./forward-change.ts";
import { openRowStore } from "./row-store.ts";
import { refuseNullKey } from "./table-aggregate.ts";

/** What a reduction of a table is made of. */
export interface TableReduction<K, V> extends ResultTerms {
  readonly adder: Reducer<K, V>;
  readonly subtractor: Reducer<K, V>;
}

/**
 * Takes the old value of each change out of its group's, and the new one in; the first new one is kept as
 * it is (`KTableReduce`).
 */
export function reduceTable<K, V>({
  store,
  retraction,
  adder,
  subtractor,
}: TableReduction<K, V>): Operator<K, Change<V>, K, Change<V>> {
  return (context) => {
    const rows = openRowStore<K, V>(context as never, store);
    const forward = changeForwarder(context, rows, retraction.sendsOldValues);
    return {
      process({ key, value: { newValue, oldValue }, timestamp, headers }) {
        if (key === null) refuseNullKey(store);
        const row = rows.get(key);
        const old = row === null ? null : row.value;
        let result = old;
        let time = timestamp;
        if (oldValue !== null && row !== null) {
          result = subtractor(row.value, oldValue, key) ?? null;
          time = Math.max(timestamp, row.timestamp);
        }
        if (newValue !== null && result === null) {
          result = newValue;
        } else if (newValue !== null && row !== null) {
          result = adder(result as V, newValue, key) ?? null;
          time = Math.max(timestamp, row.timestamp);
        }
        const outcome = rows.put(key, result, time);
        if (outcome === "too-old") return;
        forward(key, result, old, time, headers, outcome === "latest");
      },
    };
  };
}
