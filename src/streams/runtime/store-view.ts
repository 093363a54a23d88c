import type { StateStore } from "../stores/state-store.ts";
import type { StoreKind } from "../stores/store-builder.ts";

/** How a read over several partitions is put together. */
type Way =
  /** The row of one key, which one of them can have. */
  | "first"
  /** The rows of one after those of the other, each in its own order, as in Kafka Streams. */
  | "chained"
  | "sum";

const keyValueReads: { readonly [method: string]: Way } = {
  get: "first",
  range: "chained",
  reverseRange: "chained",
  all: "chained",
  reverseAll: "chained",
  prefixScan: "chained",
  approximateNumEntries: "sum",
};

const windowReads: { readonly [method: string]: Way } = {
  fetch: "first",
  fetchRange: "chained",
  backwardFetchRange: "chained",
  fetchKeys: "chained",
  backwardFetchKeys: "chained",
  fetchAll: "chained",
  backwardFetchAll: "chained",
  all: "chained",
  backwardAll: "chained",
};

const sessionReads: { readonly [method: string]: Way } = {
  fetchSession: "first",
  findSessions: "chained",
  backwardFindSessions: "chained",
  findSessionsOfKeys: "chained",
  backwardFindSessionsOfKeys: "chained",
  findEndedSessions: "chained",
  fetch: "chained",
  backwardFetch: "chained",
  fetchKeys: "chained",
  backwardFetchKeys: "chained",
};

const readsOf: { readonly [kind in StoreKind]: { readonly [method: string]: Way } } = {
  "key-value": keyValueReads,
  "timestamped-key-value": keyValueReads,
  "versioned-key-value": { get: "first" },
  window: windowReads,
  "timestamped-window": windowReads,
  session: sessionReads,
  "list-value": keyValueReads,
  "suppress-buffer": {},
};

/**
 * What can be read of a store that is spread over the partitions of several tasks, caches included. `stores`
 * gives those that are here at the moment, and throws where none can be read.
 */
export function storeView(kind: StoreKind, stores: () => readonly StateStore[]): object {
  const view: { [method: string]: (...args: readonly unknown[]) => unknown } = {};
  for (const [method, way] of Object.entries(readsOf[kind])) {
    const read = (store: StateStore, args: readonly unknown[]) => readOne(store, method, args);
    switch (way) {
      case "first":
        view[method] = (...args) => first(stores(), (store) => read(store, args));
        break;
      case "chained":
        view[method] = (...args) =>
          chained(stores(), (store) => read(store, args) as Iterable<unknown>);
        break;
      case "sum":
        view[method] = (...args) =>
          stores().reduce((sum, store) => sum + (read(store, args) as number), 0);
        break;
      default:
        way satisfies never;
    }
  }
  return Object.freeze(view);
}

function readOne(store: StateStore, method: string, args: readonly unknown[]): unknown {
  const methods = store as unknown as { readonly [name: string]: (...args: unknown[]) => unknown };
  return (methods[method] as (...args: unknown[]) => unknown).apply(store, [...args]);
}

function first(stores: readonly StateStore[], read: (store: StateStore) => unknown): unknown {
  for (const store of stores) {
    const found = read(store);
    if (found !== null) return found;
  }
  return null;
}

function* chained(
  stores: readonly StateStore[],
  read: (store: StateStore) => Iterable<unknown>,
): IterableIterator<unknown> {
  for (const store of stores) yield* read(store);
}
