import type { TableView } from "../dsl/table-rows.ts";
import type { Change } from "../message.ts";
import type { Operator } from "../node.ts";
import type { ValueMapper } from "./stateless.ts";
import { openTableResult, type TableTerms } from "./table-result.ts";

/**
 * Gives the rows of a table other values; the mapper never sees null, but may give it (`KTableMapValues`). A filter
 * gives the value or null: then a change that leaves no row where there was none is not handed on, as far as old
 * values are known; but with versions it is, since it may be one of an earlier time (`KTableFilter`).
 */
export function mapTableValues<K, V, W>(
  mapper: ValueMapper<K, V, W | null>,
  terms: TableTerms,
  isFilter = false,
): Operator<K, Change<V>, K, Change<W>> {
  const mapped = (value: V | null, key: K) =>
    value === null ? null : (mapper(value, key) ?? null);
  return (context) => {
    const { sendsOldValues, followsVersions } = terms;
    const result = openTableResult<K, W>(context, terms);
    const { stored } = result;
    const hidesNothing = isFilter && sendsOldValues && !followsVersions;
    return {
      process({ key, value: change, timestamp, headers }) {
        const fresh = mapped(change.newValue, key);
        let old: W | null = null;
        if (sendsOldValues) old = stored ? stored(key) : mapped(change.oldValue, key);
        if (hidesNothing && old === null && fresh === null) return;
        result.put(key, fresh, old, timestamp, headers, change.isLatest);
      },
    };
  };
}

/** The rows of a table with other values. */
export function mapView<K, V, W>(
  { get, asOf, close }: TableView<K, V>,
  mapper: ValueMapper<K, V, W | null>,
): TableView<K, W> {
  const mapped = <R extends { readonly value: V }>(row: R | null, key: K) => {
    const value = row === null ? null : (mapper(row.value, key) ?? null);
    return row === null || value === null ? null : { ...row, value };
  };
  return {
    get: (key) => mapped(get(key), key),
    asOf: asOf && ((key, timestamp) => mapped(asOf(key, timestamp), key)),
    close,
  };
}
