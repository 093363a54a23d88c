/**
 * Counts what is under way, so that one can wait for all that was under way at some moment while more
 * keeps coming. Each thing has an ordinal, greater than those of the things before it.
 */
export class Outstanding {
  #last = 0;
  #size = 0;
  readonly #waits = new Set<Wait>();

  /** How many things are under way. */
  get size(): number {
    return this.#size;
  }

  /** Takes note of one more thing and gives its ordinal. */
  enter(): number {
    this.#size += 1;
    this.#last += 1;
    return this.#last;
  }

  /** Takes note that `count` more things have come out of the one with this ordinal. */
  divide(ordinal: number, count: number): void {
    this.#size += count;
    for (const wait of this.#waits) if (ordinal <= wait.last) wait.remaining += count;
  }

  /** Takes note that a thing is over. */
  leave(ordinal: number): void {
    this.#size -= 1;
    for (const wait of this.#waits) {
      if (ordinal > wait.last) continue;
      wait.remaining -= 1;
      if (wait.remaining > 0) continue;
      this.#waits.delete(wait);
      wait.resolve();
    }
  }

  /** Resolves once all that is under way now is over. */
  settled(): Promise<void> {
    if (this.#size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waits.add({ last: this.#last, remaining: this.#size, resolve });
    });
  }
}

interface Wait {
  readonly last: number;
  remaining: number;
  readonly resolve: () => void;
}
