import type { Random } from "../random.ts";

/**
 * How long to wait before the next try: doubles from `initialMs` to `maxMs` and is spread by a fifth
 * either way, so that clients that failed together do not return together (KIP-580).
 */
export class Backoff {
  readonly #initialMs: number;
  readonly #maxMs: number;
  readonly #random: Random;
  #failures = 0;

  constructor(initialMs: number, maxMs: number, random: Random) {
    this.#initialMs = initialMs;
    this.#maxMs = maxMs;
    this.#random = random;
  }

  /** The wait after one more failure, in milliseconds. */
  next(): number {
    const base = Math.min(this.#initialMs * 2 ** this.#failures, this.#maxMs);
    this.#failures = Math.min(this.#failures + 1, 30);
    return base * (0.8 + 0.4 * this.#random.float());
  }

  /** Begins anew after a success. */
  reset(): void {
    this.#failures = 0;
  }
}
