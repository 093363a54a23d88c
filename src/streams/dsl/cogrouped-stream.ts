import type { Aggregator, Initializer } from "../operators/aggregation.ts";
import { checkWindows, SessionWindows, type SlidingWindows, type Windows } from "../windows.ts";
import { byKey } from "./aggregation-kind.ts";
import type { Cogrouped, Cogrouping } from "./cogrouping.ts";
import type { KGroupedStream } from "./grouped-stream.ts";
import type { KTable } from "./ktable.ts";
import type { AggregateOptions } from "./materialized.ts";
import {
  SessionWindowedCogroupedKStream,
  TimeWindowedCogroupedKStream,
} from "./windowed-cogrouped-stream.ts";

/**
 * Several grouped streams, each with how its values are taken into one aggregate per key (KIP-150). Their
 * topics must have as many partitions as one another.
 */
export class CogroupedKStream<K, A> {
  readonly #cogrouping: Cogrouping<K>;
  readonly #inputs: readonly Cogrouped<K, A>[];

  /** Made by `KGroupedStream.cogroup`. */
  constructor(cogrouping: Cogrouping<K>, inputs: readonly Cogrouped<K, A>[] = []) {
    this.#cogrouping = cogrouping;
    this.#inputs = inputs;
  }

  /** Adds a grouped stream; one that is there already gets the new aggregator. */
  cogroup<V>(
    grouped: KGroupedStream<K, V>,
    aggregator: Aggregator<K, V, A>,
  ): CogroupedKStream<K, A> {
    // Each stream's values go to its own aggregator, whose type is of no concern to the others.
    const input = { grouping: grouped.grouping, aggregator } as unknown as Cogrouped<K, A>;
    const isKnown = this.#inputs.some(({ grouping }) => grouping === input.grouping);
    const inputs = isKnown
      ? this.#inputs.map((one) => (one.grouping === input.grouping ? input : one))
      : [...this.#inputs, input];
    return new CogroupedKStream(this.#cogrouping, inputs);
  }

  /** Takes the records of all streams into the aggregate of their key, which begins with what the initializer gives. */
  aggregate(initializer: Initializer<A>, options: AggregateOptions<K, A>): KTable<K, A> {
    return this.#cogrouping.aggregate(this.#inputs, byKey(options), initializer, options);
  }

  /** Cuts the records of each key into windows. */
  windowedBy(windows: SessionWindows): SessionWindowedCogroupedKStream<K, A>;
  windowedBy(windows: Windows | SlidingWindows): TimeWindowedCogroupedKStream<K, A>;
  windowedBy(
    windows: Windows | SlidingWindows | SessionWindows,
  ): SessionWindowedCogroupedKStream<K, A> | TimeWindowedCogroupedKStream<K, A> {
    checkWindows(windows);
    return windows instanceof SessionWindows
      ? new SessionWindowedCogroupedKStream(this.#cogrouping, this.#inputs, windows)
      : new TimeWindowedCogroupedKStream(this.#cogrouping, this.#inputs, windows);
  }
}
