import type {
  SessionStore,
  StateStore,
  TimestampedKeyValueStore,
  TimestampedWindowStore,
  Windowed,
} from "../stores/state-store.ts";
import type { StoreBuilder } from "../stores/store-builder.ts";
import type { GlobalKTable } from "./global-table.ts";
import type { KTable, SessionWindowedKTable, TimeWindowedKTable } from "./ktable.ts";

/** What names a store and knows its type: a table that was given a store by name, or a store's builder. */
export type StoreHandle = StoreBuilder | StoredTable;

/** A table as far as its store is concerned. */
interface StoredTable {
  readonly queryableStoreName: string | undefined;
}

/**
 * The type of the store that a handle names. A table that keeps versions is asked with `get` alone; name
 * the type, `VersionedKeyValueStore`, to ask for the past too.
 */
export type StoreOf<Handle> =
  Handle extends StoreBuilder<infer S>
    ? S
    : Handle extends TimeWindowedKTable<infer K, infer V>
      ? TimestampedWindowStore<K, V>
      : Handle extends SessionWindowedKTable<infer K, infer V>
        ? SessionStore<K, V>
        : Handle extends KTable<infer K, infer V> | GlobalKTable<infer K, infer V>
          ? StoreOfTable<K, V>
          : never;

/** A table typed as `KTable<Windowed<K>, V>` may be the windowed one or derived from it: its kind is not known. */
type StoreOfTable<K, V> =
  | TimestampedKeyValueStore<K, V>
  | (K extends Windowed<infer L> ? TimestampedWindowStore<L, V> | SessionStore<L, V> : never);

/** A name for which the topology knows no type: any at all where it knows none, and no other where it knows some. */
export type UntypedName<Stores> = string extends keyof Stores ? string : never;

/** The name of the store that a handle or a name stands for; undefined for a table without a store of that kind. */
export function storeNameOf(handle: StoreHandle | string): string | undefined {
  if (typeof handle === "string") return handle;
  return "queryableStoreName" in handle ? handle.queryableStoreName : handle.name;
}

/** Stores by their names, as an application gives them out; `Topology` carries their types along. */
export type StoreTypes = { readonly [name: string]: StateStore };
