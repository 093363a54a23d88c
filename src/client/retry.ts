import { isRetriable } from "../broker-error-code.ts";
import { BrokerError, ConnectionError } from "../errors.ts";
import type { Host } from "../host.ts";
import { Backoff } from "./backoff.ts";
import { abortedError, type Bound, isTimeout, timedOutError } from "./deadline.ts";

/** How fast tries follow one another. */
export interface RetryPace {
  readonly retryBackoffMs: number;
  readonly retryBackoffMaxMs: number;
}

/**
 * Makes attempts until one succeeds, fails for good, or the bound is reached. An attempt is told how
 * many milliseconds are left; where it only finds that they are over, the failure before it is told.
 */
export async function retrying<T>(
  { clock, random }: Host,
  { retryBackoffMs, retryBackoffMaxMs }: RetryPace,
  bound: Bound,
  attempt: (remainingMs: number) => Promise<T>,
): Promise<T> {
  const backoff = new Backoff(retryBackoffMs, retryBackoffMaxMs, random);
  const deadline = clock.elapsed() + bound.timeoutMs;
  let failure: unknown;
  for (;;) {
    if (bound.signal?.aborted) throw abortedError(bound.attempt, bound.signal);
    try {
      return await attempt(Math.max(deadline - clock.elapsed(), 1));
    } catch (error) {
      if (isTimeout(error) && failure) {
        throw timedOutError(bound.attempt, bound.timeoutMs, failure);
      }
      if (!mayPass(error)) throw error;
      failure = error;
      const wait = backoff.next();
      if (clock.elapsed() + wait >= deadline) {
        throw timedOutError(bound.attempt, bound.timeoutMs, failure);
      }
      await clock.sleep(wait, bound.signal).catch(() => {});
    }
  }
}

/** Whether an error may go away by itself: the network's, and those that Kafka calls retriable. */
export function mayPass(error: unknown): boolean {
  if (error instanceof BrokerError) return isRetriable(error.code);
  if (!(error instanceof ConnectionError)) return false;
  return error.code !== "TLS_FAILED" && error.code !== "SASL_FAILED";
}
