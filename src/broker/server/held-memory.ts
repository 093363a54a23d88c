import type { Clock, Timer } from "../../clock.ts";

/** Someone who holds memory for what is not complete yet, or waits for others to release theirs. */
export interface MemoryHolder {
  /** There is room again. */
  proceed(): void;
  /** Others need the memory more: it must be released now. */
  giveUp(reason: string): void;
}

interface Holding {
  readonly bytes: number;
  readonly since: number;
}

/** How long one may hold memory that others wait for. */
const patienceMs = 10_000;

/**
 * A bound on the memory that all connections together hold for requests that are still arriving
 * (`queued.max.request.bytes`) or answers that are still leaving. Who comes late waits; who has held
 * memory for too long while others wait loses it, so that slow clients cannot stop the others.
 */
export class HeldMemory {
  readonly #maxBytes: number;
  readonly #clock: Clock;
  /** In the order in which they began, the oldest first. */
  readonly #holdings = new Map<MemoryHolder, Holding>();
  readonly #waiting = new Set<MemoryHolder>();
  #bytes = 0;
  #timer: Timer | undefined;

  constructor(maxBytes: number, clock: Clock) {
    this.#maxBytes = maxBytes;
    this.#clock = clock;
  }

  /** Bytes held at present. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether all that there is is held, so that who holds nothing yet had better wait. */
  get isFull(): boolean {
    return this.#bytes >= this.#maxBytes;
  }

  /** Notes how much one holds in all. */
  hold(holder: MemoryHolder, bytes: number): void {
    const before = this.#holdings.get(holder);
    this.#holdings.set(holder, { bytes, since: before?.since ?? this.#clock.elapsed() });
    this.#bytes += bytes - (before?.bytes ?? 0);
  }

  /** Asks for a call of `proceed` once there is room. */
  wait(holder: MemoryHolder): void {
    this.#waiting.add(holder);
    this.#timer ??= this.#clock.after(patienceMs, () => this.#evict());
  }

  /** Has no effect on one who neither holds nor waits. */
  release(holder: MemoryHolder): void {
    this.#waiting.delete(holder);
    const holding = this.#holdings.get(holder);
    if (holding === undefined) return;
    this.#holdings.delete(holder);
    this.#bytes -= holding.bytes;
    if (!this.isFull) this.#wake();
  }

  #wake(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const holder of waiting) holder.proceed();
  }

  #evict(): void {
    this.#timer = undefined;
    const now = this.#clock.elapsed();
    for (const [holder, { since }] of this.#holdings) {
      if (!this.isFull || now - since < patienceMs) break;
      holder.giveUp("it held memory for too long that other connections were waiting for");
    }
    if (this.#waiting.size > 0) {
      this.#timer ??= this.#clock.after(patienceMs, () => this.#evict());
    }
  }
}
