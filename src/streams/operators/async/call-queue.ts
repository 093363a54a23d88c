import type { AsyncOrder } from "../../async-options.ts";
import { Fifo } from "./fifo.ts";

/** What a queue must know of a call. */
export interface QueuedCall {
  /** What stands for the record's key; undefined where it has none, or none is known. */
  readonly lane: unknown;
  /** Whether its result is there. */
  isSettled: boolean;
}

/** The bounds and the order of a queue. */
export interface CallQueueOptions {
  readonly order: AsyncOrder;
  readonly concurrency: number;
  readonly maxPending: number;
}

/**
 * The calls of one node: which may begin next, and whose result goes on next. A call is accepted, started,
 * settled, taken and finished, in this order; has no clock and makes no calls.
 */
export class CallQueue<C extends QueuedCall> {
  readonly #options: CallQueueOptions;
  readonly #startable = new Fifo<C>();
  /** By lane, those that wait for the one before them, where that is not finished. */
  readonly #lanes = new Map<unknown, Fifo<C>>();
  /** All that was accepted and not taken, where results go on in this order. */
  readonly #arrivals = new Fifo<C>();
  /** What is settled and not taken, in all other cases. */
  readonly #settled = new Fifo<C>();
  #running = 0;
  #pending = 0;

  constructor(options: CallQueueOptions) {
    this.#options = options;
  }

  /** How many were accepted and are not finished. */
  get pending(): number {
    return this.#pending;
  }

  /** Whether one more could begin at once, lanes aside, and may wait. */
  get hasRoom(): boolean {
    const { concurrency, maxPending } = this.#options;
    return this.#running < concurrency && this.#pending < maxPending;
  }

  accept(call: C): void {
    this.#pending += 1;
    const { order } = this.#options;
    if (order === "partition") this.#arrivals.push(call);
    if (order === "none" || call.lane === undefined) {
      this.#startable.push(call);
      return;
    }
    const behind = this.#lanes.get(call.lane);
    if (behind) {
      behind.push(call);
      return;
    }
    this.#lanes.set(call.lane, new Fifo());
    this.#startable.push(call);
  }

  /** The next call that may begin, which counts as started; undefined where none may. */
  start(): C | undefined {
    if (this.#running >= this.#options.concurrency) return undefined;
    const call = this.#startable.shift();
    if (call) this.#running += 1;
    return call;
  }

  /** Notes that a started call has its result. */
  settle(call: C): void {
    this.#running -= 1;
    call.isSettled = true;
    if (this.#options.order !== "partition") this.#settled.push(call);
  }

  /** Settles a call and takes it at once, past others that are settled; false where its turn is not yet. */
  settleFirst(call: C): boolean {
    if (this.#options.order !== "partition") {
      this.#running -= 1;
      call.isSettled = true;
      return true;
    }
    this.settle(call);
    if (this.#arrivals.peek() !== call) return false;
    this.#arrivals.shift();
    return true;
  }

  /** The next call whose result goes on; undefined where it is not there. */
  take(): C | undefined {
    if (this.#options.order !== "partition") return this.#settled.shift();
    return this.#arrivals.peek()?.isSettled ? this.#arrivals.shift() : undefined;
  }

  /** Notes that a result that was taken has gone on, so that the next of its lane may begin. */
  finish({ lane }: C): void {
    this.#pending -= 1;
    if (this.#options.order === "none" || lane === undefined) return;
    const next = this.#lanes.get(lane)?.shift();
    if (next) this.#startable.push(next);
    else this.#lanes.delete(lane);
  }
}
