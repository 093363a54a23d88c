import type { Change } from "../message.ts";
import type { Operator } from "../node.ts";
import { openTableResult, type TableTerms } from "./table-result.ts";

/**
 * Makes a table of records: each is the new value of its key's row, or deletes it by a null value. Records
 * without a key are dropped. A record that is older than the row overwrites it all the same, unless the
 * store keeps versions (`KTableSource`).
 */
export function tableSource<K, V>(terms: TableTerms): Operator<K, V, K, Change<V>> {
  return (context) => {
    const { task } = context;
    const result = openTableResult<K, V>(context, terms);
    const oldOf = terms.sendsOldValues ? result.stored : undefined;
    return {
      process({ key, value, timestamp, headers }) {
        if (key === null) {
          task.dropped({ why: "null-key" });
          return;
        }
        const old = oldOf ? oldOf(key) : null;
        result.put(key, value, old, timestamp, headers, true);
      },
    };
  };
}
