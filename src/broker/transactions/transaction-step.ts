import type { BrokerErrorCode } from "../../broker-error-code.ts";
import {
  eachPartition,
  greatestEpoch,
  hasPartition,
  isEpochExhausted,
  none,
  noPartitions,
  type PartitionSet,
  type Transaction,
  type TransactionPartition,
  type TransactionState,
  type TransactionVersion,
  withPartitions,
} from "./transaction.ts";

/**
 * What becomes of a request: it is refused, it has no effect because it has had it already, or the
 * transaction goes on to `next` once that is in the log.
 */
export type Step =
  | { readonly do: "refuse"; readonly code: BrokerErrorCode; readonly why: string }
  | { readonly do: "nothing" }
  | { readonly do: "write"; readonly next: Transaction };

/** What steps need from outside: the time in milliseconds since 1970, and producer ids that nobody has. */
export interface StepContext {
  readonly now: number;
  /** Throws a `BrokerError` where there are none. */
  newProducerId(): number;
}

/** Who a producer says it is. */
export interface ProducerIdentity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** A transactional id that was never seen; its producer gets the first epoch by {@link initProducer}. */
export function newTransaction(
  transactionalId: string,
  timeoutMs: number,
  { now, newProducerId }: StepContext,
): Transaction {
  return {
    transactionalId,
    producerId: newProducerId(),
    previousProducerId: none,
    nextProducerId: none,
    producerEpoch: none,
    lastProducerEpoch: none,
    timeoutMs,
    state: "Empty",
    partitions: noPartitions,
    startedAt: none,
    updatedAt: now,
    clientVersion: 0,
  };
}

/**
 * A producer begins to work under its transactional id: it gets an epoch that fences those before it.
 * `expected` is who it was, where it recovers from an error (KIP-360). While a transaction is open the
 * answer is "abort first": {@link fence} it, and let the producer ask again.
 */
export function initProducer(
  transaction: Transaction,
  timeoutMs: number,
  expected: ProducerIdentity | undefined,
  context: StepContext,
): Step | { readonly do: "abort first" } {
  if (expected !== undefined && !isPlausible(transaction, expected)) {
    return refuse("PRODUCER_FENCED", "another producer has taken over");
  }
  switch (transaction.state) {
    case "PrepareCommit":
    case "PrepareAbort":
      return refuse("CONCURRENT_TRANSACTIONS", "its last transaction is still being completed");
    case "Ongoing":
      return { do: "abort first" };
    case "Empty":
    case "CompleteCommit":
    case "CompleteAbort":
      return newEpoch(transaction, timeoutMs, expected, context);
    default:
      return transaction.state satisfies never;
  }
}

/** Whether `expected` may be who had the transactional id last. */
function isPlausible(
  { producerId, previousProducerId, producerEpoch }: Transaction,
  expected: ProducerIdentity,
): boolean {
  if (producerEpoch === none || expected.producerId === producerId) return true;
  // It may ask again because the answer with another producer id was lost.
  return expected.producerId === previousProducerId && isEpochExhausted(expected.producerEpoch);
}

function newEpoch(
  transaction: Transaction,
  timeoutMs: number,
  expected: ProducerIdentity | undefined,
  { now, newProducerId }: StepContext,
): Step {
  const { producerEpoch, lastProducerEpoch } = transaction;
  const change = { timeoutMs, partitions: noPartitions, startedAt: none };
  const write = (more: Partial<Transaction>): Step => ({
    do: "write",
    next: moved(transaction, "Empty", now, { ...change, ...more }),
  });
  const bumped = producerEpoch + 1;
  if (isEpochExhausted(producerEpoch)) {
    if (expected !== undefined && expected.producerEpoch !== producerEpoch) {
      return refuse("UNKNOWN_SERVER_ERROR", "its producer id has no epochs left");
    }
    const last = expected === undefined ? none : producerEpoch;
    return write({ producerId: newProducerId(), producerEpoch: 0, lastProducerEpoch: last });
  }
  if (expected === undefined) return write({ producerEpoch: bumped, lastProducerEpoch: none });
  if (producerEpoch === none || expected.producerEpoch === producerEpoch) {
    return write({ producerEpoch: bumped, lastProducerEpoch: producerEpoch });
  }
  // The same request once more: its answer was lost.
  if (expected.producerEpoch === lastProducerEpoch) return write({});
  return refuse("PRODUCER_FENCED", `its epoch ${expected.producerEpoch} is not ${producerEpoch}`);
}

/** Adds partitions to the transaction, which begins with them if none is open. */
export function addPartitions(
  transaction: Transaction,
  producer: ProducerIdentity,
  partitions: readonly TransactionPartition[],
  version: TransactionVersion,
  now: number,
): Step {
  const refusal = checkProducer(transaction, producer);
  if (refusal !== undefined) return refusal;
  const isOngoing = transaction.state === "Ongoing";
  if (isOngoing && partitions.every((one) => hasPartition(transaction.partitions, one))) {
    return { do: "nothing" };
  }
  const next = moved(transaction, "Ongoing", now, {
    partitions: withPartitions(transaction.partitions, partitions),
    startedAt: isOngoing ? transaction.startedAt : now,
    clientVersion: version,
  });
  return { do: "write", next };
}

