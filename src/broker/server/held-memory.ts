import type { Clock, Timer } from "../../clock.ts";

/** Someone who holds memory for what is not complete yet, or waits for others to release theirs. */
export interface MemoryHolder {
  /** When bytes last came in or went out, by the clock's `elapsed`. */
  readonly lastActiveAt: number;
  /** There is room again. */
  proceed(): void;
  /** Others need the memory more: it must be released now. */
  giveUp(reason: string): void;
}

interface Holding {
  readonly bytes: number;
  readonly since: number;
}

/** How long one may hold memory that others wait for without a byte coming in or going out. */
const stallMs = 2_000;
/** How long one may hold memory that others wait for at all. */
const patienceMs = 10_000;
/** How often it is looked whether somebody has had memory for too long, while others wait. */
const checkMs = 500;
/** The share of what is left that one may take who begins now. */
const sharePart = 1 / 8;

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

  /**
   * How much one who begins now had better hold at most: less and less, and nothing but what must be
   * once half of all is held, so that those who never let go of theirs do not stop the others.
   */
  get share(): number {
    return Math.max(0, Math.floor((this.#maxBytes / 2 - this.#bytes) * sharePart));
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
    this.#timer ??= this.#clock.after(checkMs, () => this.#evict());
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

  /** Takes the memory of all who have had it for too long: of one alone, the next who lets go of nothing would have it. */
  #evict(): void {
    this.#timer = undefined;
    const now = this.#clock.elapsed();
    for (const [holder, { since }] of [...this.#holdings]) {
      const isStalled = now - Math.max(since, holder.lastActiveAt) >= stallMs;
      if (!isStalled && now - since < patienceMs) continue;
      holder.giveUp("it held memory for too long that other connections were waiting for");
    }
    if (this.#waiting.size > 0) {
      this.#timer ??= this.#clock.after(checkMs, () => this.#evict());
    }
  }
}
