import type { NodeContext } from "../node.ts";
import { openRowStore } from "../operators/row-store.ts";
import type { TableTerms } from "../operators/table-result.ts";
import type { TableRows, TableView } from "./table-rows.ts";

/** Computes the rows of a table from those of the one above, for the node that looks them up. */
export type DeriveView<K, V, W> = (
  view: TableView<K, V>,
  context: NodeContext<never, never>,
) => TableView<K, W>;

/** Rows of a table that follow one by one from the rows of the table above; in a store of their own, or computed. */
export class DerivedRows<K, V, W> implements TableRows<K, W>, TableTerms {
  readonly store: string | undefined;
  sendsOldValues = false;
  followsVersions = false;
  readonly #parent: TableRows<K, V>;
  readonly #derive: DeriveView<K, V, W>;

  constructor(parent: TableRows<K, V>, store: string | undefined, derive: DeriveView<K, V, W>) {
    this.store = store;
    this.#parent = parent;
    this.#derive = derive;
  }

  storeNames(): readonly string[] {
    return this.store === undefined ? this.#parent.storeNames() : [this.store];
  }

  open(context: NodeContext<never, never>): TableView<K, W> {
    if (this.store !== undefined) return openRowStore(context, this.store);
    return this.#derive(this.#parent.open(context), context);
  }

  sendOldValues(force: boolean): boolean {
    if (this.store !== undefined || this.#parent.sendOldValues(force)) this.sendsOldValues = true;
    return this.sendsOldValues;
  }
}