/**
 * Refuses a producer that may not write in the transaction: INVALID_PRODUCER_ID_MAPPING,
 * PRODUCER_FENCED, CONCURRENT_TRANSACTIONS; undefined where it may.
 */
export function checkProducer(
  { producerId, producerEpoch, state }: Transaction,
  producer: ProducerIdentity,
): Extract<Step, { do: "refuse" }> | undefined {
  if (producer.producerId !== producerId) {
    const why = `the producer id is ${producerId}, not ${producer.producerId}`;
    return refuse("INVALID_PRODUCER_ID_MAPPING", why);
  }
  if (producer.producerEpoch !== producerEpoch) {
    const why = `the producer's epoch is ${producerEpoch}, not ${producer.producerEpoch}`;
    return refuse("PRODUCER_FENCED", why);
  }
  if (state === "PrepareCommit" || state === "PrepareAbort") {
    return refuse("CONCURRENT_TRANSACTIONS", "its last transaction is still being completed");
  }
  return undefined;
}

/**
 * Aborts the open transaction and fences its producer: another one asks for the transactional id, or
 * the transaction takes too long. `version` is the broker's own.
 */
export function fence(
  transaction: Transaction,
  version: TransactionVersion,
  context: StepContext,
): Transaction {
  if (version >= 2) return prepare(transaction, "PrepareAbort", context);
  const producerEpoch = Math.min(transaction.producerEpoch + 1, greatestEpoch);
  const change = { producerEpoch, lastProducerEpoch: none, nextProducerId: none } as const;
  return moved(transaction, "PrepareAbort", context.now, { ...change, clientVersion: 0 });
}

/** The end of a transaction in the way of KIP-890: the epoch is bumped, so that what is late is fenced. */
export function prepare(
  transaction: Transaction,
  state: "PrepareCommit" | "PrepareAbort",
  { now, newProducerId }: StepContext,
): Transaction {
  const { producerEpoch, startedAt } = transaction;
  const isOngoing = transaction.state === "Ongoing";
  return moved(transaction, state, now, {
    producerEpoch: Math.min(producerEpoch + 1, greatestEpoch),
    lastProducerEpoch: producerEpoch,
    nextProducerId: isEpochExhausted(producerEpoch) ? newProducerId() : none,
    // An abort of a transaction that has no partitions yet starts and ends it at once.
    startedAt: isOngoing ? startedAt : now,
    clientVersion: 2,
  });
}

/** What a prepared transaction becomes once all markers are written. */
export function complete(transaction: Transaction, now: number): Transaction {
  const { nextProducerId, clientVersion } = transaction;
  const state = transaction.state === "PrepareCommit" ? "CompleteCommit" : "CompleteAbort";
  const isRotated = clientVersion >= 2 && nextProducerId !== none;
  const producer = isRotated ? { producerId: nextProducerId, producerEpoch: 0 } : {};
  const change = { ...producer, nextProducerId: none, partitions: noPartitions };
  return moved(transaction, state, now, change);
}

/** Whether the producer has had the transaction open for longer than it said it would. */
export function isTimedOut({ state, timeoutMs, startedAt }: Transaction, now: number): boolean {
  return state === "Ongoing" && timeoutMs !== unboundedTimeoutMs && startedAt + timeoutMs < now;
}

/** The timeout of two-phase commits (KIP-939). */
const unboundedTimeoutMs = 0x7fffffff;

/** Whether nothing has been heard of the transactional id for so long that it may be forgotten. */
export function isExpired(transaction: Transaction, now: number, expirationMs: number): boolean {
  const { state, updatedAt } = transaction;
  const isIdle = state === "Empty" || state === "CompleteCommit" || state === "CompleteAbort";
  return isIdle && updatedAt <= now - expirationMs;
}

/** The transaction without the partitions for which `isDone` holds. */
export function withoutPartitions(
  transaction: Transaction,
  isDone: (partition: TransactionPartition) => boolean,
): Transaction {
  const left: TransactionPartition[] = [];
  for (const one of eachPartition(transaction.partitions)) if (!isDone(one)) left.push(one);
  const partitions: PartitionSet = withPartitions(noPartitions, left);
  return { ...transaction, partitions };
}

/** Refuses a request, and says why. */
export function refuse(code: BrokerErrorCode, why: string): Extract<Step, { do: "refuse" }> {
  return { do: "refuse", code, why };
}

/** The next state of a transaction; each step notes which producer id it started from. */
export function moved(
  transaction: Transaction,
  state: TransactionState,
  now: number,
  change: Partial<Transaction>,
): Transaction {
  const previousProducerId = transaction.producerId;
  return { ...transaction, ...change, previousProducerId, state, updatedAt: now };
}
