import { type Clock, systemClock, type Timer } from "../../clock.ts";

interface Alarm extends Timer {
  readonly at: number;
  readonly run: () => void;
}

/** A test driver's clock: it moves only when told, and what sleeps, such as a call that is to be tried again, wakes at once. */
export class DriverClock implements Clock {
  readonly #alarms = new Set<Alarm>();
  #now: number;

  /** Begins at a time in milliseconds since 1970. */
  constructor(now: number) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): Timer {
    const cancel = () => void this.#alarms.delete(alarm);
    const alarm: Alarm = { at: this.#now + ms, run, cancel };
    this.#alarms.add(alarm);
    return alarm;
  }

  soon(run: () => void): void {
    systemClock.soon(run);
  }

  async sleep(_ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
  }

  /** Lets time pass; what falls due meanwhile runs at the end of it, in its order. */
  advance(ms: number): void {
    this.#now += ms;
    const due = [...this.#alarms].filter(({ at }) => at <= this.#now);
    for (const alarm of due.sort((one, other) => one.at - other.at)) {
      if (this.#alarms.delete(alarm)) alarm.run();
    }
  }
}
