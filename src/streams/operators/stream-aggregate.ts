import type { Change } from "../message.ts";
import type { Operator } from "../node.ts";
import type { Aggregation } from "./aggregation.ts";
import { changeForwarder } from "./forward-change.ts";
import { openRowStore } from "./row-store.ts";

/**
 * Takes each record into the aggregate of its key. Records without key or value are dropped. The
 * aggregate's time is the greatest of its records (`KStreamAggregate`).
 */
export function aggregateStream<K, V, A>({
  terms,
  initializer,
  aggregator,
}: Aggregation<K, V, A>): Operator<K, V, K, Change<A>> {
  return (context) => {
    const { task } = context;
    const rows = openRowStore<K, A>(context, terms.store);
    const forward = changeForwarder(context, rows, terms.sendsOldValues);
    return {
      process({ key, value, timestamp, headers }) {
        if (key === null || value === null) {
          task.dropped({ why: key === null ? "null-key" : "null-value" });
          return;
        }
        const row = rows.get(key);
        // What the initializer made counts as the old value too, as it does on the JVM.
        const old = row === null ? initializer() : row.value;
        const time = row === null ? timestamp : Math.max(timestamp, row.timestamp);
        const fresh = aggregator(old, value, key) ?? null;
        const outcome = rows.put(key, fresh, time);
        if (outcome === "too-old") return;
        forward?.(key, fresh, old, time, headers, outcome === "latest");
      },
    };
  };
}
