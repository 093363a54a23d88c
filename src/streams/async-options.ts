import { MillraceError } from "../errors.ts";
import type { Headers, RecordMetadata } from "./message.ts";

/** What a function knows of its call: of one try, where it is tried again. */
export interface AsyncCall {
  /** Aborted when the time for the try is over, or the task ends. Pass it on to what you wait for. */
  readonly signal: AbortSignal;
  /**
   * The same for every try of this call, also when the record is processed again after a failure, and for no
   * other call: application, task, topic, partition and offset of the record, the node, and a hash of the
   * key. What is called from a punctuation has it by its time, and another one each time.
   */
  readonly idempotencyKey: string;
  /** 1 for the first try. */
  readonly attempt: number;
  /** The record's, in milliseconds since 1970. */
  readonly timestamp: number;
  readonly headers: Headers;
  /** Where the record comes from; undefined in a punctuation. */
  readonly recordMetadata: RecordMetadata | undefined;
}

/** What is to become of a record whose call failed: stop with the error, go on without it, or with another result. */
export type AsyncFailureDecision<R> = "fail" | "drop" | { readonly value: R };

/**
 * What is kept in order. "key": the calls of one key follow one another, and so do their results; records with
 * null keys are in no order. "partition": that, and results go on in the order in which their records
 * came, so that none becomes late by it. "none": results go on as they come.
 */
export type AsyncOrder = "key" | "partition" | "none";

/** How functions are called that answer later. Numbers hold for each task, that is, for each partition. */
export interface AsyncOptions<K, V, R> {
  /** How many calls are under way at once; 16 by default. Further records wait in their topics. */
  readonly concurrency?: number | undefined;
  /** "key" by default. */
  readonly order?: AsyncOrder | undefined;
  /**
   * How many records may wait for their turn, call under way or not, before no more are taken: those of a key
   * wait for one another. Four times `concurrency` by default.
   */
  readonly maxPending?: number | undefined;
  /** How long one try may take, in milliseconds; 5,000 by default. A commit waits for what is under way. */
  readonly timeoutMs?: number | undefined;
  /** How often a call that fails is tried again; 0 by default. */
  readonly retries?: number | undefined;
  /** The wait before the second try, in milliseconds; 100 by default. It doubles each time, spread by a fifth either way. */
  readonly retryBackoffMs?: number | undefined;
  /** The longest wait between two tries, in milliseconds; 1,000 by default. */
  readonly retryBackoffMaxMs?: number | undefined;
  /** Whether trying again may help after this error; by default it always may. */
  readonly isRetriable?: ((error: unknown) => boolean) | undefined;
  /** Decides when all tries have failed; to stop the task with the error by default. */
  readonly onError?:
    | ((error: unknown, value: V, key: K, call: AsyncCall) => AsyncFailureDecision<R>)
    | undefined;
}

/** {@link AsyncOptions} with the defaults filled in. */
export interface AsyncSettings<K, V, R> {
  readonly concurrency: number;
  readonly order: AsyncOrder;
  readonly maxPending: number;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly retryBackoffMs: number;
  readonly retryBackoffMaxMs: number;
  readonly isRetriable: (error: unknown) => boolean;
  readonly onError: (error: unknown, value: V, key: K, call: AsyncCall) => AsyncFailureDecision<R>;
}

const orders: readonly AsyncOrder[] = ["key", "partition", "none"];

/** Fills in the defaults; throws `INVALID_ARGUMENT` on what cannot be. */
export function asyncSettings<K, V, R>(options: AsyncOptions<K, V, R>): AsyncSettings<K, V, R> {
  const { concurrency = 16, order = "key" } = options;
  const { maxPending = concurrency * 4, timeoutMs = 5_000, retries = 0 } = options;
  const { retryBackoffMs = 100, retryBackoffMaxMs = 1_000 } = options;
  const { isRetriable = () => true, onError = () => "fail" } = options;
  atLeast(1, "concurrency", concurrency);
  atLeast(concurrency, "maxPending", maxPending);
  atLeast(1, "timeoutMs", timeoutMs);
  atLeast(0, "retries", retries);
  atLeast(0, "retryBackoffMs", retryBackoffMs);
  atLeast(0, "retryBackoffMaxMs", retryBackoffMaxMs);
  if (!orders.includes(order)) {
    const message = `order must be "key", "partition" or "none", not ${JSON.stringify(order)}`;
    throw new MillraceError("INVALID_ARGUMENT", message);
  }
  const pace = { timeoutMs, retries, retryBackoffMs, retryBackoffMaxMs };
  return { ...pace, concurrency, order, maxPending, isRetriable, onError };
}

/** How far waits are spread either way, so that calls that failed together do not return together (KIP-580). */
const jitter = 0.2;

type Pace = Pick<
  AsyncSettings<never, never, never>,
  "timeoutMs" | "retries" | "retryBackoffMs" | "retryBackoffMaxMs"
>;

/** The wait after so many failures, in milliseconds; `chance` is at least 0 and below 1. */
export function backoffMs(
  { retryBackoffMs, retryBackoffMaxMs }: Pace,
  failures: number,
  chance: number,
): number {
  const base = Math.min(retryBackoffMs * 2 ** (failures - 1), retryBackoffMaxMs);
  return base * (1 - jitter + 2 * jitter * chance);
}

/** How long one call may take with all its tries and the waits between them, in milliseconds. */
export function longestCallMs(pace: Pace): number {
  let total = pace.timeoutMs * (pace.retries + 1);
  for (let failures = 1; failures <= pace.retries; failures += 1) {
    total += backoffMs(pace, failures, 1);
  }
  return Math.ceil(total);
}

function atLeast(least: number, name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  const message = `${name} of an async operator must be a whole number of at least ${least}, not ${value}`;
  throw new MillraceError("INVALID_ARGUMENT", message);
}
