import type { Clock } from "../clock.ts";
import { MillraceError } from "../errors.ts";

/** A bound on a wait: what is attempted, until when, and who may call it off. */
export interface Bound {
  /** What is attempted, as it stands in the error: "creating topic orders". */
  readonly attempt: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Waits for a promise, but not beyond the bound: then rejects with `TIMED_OUT`, or with `ABORTED`
 * when the signal aborts. What the promise brings later is dropped.
 */
export function bounded<T>(clock: Clock, promise: Promise<T>, bound: Bound): Promise<T> {
  const { attempt, timeoutMs, signal } = bound;
  if (signal?.aborted) {
    promise.catch(() => {});
    return Promise.reject(abortedError(attempt, signal));
  }
  return new Promise((resolve, reject) => {
    const release = () => {
      timer?.cancel();
      signal?.removeEventListener("abort", onAbort);
    };
    const onAbort = () => {
      release();
      reject(abortedError(attempt, signal));
    };
    const onTimeout = () => {
      release();
      reject(timedOutError(attempt, timeoutMs));
    };
    const timer = Number.isFinite(timeoutMs) ? clock.after(timeoutMs, onTimeout) : undefined;
    signal?.addEventListener("abort", onAbort, { once: true });
    promise.then(
      (value) => {
        release();
        resolve(value);
      },
      (error) => {
        release();
        reject(error);
      },
    );
  });
}

/** The error of an operation whose signal was aborted. */
export function abortedError(attempt: string, signal: AbortSignal | undefined): MillraceError {
  return new MillraceError("ABORTED", `${attempt} was aborted`, { cause: signal?.reason });
}

/** The error of an operation whose deadline has passed. */
export function timedOutError(attempt: string, timeoutMs: number, cause?: unknown): MillraceError {
  const reason = cause instanceof Error ? `; the last failure was: ${cause.message}` : "";
  const message = `${attempt} took longer than ${Math.round(timeoutMs)} ms${reason}`;
  return new MillraceError("TIMED_OUT", message, cause === undefined ? {} : { cause });
}

/** Whether an error says that a deadline of our own has passed. */
export function isTimeout(error: unknown): error is MillraceError {
  return error instanceof MillraceError && error.code === "TIMED_OUT";
}
