import type { Clock } from "../../clock.ts";
import { MillraceError } from "../../errors.ts";
import type { Random } from "../../random.ts";
import type { Message, RecordMetadata } from "../message.ts";

/** Runs something, between two records, as part of one that was taken in earlier, in the name of a node. */
export type Reenter = (
  node: string,
  record: Message<unknown, unknown>,
  metadata: RecordMetadata | undefined,
  run: () => void,
) => void;

/** A node that calls functions which answer later. */
export interface AsyncNode {
  /** How many records it has taken in whose results it has not handed on. */
  readonly pending: number;
  /** Whether it takes in more; what comes nevertheless, such as the rows of a flush, waits in it. */
  readonly hasRoom: boolean;
  /** Hands on the results whose turn it is, each by `reenter`. */
  release(reenter: Reenter): void;
}

/** A call whose result is on its way through the nodes below. */
export interface CallOrigin {
  readonly idempotencyKey: string;
  /** Where its record comes from. */
  readonly metadata: RecordMetadata | undefined;
}

/** What the calls of a task are made with. */
export interface AsyncWorkOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly reenter: Reenter;
  /** Called from outside any record when the first of some results is there, so that a waiting thread wakes. */
  readonly onReady?: (() => void) | undefined;
}

/**
 * What is under way outside a task: calls that its nodes have begun and that answer later. Answers wait
 * here until the task takes them between two records, so that nodes run one after the other as always.
 */
export class AsyncWork {
  readonly clock: Clock;
  readonly random: Random;
  /** Whether a node has no room, so that the task takes no further record. */
  isFull = false;
  /** Whether results wait to be handed on. */
  hasReady = false;
  /** The call whose result is being handed on; undefined outside of that. Calls below it are made in its name. */
  origin: CallOrigin | undefined;
  readonly #reenter: Reenter;
  readonly #onReady: (() => void) | undefined;
  readonly #nodes: AsyncNode[] = [];
  #ready: PromiseWithResolvers<void> | undefined;
  #isClosed = false;

  constructor({ clock, random, reenter, onReady }: AsyncWorkOptions) {
    this.clock = clock;
    this.random = random;
    this.#reenter = reenter;
    this.#onReady = onReady;
  }

  /** How many records wait for an answer, or have one that was not handed on. */
  get pending(): number {
    let pending = 0;
    for (const node of this.#nodes) pending += node.pending;
    return pending;
  }

  /** Adds a node; parents come before their children. */
  add(node: AsyncNode): void {
    this.#nodes.push(node);
  }

  /** Told by nodes when a result is there. */
  signal(): void {
    if (this.hasReady) return;
    this.hasReady = true;
    this.#onReady?.();
    this.#wake();
  }

  /** Hands on all results whose turn it is; to be called between two records. Throws what the nodes below throw. */
  release(): void {
    while (this.hasReady) {
      this.hasReady = false;
      for (const node of this.#nodes) node.release(this.#reenter);
    }
    this.isFull = this.#nodes.some(({ hasRoom }) => !hasRoom);
  }

  /**
   * Waits for all that is under way and hands it on, which a commit begins with; undefined where there is nothing
   * to wait for. No record may be processed meanwhile. Caches that are flushed afterwards may begin calls
   * again. Rejects with what a node threw, with ABORTED where the signal calls it off, and with CLOSED where the
   * task is closed meanwhile.
   */
  drain(signal?: AbortSignal): Promise<void> | undefined {
    this.release();
    return this.pending === 0 ? undefined : this.#drained(signal);
  }

  /**
   * Resolves when a result waits to be handed on; rejects with ABORTED where the signal calls it off, and with CLOSED
   * where the task is closed first.
   */
  async untilReady(signal?: AbortSignal): Promise<void> {
    const wake = () => this.#wake();
    signal?.addEventListener("abort", wake, { once: true });
    while (!this.hasReady && !this.#isClosed && !signal?.aborted) {
      this.#ready ??= Promise.withResolvers();
      await this.#ready.promise;
    }
    signal?.removeEventListener("abort", wake);
    if (this.#isClosed) throw new MillraceError("CLOSED", "the task has been closed");
    if (this.hasReady) return;
    const message = "waiting for the answers to calls was aborted";
    throw new MillraceError("ABORTED", message, { cause: signal?.reason });
  }

  /** Lets go of those who wait; the nodes abort their calls when they are closed themselves. */
  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  #wake(): void {
    this.#ready?.resolve();
    this.#ready = undefined;
  }

  async #drained(signal?: AbortSignal): Promise<void> {
    while (this.pending > 0) {
      await this.untilReady(signal);
      this.release();
    }
  }
}
