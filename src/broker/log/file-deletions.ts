import type { Clock, Timer } from "../../clock.ts";
import type { Logger } from "../../log.ts";

/** Removes files some time after they have been given up (`file.delete.delay.ms`), or at the latest when it is closed. */
export class FileDeletions {
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** Bounded by what retention and compaction give up within the delay. */
  readonly #waiting = new Map<() => void, Timer>();

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Calls `remove` after some milliseconds. What fails is logged: the next start removes such files. */
  after(delayMs: number, remove: () => void): void {
    const timer = this.#clock.after(delayMs, () => this.#run(remove));
    this.#waiting.set(remove, timer);
  }

  /** Removes all that waits, now. */
  close(): void {
    for (const [remove, timer] of [...this.#waiting]) {
      timer.cancel();
      this.#run(remove);
    }
  }

  #run(remove: () => void): void {
    this.#waiting.delete(remove);
    try {
      remove();
    } catch (error) {
      this.#logger.warn({ error }, "files of the log could not be removed");
    }
  }
}
