import type { TableRows } from "../dsl/table-rows.ts";
import type { Operator } from "../node.ts";
import type { ValueMapper } from "./stateless.ts";

/** Makes one value of two; null stands for a missing right side. */
export type Joiner<K, V, W, Out> = (left: V, right: W, key: K) => Out;

/** What a stream's records are joined with. */
export interface StreamTableJoin<K, V, L, W, Out> {
  readonly rows: TableRows<L, W>;
  /** The key to look up; the record's own for tables. */
  readonly keyOf: ValueMapper<K, V, L | null>;
  readonly joiner: Joiner<K, V, W | null, Out>;
  /** Whether records without a row go on. */
  readonly isLeft: boolean;
}

/**
 * Looks a row up for each record and hands on both together. Records without a value are dropped, and
 * those without a key too, except by a left join (KIP-962).
 */
export function joinTable<K, V, L, W, Out>({
  rows,
  keyOf,
  joiner,
  isLeft,
}: StreamTableJoin<K, V, L, W, Out>): Operator<K, V, K, Out> {
  return (context) => {
    const { forward, task } = context;
    const view = rows.open(context);
    const { asOf } = view;
    const find = (key: L, timestamp: number): W | null => {
      const row = asOf ? asOf(key, timestamp) : view.get(key);
      return row === null ? null : row.value;
    };
    return {
      process({ key, value, timestamp, headers }) {
        if (value === null) {
          task.dropped({ why: "null-value" });
          return;
        }
        const rowKey = keyOf(value, key);
        if (rowKey === null && !isLeft) {
          task.dropped({ why: "null-key" });
          return;
        }
        const row = rowKey === null ? null : find(rowKey, timestamp);
        if (row === null && !isLeft) return;
        forward({ key, value: joiner(value, row, key), timestamp, headers });
      },
      close: () => view.close?.(),
    };
  };
}
