import type { Change, Headers } from "../message.ts";
import type { NodeContext } from "../node.ts";
import { changeForwarder } from "./forward-change.ts";
import { openRowStore } from "./row-store.ts";

/** What an operator of a table knows only when the whole program does; read when it is opened. */
export interface TableTerms {
  /** The store that its rows lie in; undefined where they follow from those above. */
  readonly store: string | undefined;
  /** Whether changes carry old values. */
  readonly sendsOldValues: boolean;
  /** Whether the table above keeps versions, so that changes below a newer version are to be told apart (KIP-914). */
  readonly followsVersions: boolean;
}

/** Where the rows go that an operator of a table computes. */
export interface TableResult<K, V> {
  /** The row as it is stored; undefined where it is not. */
  readonly stored: ((key: K) => V | null) | undefined;
  /** Keeps a row, if there is a store, and hands its change on. */
  put(
    key: K,
    newValue: V | null,
    oldValue: V | null,
    timestamp: number,
    headers: Headers,
    isLatest: boolean,
  ): void;
}

/** Opens the place of an operator's rows: its store and what is below it, or only the latter. */
export function openTableResult<K, V>(
  context: NodeContext<K, Change<V>>,
  { store, sendsOldValues }: TableTerms,
): TableResult<K, V> {
  const { forward } = context;
  if (store === undefined) {
    return {
      stored: undefined,
      put(key, newValue, old, timestamp, headers, isLatest) {
        const oldValue = sendsOldValues ? old : null;
        forward({ key, value: { newValue, oldValue, isLatest }, timestamp, headers });
      },
    };
  }
  const rows = openRowStore<K, V>(context, store);
  const send = changeForwarder(context, rows, sendsOldValues);
  return {
    stored: (key) => rows.get(key)?.value ?? null,
    put(key, newValue, oldValue, timestamp, headers) {
      const outcome = rows.put(key, newValue, timestamp);
      if (outcome === "too-old") return;
      send?.(key, newValue, oldValue, timestamp, headers, outcome === "latest");
    },
  };
}
