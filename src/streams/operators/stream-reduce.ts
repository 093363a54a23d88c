import type { Change } from "../message.ts";
import type { Operator } from "../node.ts";
import type { Reducer, ResultTerms } from "./aggregation.ts";
import { changeForwarder } from "./forward-change.ts";
import { openRowStore } from "./row-store.ts";

/**
 * Makes one value of all that come under a key; the first is kept as it is. Records without key or value
 * are dropped (`KStreamReduce`).
 */
export function reduceStream<K, V>({
  store,
  retraction,
  reducer,
}: ResultTerms & { readonly reducer: Reducer<K, V> }): Operator<K, V, K, Change<V>> {
  return (context) => {
    const { task } = context;
    const rows = openRowStore<K, V>(context as never, store);
    const forward = changeForwarder(context, rows, retraction.sendsOldValues);
    return {
      process({ key, value, timestamp, headers }) {
        if (key === null || value === null) {
          task.dropped({ why: key === null ? "null-key" : "null-value" });
          return;
        }
        const row = rows.get(key);
        const fresh = row === null ? value : (reducer(row.value, value, key) ?? null);
        const time = row === null ? timestamp : Math.max(timestamp, row.timestamp);
        const outcome = rows.put(key, fresh, time);
        if (outcome === "too-old") return;
        forward(key, fresh, row === null ? null : row.value, time, headers, outcome === "latest");
      },
    };
  };
}
