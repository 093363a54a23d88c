/** A timer that has been set and can be called off. */
export interface Timer {
  /** Calls the timer off; has no effect once it has run or was cancelled. */
  cancel(): void;
}

/**
 * The time, and the only way to wait for it. Everything that needs either takes a clock, so that a
 * simulation can pass one whose hours last microseconds.
 */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970: for timestamps, never for measuring. */
  now(): number;
  /** Milliseconds, with fractions, since some fixed moment; never goes back: for deadlines and durations. */
  elapsed(): number;
  /** Runs `run` once after `ms` milliseconds. */
  after(ms: number, run: () => void): Timer;
  /** Runs `run` after the events that are already waiting: gives the event loop its turn. */
  soon(run: () => void): void;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(ms, run) {
    const handle = setTimeout(run, ms);
    return { cancel: () => clearTimeout(handle) };
  },
  soon: (run) => void setImmediate(run),
  sleep(ms, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const onAbort = () => {
        clearTimeout(handle);
        reject(signal?.reason);
      };
      const handle = setTimeout(() => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      }, ms);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  },
};
