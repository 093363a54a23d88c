import type { RebalanceEvent } from "../../client/index.ts";
import type { ActiveTask } from "./active-task.ts";
import type { RestoreOutcome } from "./task-restore.ts";

/** What a thread hears of and deals with between two slices of work. */
export type ThreadEvent =
  /** The group waits until `done` is called. */
  | { readonly about: "rebalance"; readonly event: RebalanceEvent; readonly done: () => void }
  /** The leader has shared the tasks out, and nothing new is this member's. */
  | { readonly about: "nothing-new" }
  | {
      readonly about: "restored";
      readonly task: ActiveTask;
      readonly outcome: RestoreOutcome | { readonly error: unknown };
    }
  /** The thread is to end. */
  | { readonly about: "stop" }
  /** Nothing but a reason to wake. */
  | { readonly about: "wake" };

/**
 * What waits for a thread, which is woken when something comes. Never more than a few events: the group waits for
 * each rebalance, a task is restored once, and reasons to wake are not added up.
 */
export class ThreadInbox {
  readonly #events: ThreadEvent[] = [];
  #arrival = new AbortController();
  #interruption = new AbortController();

  /** Aborted as long as something waits here: calls off what the thread waits for. */
  get arrival(): AbortSignal {
    return this.#arrival.signal;
  }

  /** Aborted as long as something waits here that is more than a reason to wake: calls off a commit. */
  get interruption(): AbortSignal {
    return this.#interruption.signal;
  }

  put(event: ThreadEvent): void {
    // Whatever waits here wakes the thread too.
    if (event.about === "wake" && this.#events.length > 0) return;
    this.#events.push(event);
    this.#arrival.abort();
    if (event.about !== "wake") this.#interruption.abort();
  }

  /** The next event; undefined where none waits. */
  take(): ThreadEvent | undefined {
    const event = this.#events.shift();
    if (this.#events.length > 0) return event;
    if (this.#arrival.signal.aborted) this.#arrival = new AbortController();
    if (this.#interruption.signal.aborted) this.#interruption = new AbortController();
    return event;
  }
}
