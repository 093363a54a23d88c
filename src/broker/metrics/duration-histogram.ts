/** The upper bounds of the buckets in seconds, each about three times the one before. */
export const durationBounds = [
  0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30,
] as const;

/** How durations are spread over fixed buckets. `record` allocates nothing. */
export class DurationHistogram {
  /** One per bound, not cumulative, and one for what is longer than all. */
  readonly #counts = new Float64Array(durationBounds.length + 1);
  #sum = 0;

  record(ms: number): void {
    const seconds = ms / 1000;
    let bucket = 0;
    while (seconds > (durationBounds[bucket] ?? Number.POSITIVE_INFINITY)) bucket += 1;
    this.#counts[bucket]! += 1;
    this.#sum += seconds;
  }

  /** In seconds. */
  get sum(): number {
    return this.#sum;
  }

  /** How many there were up to each bound, and at last in all. */
  cumulative(): number[] {
    let total = 0;
    return [...this.#counts].map((count) => {
      total += count;
      return total;
    });
  }
}
