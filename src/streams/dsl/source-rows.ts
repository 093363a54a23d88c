import type { NodeContext } from "../node.ts";
import { openRowStore } from "../operators/row-store.ts";
import type { TableTerms } from "../operators/table-result.ts";
import type { StoreNames } from "./materialized.ts";
import type { TableRows, TableView } from "./table-rows.ts";

/** Rows of a table that is made of records: in a store if it was named, or as soon as something below needs them. */
export class SourceRows<K, V> implements TableRows<K, V>, TableTerms {
  readonly followsVersions = false;
  sendsOldValues = false;
  readonly #name: string;
  #isMaterialized: boolean;

  constructor({ name, queryable }: StoreNames) {
    this.#name = name;
    this.#isMaterialized = queryable !== undefined;
  }

  get store(): string | undefined {
    return this.#isMaterialized ? this.#name : undefined;
  }

  storeNames(): readonly string[] {
    this.#isMaterialized = true;
    return [this.#name];
  }

  open(context: NodeContext<never, never>): TableView<K, V> {
    return openRowStore(context, this.#name);
  }

  sendOldValues(force: boolean): boolean {
    if (!force && !this.#isMaterialized) return false;
    this.#isMaterialized = true;
    this.sendsOldValues = true;
    return true;
  }
}
