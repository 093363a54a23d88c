import { MillraceError } from "../../errors.ts";
import type { Change } from "../message.ts";
import type { Operator } from "../node.ts";
import { type Aggregator, checkParts, type Initializer, type ResultTerms } from "./aggregation.ts";
import { changeForwarder } from "./forward-change.ts";
import { openRowStore } from "./row-store.ts";

/** What an aggregation of a table is made of. */
export interface TableAggregation<K, V, A> {
  readonly terms: ResultTerms;
  readonly initializer: Initializer<A>;
  readonly adder: Aggregator<K, V, A>;
  readonly subtractor: Aggregator<K, V, A>;
}

/**
 * Takes the old value of each change out of its group's aggregate, and the new one in. The aggregate's
 * time is the greatest of the changes that it was made of (`KTableAggregate`).
 */
export function aggregateTable<K, V, A>({
  terms,
  initializer,
  adder,
  subtractor,
}: TableAggregation<K, V, A>): Operator<K, Change<V>, K, Change<A>> {
  checkParts({ initializer, adder, subtractor });
  return (context) => {
    const { store, sendsOldValues } = terms;
    const rows = openRowStore<K, A>(context, store);
    const forward = changeForwarder(context, rows, sendsOldValues);
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
        if (newValue !== null) {
          result = adder(result ?? initializer(), newValue, key) ?? null;
          if (row !== null) time = Math.max(timestamp, row.timestamp);
        }
        const outcome = rows.put(key, result, time);
        if (outcome === "too-old") return;
        forward?.(key, result, old, time, headers, outcome === "latest");
      },
    };
  };
}

/** Throws for a change without a key, which only a foreign program can have put into the repartition topic. */
function refuseNullKey(store: string): never {
  const message = `a change for the store ${store} has no key: something else writes its repartition topic`;
  throw new MillraceError("INVALID_STATE", message);
}
