import type { Clock, Timer } from "../../clock.ts";

/** What is checked, how often, and when there is a point in it. */
export interface RecurringCheckOptions {
  readonly clock: Clock;
  readonly intervalMs: () => number;
  readonly run: () => void;
  /** Whether there is anything to look after. */
  readonly isNeeded: () => boolean;
}

/** Something that is done at an interval while there is a need for it; without one no timer runs. */
export class RecurringCheck {
  readonly #options: RecurringCheckOptions;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(options: RecurringCheckOptions) {
    this.#options = options;
  }

  /** Sets the timer, if it is not set and there is a need. */
  wake(): void {
    const { clock, intervalMs, run, isNeeded } = this.#options;
    if (this.#timer !== undefined || this.#isClosed || !isNeeded()) return;
    this.#timer = clock.after(intervalMs(), () => {
      this.#timer = undefined;
      run();
      this.wake();
    });
  }

  /** Ends it. May be called twice. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
