import type { CacheBudget, Evictable } from "./store-builder.ts";

/** The memory of all caches of a process, counted in one place. */
export class SharedCacheBudget implements CacheBudget {
  readonly #limitBytes: number;
  readonly #caches = new Set<Evictable>();
  #takenBytes = 0;

  /** `limitBytes` is `statestore.cache.max.bytes`; with 0 every write is passed on at once. */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** How many bytes the caches hold, as they estimate it. */
  get takenBytes(): number {
    return this.#takenBytes;
  }

  get isExceeded(): boolean {
    return this.#takenBytes > this.#limitBytes;
  }

  take(bytes: number): void {
    this.#takenBytes += bytes;
  }

  join(cache: Evictable): void {
    this.#caches.add(cache);
  }

  leave(cache: Evictable): void {
    this.#caches.delete(cache);
  }

  /**
   * Evicts rows of all caches in turn while too much is taken, at most so many, and gives whether there
   * is room now. To be called between records: a cache that does not fit makes room among its own rows only.
   */
  relieve(maxRows: number): boolean {
    let left = maxRows;
    while (this.isExceeded && left > 0) {
      let evicted = 0;
      for (const cache of this.#caches) {
        if (!this.isExceeded || left === 0) break;
        if (!cache.evict()) continue;
        evicted += 1;
        left -= 1;
      }
      if (evicted === 0) break;
    }
    return !this.isExceeded;
  }
}
