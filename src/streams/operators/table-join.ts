import type { TableRows, TableView } from "../dsl/table-rows.ts";
import type { Change } from "../message.ts";
import type { NodeContext, Operator } from "../node.ts";
import { openTableResult, type TableTerms } from "./table-result.ts";

/** Makes one value of a row of each table; null stands for a row that is not there. */
export type TableJoiner<K, V, W, Out> = (left: V, right: W, key: K) => Out;

/** Which rows of two tables a join keeps: those in both, all of the left one, or all. */
export type TableJoinKind = "inner" | "left" | "outer";

/** What a join of tables is made of. */
export interface TableJoin<K, V, W, Out> {
  readonly kind: TableJoinKind;
  readonly left: TableRows<K, V>;
  readonly right: TableRows<K, W>;
  readonly joiner: TableJoiner<K, V | null, W | null, Out | null>;
}

/** One side of a join of two tables: what becomes of the changes of its own table. */
export interface TableJoinSide<K, V, W, Out> {
  /** The other table's rows. */
  readonly other: TableRows<K, W>;
  readonly joiner: TableJoiner<K, V | null, W | null, Out | null>;
  /** Whether there is a result only with a row of its own table. */
  readonly requiresOwn: boolean;
  /** Whether there is a result only with a row of the other table. */
  readonly requiresOther: boolean;
  readonly terms: Pick<TableTerms, "sendsOldValues" | "followsVersions">;
}

/**
 * Joins each change of a table with the other table's row of its key, at the greater of their times. Of a
 * table with versions only changes of the latest one count (KIP-914; `KTableKTable{Inner,Left,Right,Outer}Join`).
 */
export function joinTableSide<K, V, W, Out>({
  other,
  joiner,
  requiresOwn,
  requiresOther,
  terms,
}: TableJoinSide<K, V, W, Out>): Operator<K, Change<V>, K, Change<Out>> {
  return (context) => {
    const { forward, task } = context;
    const { sendsOldValues, followsVersions } = terms;
    const view = other.open(context);
    const joined = (own: V | null, right: W | null, key: K) =>
      own === null && (requiresOwn || right === null) ? null : (joiner(own, right, key) ?? null);
    return {
      process({ key, value: change, timestamp, headers }) {
        if (key === null || (followsVersions && !change.isLatest)) {
          task.dropped({ why: key === null ? "null-key" : "out-of-order" });
          return;
        }
        const row = view.get(key);
        if (row === null) {
          if (requiresOther || (change.newValue === null && change.oldValue === null)) return;
        }
        const right = row === null ? null : row.value;
        const time = row === null ? timestamp : Math.max(timestamp, row.timestamp);
        const newValue = joined(change.newValue, right, key);
        const oldValue = sendsOldValues ? joined(change.oldValue, right, key) : null;
        const value = { newValue, oldValue, isLatest: change.isLatest };
        forward({ key, value, timestamp: time, headers });
      },
      close: () => view.close?.(),
    };
  };
}

/** Puts the results of both sides of a join together, in the join's store if it has one (`KTableKTableJoinMerger`). */
export function mergeTableJoin<K, V>(terms: TableTerms): Operator<K, Change<V>, K, Change<V>> {
  return (context) => {
    const result = openTableResult<K, V>(context, terms);
    return {
      process({ key, value: { newValue, oldValue, isLatest }, timestamp, headers }) {
        result.put(key, newValue, oldValue, timestamp, headers, isLatest);
      },
    };
  };
}

/** The rows of a join, computed from those of both tables. Such rows have no versions, whatever the tables have. */
export function joinView<K, V, W, Out>(
  { kind, left, right, joiner }: TableJoin<K, V, W, Out>,
  context: NodeContext<never, never>,
): TableView<K, Out> {
  const [lefts, rights] = [left.open(context), right.open(context)];
  return {
    get(key) {
      const own = lefts.get(key);
      if (own === null && kind !== "outer") return null;
      const other = rights.get(key);
      if (other === null && (kind === "inner" || own === null)) return null;
      const value = joiner(
        own === null ? null : own.value,
        other === null ? null : other.value,
        key,
      );
      const timestamp = Math.max(own?.timestamp ?? -1, other?.timestamp ?? -1);
      return (value ?? null) === null ? null : { value: value as Out, timestamp };
    },
    asOf: undefined,
    close() {
      lefts.close?.();
      rights.close?.();
    },
  };
}
