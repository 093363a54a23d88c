import { MillraceError } from "../../errors.ts";
import type { Cluster, RequestOptions } from "../cluster.ts";
import { type Bound, bounded, isTimeout, timedOutError } from "../deadline.ts";
import { retrying } from "../retry.ts";

/** What every admin operation takes last. */
export interface AdminOptions {
  /** How long the operation may take with all its retries, in milliseconds; 60,000 by default. */
  readonly timeoutMs?: number | undefined;
  /** Calls the operation off; it then rejects with `ABORTED`. */
  readonly signal?: AbortSignal | undefined;
}

/** How one request of an operation is sent: with a deadline in any case. */
export interface AdminRequest extends RequestOptions {
  readonly timeoutMs: number;
}

const defaultTimeoutMs = 60_000;
/** Brokers hold back what follows a slow request on its connection: others must not wait behind these. */
const lane = "admin";
/** The part of a request's time that the broker may use: its answer must still be under way in time. */
const brokersShare = 0.8;

/** The bound of an operation: what it attempts, and its options with their defaults. */
export function boundOf(
  attempt: string,
  { timeoutMs = defaultTimeoutMs, signal }: AdminOptions,
): Bound {
  return { attempt, timeoutMs, signal };
}

/** Shares one deadline among the steps of an operation: gives each of them the time that is left. */
export function sharedDeadline(
  { host: { clock } }: Cluster,
  { timeoutMs = defaultTimeoutMs, signal }: AdminOptions,
): () => AdminOptions {
  const deadline = clock.elapsed() + timeoutMs;
  return () => ({ timeoutMs: Math.max(deadline - clock.elapsed(), 1), signal });
}

/** The options of one request that may take what is left of the operation's time. */
export function requestWithin(
  { settings }: Cluster,
  remainingMs: number,
  signal: AbortSignal | undefined,
): AdminRequest {
  return { lane, signal, timeoutMs: Math.min(remainingMs, settings.requestTimeoutMs) };
}

/** How long the broker itself may work on a request that carries such a time, in milliseconds. */
export function brokerTimeoutMs({ timeoutMs }: AdminRequest): number {
  return Math.max(1, Math.floor(timeoutMs * brokersShare));
}

/** Runs an operation about one thing, again and again until it succeeds, fails for good, or its time is up. */
export function attempting<T>(
  cluster: Cluster,
  attempt: string,
  options: AdminOptions,
  run: (request: AdminRequest) => Promise<T>,
): Promise<T> {
  const { host, settings } = cluster;
  const bound = boundOf(attempt, options);
  return retrying(host, settings, bound, async (remainingMs) => {
    const request = requestWithin(cluster, remainingMs, bound.signal);
    try {
      return await bounded(host.clock, run(request), { ...bound, timeoutMs: remainingMs });
    } catch (error) {
      throw isTimeout(error) ? timedOutError(attempt, bound.timeoutMs, error.cause) : error;
    }
  });
}

/** Asks all brokers of the cluster at once; a broker that went away is no longer asked at the next try. */
export function askingEveryBroker<T>(
  cluster: Cluster,
  attempt: string,
  options: AdminOptions,
  ask: (broker: number, request: AdminRequest) => Promise<readonly T[]>,
): Promise<T[]> {
  return attempting(cluster, attempt, options, async (request) => {
    await cluster.refresh([]);
    const ids = cluster.metadata.brokers.map(({ id }) => id);
    return (await Promise.all(ids.map((id) => ask(id, request)))).flat();
  });
}

/** Whether the broker is too old for what was asked, so that an older way may be tried. */
export function isUnsupported(error: unknown): error is MillraceError {
  return error instanceof MillraceError && error.code === "UNSUPPORTED_VERSION";
}
