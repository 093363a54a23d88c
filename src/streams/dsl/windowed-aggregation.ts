import { checkName } from "../name.ts";
import type { Operator } from "../node.ts";
import type { Serde } from "../serde.ts";
import type { Windowed } from "../stores/state-store.ts";
import type { StoreBuilder } from "../stores/store-builder.ts";
import type { Grouping } from "./grouping.ts";
import type { KTable } from "./ktable.ts";
import {
  type StoreNames,
  type WindowedMaterializedOptions,
  withStoreDefaults,
} from "./materialized.ts";
import type { Named } from "./place.ts";
import type { StoredRows } from "./stored-rows.ts";

/** Options of an aggregation by windows whose values have a type of their own. */
export type WindowedAggregateOptions<K, A> = Named &
  WindowedMaterializedOptions<K, A> & { readonly value: Serde<A> };

/** What is particular to one kind of windows. */
export interface WindowedAggregation<K, V, A> {
  readonly prefix: string;
  readonly store: StoreNames;
  readonly rows: StoredRows<Windowed<K>, A>;
  readonly open: Operator<K, V, Windowed<K>, unknown>;
  readonly graceMs: number;
  readonly options: Named & WindowedMaterializedOptions<K, A>;
  windowedKey(key: Serde<K>): Serde<Windowed<K>>;
  storeBuilder(operator: string, options: WindowedMaterializedOptions<K, A>): StoreBuilder;
}

/** Adds an aggregation by windows below grouped records. */
export function addWindowedTable<K, V, A>(
  grouping: Grouping<K, V>,
  aggregation: WindowedAggregation<K, V, A>,
): KTable<Windowed<K>, A> {
  const { prefix, store, rows, open, graceMs, options } = aggregation;
  const { graph } = grouping.place;
  const name = graph.nodeName(prefix, checkName(options.name));
  const key = options.key ?? grouping.place.key;
  const complete = withStoreDefaults(graph, { ...options, key });
  const builder = aggregation.storeBuilder(name, complete);
  return grouping.addTable({
    name,
    store,
    builder,
    open,
    rows,
    key: key && aggregation.windowedKey(key),
    value: options.value,
    isVersioned: false,
    graceMs,
  });
}
