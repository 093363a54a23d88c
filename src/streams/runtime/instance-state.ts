/** Where an application stands on this instance; the names are Kafka's. */
export type StreamsState =
  | "created"
  /** It joins the group, or tasks come and go, or their stores are being restored. */
  | "rebalancing"
  | "running"
  | "pending-shutdown"
  | "not-running"
  | "pending-error"
  | "error";

/** What may follow each state (`KafkaStreams.State`). */
const next: { readonly [state in StreamsState]: readonly StreamsState[] } = {
  created: ["rebalancing", "pending-shutdown", "pending-error"],
  rebalancing: ["running", "pending-shutdown", "pending-error"],
  running: ["rebalancing", "pending-shutdown", "pending-error"],
  "pending-shutdown": ["not-running"],
  "not-running": [],
  "pending-error": ["error"],
  error: [],
};

/** Hears of each change of state. What it throws is thrown again as an uncaught exception. */
export type OnStateChange = (state: StreamsState, before: StreamsState) => void;

/** The state of one instance, whom it tells, and who waits for it. */
export class InstanceState {
  #state: StreamsState = "created";
  /** What stopped it. */
  error: unknown;
  readonly #listeners = new Set<OnStateChange>();

  get current(): StreamsState {
    return this.#state;
  }

  /** Whether it is over, well or badly, or about to be. */
  get isEnding(): boolean {
    return !next[this.#state].includes("pending-shutdown");
  }

  /** Goes to a state, and gives whether that may follow the present one; it stays as it is otherwise. */
  become(state: StreamsState): boolean {
    const before = this.#state;
    if (!next[before].includes(state)) return false;
    this.#state = state;
    for (const listener of this.#listeners) {
      try {
        listener(state, before);
      } catch (thrown) {
        // The change has happened: what a listener throws must not stand in its way.
        queueMicrotask(() => {
          throw thrown;
        });
      }
    }
    return true;
  }

  /** Tells a listener from now on; gives what ends that. */
  listen(listener: OnStateChange): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves as soon as one of these states is there; rejects when none of them can come any more. */
  until(states: readonly StreamsState[], otherwise: () => unknown): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = () => {
      if (states.includes(this.#state)) resolve();
      else if (next[this.#state].length === 0) reject(otherwise());
      else return;
      stop();
    };
    const stop = this.listen(look);
    look();
    return promise;
  }
}
