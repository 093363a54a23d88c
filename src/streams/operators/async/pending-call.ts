import type { Clock, Timer } from "../../../clock.ts";
import { MillraceError } from "../../../errors.ts";
import type { Random } from "../../../random.ts";
import { type AsyncCall, type AsyncSettings, backoffMs } from "../../async-options.ts";
import type { Headers, Message, RecordMetadata } from "../../message.ts";
import { type CallPlace, callId } from "./call-id.ts";
import type { QueuedCall } from "./call-queue.ts";

/** What calls of one node share. */
export interface CallTerms<K, V, R> {
  readonly settings: AsyncSettings<K, V, R>;
  readonly clock: Clock;
  readonly random: Random;
  request(message: Message<K, V>, call: AsyncCall): R | PromiseLike<R>;
  /** Told, from outside any record, when a call has its result that had none when it was started. */
  settled(call: PendingCall<K, V, R>): void;
}

/** What came of a call. */
export type CallResult<R> =
  | { readonly is: "value"; readonly value: R }
  | { readonly is: "dropped" }
  | { readonly is: "failed"; readonly error: unknown };

/**
 * One record's call with all its tries. A try that takes too long is aborted and counts as failed, and what it
 * answers later is not looked at.
 */
export class PendingCall<K, V, R> implements QueuedCall {
  readonly message: Message<K, V>;
  readonly place: CallPlace;
  isSettled = false;
  /** There once the call is settled. */
  result: CallResult<R> | undefined;
  readonly #terms: CallTerms<K, V, R>;
  #idempotencyKey: string | undefined;
  #failures = 0;
  #try: Try | undefined;
  #timer: Timer | undefined;
  /** Ends a wait between two tries. */
  #ended: AbortController | undefined;
  #isStarting = false;

  constructor(message: Message<K, V>, place: CallPlace, terms: CallTerms<K, V, R>) {
    this.message = message;
    this.place = place;
    this.#terms = terms;
  }

  get metadata(): RecordMetadata | undefined {
    return this.place.metadata;
  }

  get lane(): unknown {
    return this.place.lane;
  }

  get idempotencyKey(): string {
    this.#idempotencyKey ??= callId(this.place);
    return this.#idempotencyKey;
  }

  /** Makes the call; true where its result is there at once, without a promise. */
  start(): boolean {
    this.#isStarting = true;
    this.#begin();
    this.#isStarting = false;
    return this.result !== undefined;
  }

  /** Ends the call without a result. */
  abort(reason: MillraceError): void {
    const attempt = this.#try;
    this.#try = undefined;
    this.#timer?.cancel();
    this.#ended?.abort(reason);
    attempt?.abort(reason);
  }

  #begin(): void {
    const { settings, clock, request } = this.#terms;
    const attempt = new Try(this, this.#failures + 1);
    this.#try = attempt;
    let answer: R | PromiseLike<R>;
    try {
      answer = request(this.message, attempt);
    } catch (error) {
      this.#fail(attempt, error);
      return;
    }
    if (!isPromise(answer)) {
      this.#settle({ is: "value", value: answer });
      return;
    }
    this.#timer = clock.after(settings.timeoutMs, () => this.#expire(attempt));
    answer.then(
      (value) => {
        if (this.#try === attempt) this.#settle({ is: "value", value });
      },
      (error: unknown) => {
        if (this.#try === attempt) this.#fail(attempt, error);
      },
    );
  }

  #expire(attempt: Try): void {
    if (this.#try !== attempt) return;
    const { timeoutMs } = this.#terms.settings;
    const message = `a call of ${this.place.node} took longer than ${timeoutMs} ms`;
    const error = new MillraceError("TIMED_OUT", message);
    attempt.abort(error);
    this.#fail(attempt, error);
  }

  #fail(attempt: Try, error: unknown): void {
    this.#timer?.cancel();
    this.#try = undefined;
    this.#failures += 1;
    const result = this.#decide(attempt, error);
    if (result) {
      this.#settle(result);
      return;
    }
    const { settings, clock, random } = this.#terms;
    this.#ended ??= new AbortController();
    const { signal } = this.#ended;
    const again = () => {
      if (!signal.aborted) this.#begin();
    };
    const wait = backoffMs(settings, this.#failures, random.float());
    clock.sleep(wait, signal).then(again, ignore);
  }

  /** What comes of a failure; undefined for another try. */
  #decide(attempt: Try, error: unknown): CallResult<R> | undefined {
    const { retries, isRetriable, onError } = this.#terms.settings;
    const { key, value } = this.message;
    try {
      if (this.#failures <= retries && isRetriable(error)) return undefined;
      const decision = onError(error, value, key, attempt);
      if (decision === "fail") return { is: "failed", error };
      return decision === "drop" ? { is: "dropped" } : { is: "value", value: decision.value };
    } catch (cause) {
      return { is: "failed", error: cause };
    }
  }

  #settle(result: CallResult<R>): void {
    this.#timer?.cancel();
    this.#try = undefined;
    this.result = result;
    if (!this.#isStarting) this.#terms.settled(this);
  }
}

type CallOfTry = Pick<
  PendingCall<unknown, unknown, unknown>,
  "idempotencyKey" | "message" | "metadata"
>;

/** What the function that is called sees of one try. */
class Try implements AsyncCall {
  readonly attempt: number;
  readonly #call: CallOfTry;
  #controller: AbortController | undefined;
  #reason: MillraceError | undefined;

  constructor(call: CallOfTry, attempt: number) {
    this.#call = call;
    this.attempt = attempt;
  }

  /** Made when it is asked for: most functions do without. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#reason) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  get idempotencyKey(): string {
    return this.#call.idempotencyKey;
  }

  get timestamp(): number {
    return this.#call.message.timestamp;
  }

  get headers(): Headers {
    return this.#call.message.headers;
  }

  get recordMetadata(): RecordMetadata | undefined {
    return this.#call.metadata;
  }

  abort(reason: MillraceError): void {
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}

function isPromise<R>(answer: R | PromiseLike<R>): answer is PromiseLike<R> {
  return typeof (answer as PromiseLike<R> | null | undefined)?.then === "function";
}

function ignore(): void {}
