import type { Cancellable } from "../node.ts";
import { PriorityQueue } from "./priority-queue.ts";

interface Schedule {
  readonly node: string;
  readonly at: number;
  readonly intervalMs: number;
  readonly run: (timestamp: number) => void;
  readonly state: { isCancelled: boolean };
}

/** What runs a punctuation as part of its node. */
export type Punctuate = (node: string, timestamp: number, run: (timestamp: number) => void) => void;

/** Punctuations by the time they are due at, of one kind of time (`PunctuationQueue`). */
export class Punctuations {
  readonly #schedules = new PriorityQueue<Schedule>((one, other) => one.at - other.at);

  /** When the next one is due; infinite where there is none. Changes with every call of the others. */
  dueAt = Number.POSITIVE_INFINITY;

  /** When the next one is due; undefined where there is none. */
  get nextAt(): number | undefined {
    return this.#schedules.peek()?.at;
  }

  add(node: string, at: number, intervalMs: number, run: (timestamp: number) => void): Cancellable {
    const state = { isCancelled: false };
    this.#schedules.add({ node, at, intervalMs, run, state });
    this.#update();
    return {
      cancel() {
        state.isCancelled = true;
      },
    };
  }

  /** Runs what is due at a time, each once however many intervals have passed; gives whether any was. */
  run(now: number, punctuate: Punctuate): boolean {
    let hasRun = false;
    for (;;) {
      const next = this.#schedules.peek();
      if (!next || next.at > now) break;
      this.#schedules.poll();
      if (next.state.isCancelled) continue;
      punctuate(next.node, now, next.run);
      hasRun = true;
      if (!next.state.isCancelled) this.#schedules.add({ ...next, at: following(next, now) });
    }
    this.#update();
    return hasRun;
  }

  #update(): void {
    this.dueAt = this.nextAt ?? Number.POSITIVE_INFINITY;
  }
}

/** The next time, on the grid of the first one; those that were missed are left out. */
function following({ at, intervalMs }: Schedule, now: number): number {
  const next = at + intervalMs;
  if (now < next) return next;
  const passed = Math.floor((now - at) / intervalMs);
  return at + (passed + 1) * intervalMs;
}
