import type { Clock, Timer } from "../src/clock.ts";

interface Alarm extends Timer {
  readonly at: number;
  readonly run: () => void;
}

/** A clock that goes on only when the test says so, for code that never waits itself. */
export class ManualClock implements Clock {
  readonly #startedAt = 1_700_000_000_000;
  readonly #alarms = new Set<Alarm>();
  #soon: (() => void)[] = [];
  #elapsed = 0;

  now(): number {
    return this.#startedAt + this.#elapsed;
  }

  elapsed(): number {
    return this.#elapsed;
  }

  after(ms: number, run: () => void): Timer {
    const cancel = () => void this.#alarms.delete(alarm);
    const alarm: Alarm = { at: this.#elapsed + ms, run, cancel };
    this.#alarms.add(alarm);
    return alarm;
  }

  soon(run: () => void): void {
    this.#soon.push(run);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.after(ms, resolve));
  }

  /** Lets time pass, and runs what falls due meanwhile, in its order. */
  advance(ms: number): void {
    const until = this.#elapsed + ms;
    for (;;) {
      this.#runSoon();
      const due = [...this.#alarms].filter(({ at }) => at <= until);
      const next = due.reduce<Alarm | undefined>(
        (first, one) => (first === undefined || one.at < first.at ? one : first),
        undefined,
      );
      if (next === undefined) break;
      this.#alarms.delete(next);
      this.#elapsed = Math.max(this.#elapsed, next.at);
      next.run();
    }
    this.#elapsed = until;
  }

  #runSoon(): void {
    while (this.#soon.length > 0) {
      const soon = this.#soon;
      this.#soon = [];
      for (const run of soon) run();
    }
  }
}
