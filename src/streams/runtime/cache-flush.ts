import type { CachedStore, StateStore } from "../stores/state-store.ts";

type MaybeCached = StateStore & Partial<Pick<CachedStore<unknown, unknown>, "flushSlice">>;

/**
 * Writes the caches of a task's stores through, store by store in their order, a slice at a time. Each
 * store is gone through once: rows that come into its cache meanwhile wait for the next flush, lest a program
 * that answers its own updates keeps it going for ever.
 */
export class CacheFlush {
  readonly #stores: readonly MaybeCached[];
  #index = 0;
  /** How many rows of the present store are still to be written through; undefined before the first of them. */
  #left: number | undefined;

  constructor(stores: Iterable<StateStore>) {
    this.#stores = [...stores];
  }

  /** Writes at most so many rows through; gives whether all stores are done: then the next call begins anew. */
  some(maxRows: number): boolean {
    let room = maxRows;
    for (; this.#index < this.#stores.length; this.#index += 1) {
      const store = this.#stores[this.#index] as MaybeCached;
      const rows = this.#left ?? store.flushSlice?.(0) ?? 0;
      if (rows > room) {
        store.flushSlice?.(room);
        this.#left = rows - room;
        return false;
      }
      if (rows > 0) store.flushSlice?.(rows);
      else store.flush();
      this.#left = undefined;
      room -= rows;
    }
    this.#index = 0;
    return true;
  }
}
