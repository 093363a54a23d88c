import type { NodeContext } from "../node.ts";
import type { ResultTerms } from "../operators/aggregation.ts";
import type { SessionStore, TimestampedWindowStore, Windowed } from "../stores/state-store.ts";
import type { TableRows, TableView } from "./table-rows.ts";

/** Says how rows are found in a store: `openRowStore`, {@link openWindows} or {@link openSessions}. */
export type OpenRows<K, V> = (context: NodeContext<never, never>, store: string) => TableView<K, V>;

/** Rows of a table that lie in a store of its own. */
export class StoredRows<K, V> implements TableRows<K, V>, ResultTerms {
  /** Whether the operator that writes the store is to send old values; read when it is opened. */
  sendsOldValues = false;
  readonly store: string;
  readonly #openRows: OpenRows<K, V>;

  constructor(store: string, openRows: OpenRows<K, V>) {
    this.store = store;
    this.#openRows = openRows;
  }

  storeNames(): readonly string[] {
    return [this.store];
  }

  open(context: NodeContext<never, never>): TableView<K, V> {
    return this.#openRows(context, this.store);
  }

  sendOldValues(): boolean {
    this.sendsOldValues = true;
    return true;
  }
}

/** Opens the rows of a table with windows. */
export function openWindows<K, V>(
  context: NodeContext<never, never>,
  name: string,
): TableView<Windowed<K>, V> {
  const store = context.store<TimestampedWindowStore<K, V>>(name);
  return { get: ({ key, window }) => store.fetch(key, window.start), asOf: undefined };
}

/** Opens the rows of a table with sessions; a row's time is the session's end. */
export function openSessions<K, V>(
  context: NodeContext<never, never>,
  name: string,
): TableView<Windowed<K>, V> {
  const store = context.store<SessionStore<K, V>>(name);
  return {
    get({ key, window }) {
      const value = store.fetchSession(key, window.start, window.end);
      return value === null ? null : { value, timestamp: window.end };
    },
    asOf: undefined,
  };
}
