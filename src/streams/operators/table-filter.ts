import { callback } from "../callback.ts";
import type { TableView } from "../dsl/table-rows.ts";
import type { Change } from "../message.ts";
import type { Operator } from "../node.ts";
import type { Predicate } from "./stateless.ts";
import { openTableResult, type TableTerms } from "./table-result.ts";

/**
 * Deletes the rows of a table that the predicate is false for. A change that leaves no row where there was
 * none is not handed on, as far as old values are known; but with versions it is, since it may be one of
 * an earlier time (`KTableFilter`).
 */
export function filterTable<K, V>(
  keep: Predicate<K, V>,
  terms: TableTerms,
): Operator<K, Change<V>, K, Change<V>> {
  callback(keep, "filter");
  const kept = (value: V | null, key: K) => (value !== null && keep(value, key) ? value : null);
  return (context) => {
    const { sendsOldValues, followsVersions } = terms;
    const result = openTableResult<K, V>(context, terms);
    const { stored } = result;
    const hidesNothing = sendsOldValues && !followsVersions;
    return {
      process({ key, value: change, timestamp, headers }) {
        const fresh = kept(change.newValue, key);
        let old: V | null = null;
        if (sendsOldValues) old = stored ? stored(key) : kept(change.oldValue, key);
        if (hidesNothing && old === null && fresh === null) return;
        result.put(key, fresh, old, timestamp, headers, change.isLatest);
      },
    };
  };
}

/** The rows of a table that the predicate is true for. */
export function filterView<K, V>(
  { get, asOf, close }: TableView<K, V>,
  keep: Predicate<K, V>,
): TableView<K, V> {
  const kept = <R extends { readonly value: V }>(row: R | null, key: K) =>
    row !== null && keep(row.value, key) ? row : null;
  return {
    get: (key) => kept(get(key), key),
    asOf: asOf && ((key, timestamp) => kept(asOf(key, timestamp), key)),
    close,
  };
}
