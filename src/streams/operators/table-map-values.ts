import { callback } from "../callback.ts";
import type { TableView } from "../dsl/table-rows.ts";
import type { Change } from "../message.ts";
import type { Operator } from "../node.ts";
import type { ValueMapper } from "./stateless.ts";
import { openTableResult, type TableTerms } from "./table-result.ts";

/** Gives the rows of a table other values; the mapper never sees null, but may give it (`KTableMapValues`). */
export function mapTableValues<K, V, W>(
  mapper: ValueMapper<K, V, W | null>,
  terms: TableTerms,
): Operator<K, Change<V>, K, Change<W>> {
  callback(mapper, "mapValues");
  const mapped = (value: V | null, key: K) =>
    value === null ? null : (mapper(value, key) ?? null);
  return (context) => {
    const { sendsOldValues } = terms;
    const result = openTableResult<K, W>(context, terms);
    const { stored } = result;
    return {
      process({ key, value: change, timestamp, headers }) {
        const fresh = mapped(change.newValue, key);
        let old: W | null = null;
        if (sendsOldValues) old = stored ? stored(key) : mapped(change.oldValue, key);
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
