/** A count that only grows. */
export class Counter {
  #value = 0;

  /** Counts further, by 1 if nothing else is said. */
  add(count = 1): void {
    this.#value += count;
  }

  get value(): number {
    return this.#value;
  }
}

/** What a histogram has seen since it was made. All 0 while it has seen nothing. */
export interface HistogramSnapshot {
  readonly count: number;
  readonly sum: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  /** The value that half of what was recorded does not exceed, within 6 %. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** Parts of each power of two, as the top bits of the mantissa count them. */
const bucketsPerOctave = 8;
/** Smaller values, below a thousandth, share the first bucket. */
const lowestExponent = -10;
/** Larger values, from 2^54 on, share the last bucket. */
const highestExponent = 53;
const bucketCount = (highestExponent - lowestExponent + 1) * bucketsPerOctave;
const exponentBias = 1023;

const scratch = new DataView(new ArrayBuffer(8));

/**
 * How values are spread: durations, sizes, counts of any unit, not negative. Keeps a count for each
 * of some 500 ranges whose borders grow with the values, so that a quantile is within 6 % whatever
 * the values' magnitude. `record` allocates nothing.
 */
export class Histogram {
  readonly #counts = new Float64Array(bucketCount);
  #count = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = 0;

  /** Takes in one value; what is negative or no number counts as 0. */
  record(value: number): void {
    const known = Number.isFinite(value) ? Math.max(value, 0) : 0;
    this.#counts[bucketOf(known)]! += 1;
    this.#count += 1;
    this.#sum += known;
    if (known < this.#min) this.#min = known;
    if (known > this.#max) this.#max = known;
  }

  /** What was recorded so far. */
  snapshot(): HistogramSnapshot {
    const count = this.#count;
    const min = count === 0 ? 0 : this.#min;
    return {
      count,
      sum: this.#sum,
      mean: count === 0 ? 0 : this.#sum / count,
      min,
      max: this.#max,
      p50: this.#quantile(0.5),
      p95: this.#quantile(0.95),
      p99: this.#quantile(0.99),
    };
  }

  #quantile(part: number): number {
    const wanted = Math.ceil(this.#count * part);
    let seen = 0;
    for (let bucket = 0; bucket < bucketCount; bucket += 1) {
      seen += this.#counts[bucket] as number;
      if (seen < wanted || seen === 0) continue;
      return Math.min(Math.max(middleOf(bucket), this.#min), this.#max);
    }
    return 0;
  }
}

/** A reading of everything that is measured, as plain numbers under the metrics' names. */
export interface MetricsSnapshot {
  readonly counters: { readonly [name: string]: number };
  readonly gauges: { readonly [name: string]: number };
  readonly histograms: { readonly [name: string]: HistogramSnapshot };
}

/**
 * The metrics of one object, such as a producer. Names are written in the code, never made from
 * data, so that their number is bounded.
 */
export class Metrics {
  readonly #counters = new Map<string, Counter>();
  readonly #gauges = new Map<string, () => number>();
  readonly #histograms = new Map<string, Histogram>();

  /** The counter of this name, made at the first call; keep it where it is used often. */
  counter(name: string): Counter {
    return made(this.#counters, name, () => new Counter());
  }

  /** The histogram of this name, made at the first call; keep it where it is used often. */
  histogram(name: string): Histogram {
    return made(this.#histograms, name, () => new Histogram());
  }

  /** Has each snapshot ask for a value that rises and falls, such as bytes in use. */
  gauge(name: string, read: () => number): void {
    this.#gauges.set(name, read);
  }

  /** Reads all metrics. */
  snapshot(): MetricsSnapshot {
    return {
      counters: read(this.#counters, (counter) => counter.value),
      gauges: read(this.#gauges, (gauge) => gauge()),
      histograms: read(this.#histograms, (histogram) => histogram.snapshot()),
    };
  }
}

/** Exponent and top mantissa bits of a double stand side by side: their value is the bucket's number. */
function bucketOf(value: number): number {
  scratch.setFloat64(0, value);
  const bits = scratch.getUint32(0) >>> 17;
  const bucket = bits - (exponentBias + lowestExponent) * bucketsPerOctave;
  return bucket < 0 ? 0 : bucket < bucketCount ? bucket : bucketCount - 1;
}

function middleOf(bucket: number): number {
  const octave = 2 ** (Math.floor(bucket / bucketsPerOctave) + lowestExponent);
  return octave * (1 + ((bucket % bucketsPerOctave) + 0.5) / bucketsPerOctave);
}

function made<T>(all: Map<string, T>, name: string, make: () => T): T {
  let one = all.get(name);
  if (one === undefined) {
    one = make();
    all.set(name, one);
  }
  return one;
}

function read<T, V>(all: ReadonlyMap<string, T>, value: (one: T) => V): { [name: string]: V } {
  return Object.fromEntries([...all].map(([name, one]) => [name, value(one)]));
}
