import type { CacheBudget } from "./store-builder.ts";

/** The memory of all caches of an application in this process, counted in one place. */
export class SharedCacheBudget implements CacheBudget {
  readonly #limitBytes: number;
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
}
