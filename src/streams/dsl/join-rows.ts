import { hashOrder } from "../java-order.ts";
import type { NodeContext } from "../node.ts";
import { openRowStore } from "../operators/row-store.ts";
import { joinView, type TableJoin } from "../operators/table-join.ts";
import type { TableTerms } from "../operators/table-result.ts";
import type { TableRows, TableView } from "./table-rows.ts";

/** Rows of a join of two tables: in a store of their own, or computed from the rows of both. */
export class JoinRows<K, V, W, Out> implements TableRows<K, Out>, TableTerms {
  readonly store: string | undefined;
  readonly followsVersions = false;
  sendsOldValues = false;
  readonly #join: TableJoin<K, V, W, Out>;

  constructor(join: TableJoin<K, V, W, Out>, store: string | undefined) {
    this.#join = join;
    this.store = store;
  }

  storeNames(): readonly string[] {
    const { left, right } = this.#join;
    if (this.store !== undefined) return [this.store];
    return hashOrder([...left.storeNames(), ...right.storeNames()]);
  }

  open(context: NodeContext<never, never>): TableView<K, Out> {
    if (this.store !== undefined) return openRowStore(context, this.store);
    return joinView(this.#join, context);
  }

  /** Both tables have stores anyway, so that they always can. */
  sendOldValues(): boolean {
    this.#join.left.sendOldValues(true);
    this.#join.right.sendOldValues(true);
    this.sendsOldValues = true;
    return true;
  }
}
