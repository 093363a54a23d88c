/** An input, by its topic's full name. */
export interface EmptyInput {
  readonly topic: string;
  readonly partition: number;
}

/** What {@link InputWait} has to know of the moment. */
export interface InputSituation {
  /** The inputs that have no record waiting, while another has. */
  readonly empty: readonly EmptyInput[];
  /** How many records of an input are at the broker and not here; undefined while that is not known. */
  lagOf(input: EmptyInput): number | undefined;
  /** By the clock's `elapsed`. */
  readonly now: number;
}

/**
 * Decides whether a task goes on although some of its inputs have no record waiting, so that the next one may
 * not be the earliest (KIP-353, KIP-695: `PartitionGroup.readyToProcess`).
 */
export class InputWait {
  /** When the wait for the first of the empty inputs ends by itself; infinite while records are known to come. */
  deadline = Number.POSITIVE_INFINITY;
  readonly #maxIdleMs: number;
  readonly #deadlines = new Map<string, number>();

  /** `maxTaskIdleMs`: −1 never waits, 0 waits for what is known to be at the broker, more so long for others too. */
  constructor(maxIdleMs: number) {
    this.#maxIdleMs = maxIdleMs;
  }

  /** Whether the task may go on. */
  isOver({ empty, lagOf, now }: InputSituation): boolean {
    if (this.#maxIdleMs < 0) return true;
    this.#forgetOthers(empty);
    this.deadline = Number.POSITIVE_INFINITY;
    let isOver = true;
    for (const input of empty) {
      const lag = lagOf(input);
      if (lag === undefined || lag > 0) {
        this.#deadlines.delete(input.topic);
        isOver = false;
        continue;
      }
      const deadline = this.#deadlines.get(input.topic) ?? now + this.#maxIdleMs;
      this.#deadlines.set(input.topic, deadline);
      if (now >= deadline) continue;
      this.deadline = Math.min(this.deadline, deadline);
      isOver = false;
    }
    return isOver;
  }

  #forgetOthers(empty: readonly EmptyInput[]): void {
    for (const topic of this.#deadlines.keys()) {
      if (!empty.some((input) => input.topic === topic)) this.#deadlines.delete(topic);
    }
  }
}
