import type { Backoff } from "../backoff.ts";

/**
 * When a member's next heartbeat is due: an interval after the last one was sent, or a back-off
 * after one failed. There is one under way at most.
 */
export class HeartbeatPace {
  /** In milliseconds; the broker may set it. */
  intervalMs: number;
  readonly #backoff: Backoff;
  #dueAt = Number.POSITIVE_INFINITY;
  #sentAt = 0;
  #isUnderWay = false;

  constructor(intervalMs: number, backoff: Backoff) {
    this.intervalMs = intervalMs;
    this.#backoff = backoff;
  }

  /** When the next one is due; infinity while one is under way or none are sent. */
  get wakeAt(): number {
    return this.#isUnderWay ? Number.POSITIVE_INFINITY : this.#dueAt;
  }

  isDue(now: number): boolean {
    return now >= this.wakeAt;
  }

  /** Begins anew: the first one is due an interval from now. */
  start(now: number): void {
    this.#isUnderWay = false;
    this.#backoff.reset();
    this.#dueAt = now + this.intervalMs;
  }

  stop(): void {
    this.#dueAt = Number.POSITIVE_INFINITY;
  }

  /** Makes the next one due at once, or as soon as the one under way is answered. */
  hurry(): void {
    this.#dueAt = 0;
  }

  sent(now: number): void {
    this.#isUnderWay = true;
    this.#sentAt = now;
    this.#dueAt = now + this.intervalMs;
  }

  /** The one under way was answered; one that was hurried meanwhile stays due. */
  answered(): void {
    this.#isUnderWay = false;
    this.#backoff.reset();
    if (this.#dueAt > 0) this.#dueAt = this.#sentAt + this.intervalMs;
  }

  /** The one under way failed and should be repeated. */
  failed(now: number): void {
    this.#isUnderWay = false;
    this.#dueAt = now + this.#backoff.next();
  }
}
