import type { Clock, Timer } from "../src/clock.ts";

interface Alarm extends Timer {
  readonly at: number;
  readonly run: () => void;
}

/**
 * A clock for tests, on which waiting takes no time: whenever nothing else is left to do, it jumps
 * to the next timer. Everything else in the test must run in this process without real waiting.
 */
export class VirtualClock implements Clock {
  readonly #startedAt = 1_700_000_000_000;
  readonly #alarms = new Set<Alarm>();
  #elapsed = 0;
  #isWound = false;

  now(): number {
    return this.#startedAt + Math.floor(this.#elapsed);
  }

  elapsed(): number {
    return this.#elapsed;
  }

  after(ms: number, run: () => void): Timer {
    const alarm: Alarm = {
      at: this.#elapsed + Math.max(ms, 0),
      run,
      cancel: () => void this.#alarms.delete(alarm),
    };
    this.#alarms.add(alarm);
    this.#wind();
    return alarm;
  }

  soon(run: () => void): void {
    setImmediate(run);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const onAbort = () => {
        timer.cancel();
        reject(signal?.reason);
      };
      const timer = this.after(ms, () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      });
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Jumps once all promises that can settle have settled. */
  #wind(): void {
    if (this.#isWound) return;
    this.#isWound = true;
    setImmediate(() => {
      this.#isWound = false;
      let next: Alarm | undefined;
      for (const alarm of this.#alarms) if (!next || alarm.at < next.at) next = alarm;
      if (!next) return;
      this.#alarms.delete(next);
      this.#elapsed = Math.max(this.#elapsed, next.at);
      next.run();
      this.#wind();
    });
  }
}
