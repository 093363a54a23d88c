import type { NodeContext } from "../node.ts";
import type { ValueAndTimestamp, VersionedRecord } from "../stores/state-store.ts";

/** Looks rows of a table up, from a node of the task that has them. */
export interface TableView<K, V> {
  get(key: K): ValueAndTimestamp<V> | null;
  /** The row as it was at a time; only where the table keeps versions. */
  readonly asOf: ((key: K, timestamp: number) => VersionedRecord<V> | null) | undefined;
  /** Ends what the view was opened with; to be called when its node ends. */
  readonly close?: (() => void) | undefined;
}

/** Where a table's rows are: in a store of its own, or computed from those of the tables above it. */
export interface TableRows<K, V> {
  /** The stores that a reader's node must be connected to. */
  storeNames(): readonly string[];
  /** Opens the rows in a node that is connected to the stores. */
  open(context: NodeContext<never, never>): TableView<K, V>;
  /**
   * Asks that changes carry the old value. Gives whether they will: a table without a store can do so
   * only if those above it can, unless `force` gives it a store.
   */
  sendOldValues(force: boolean): boolean;
}
