import type { TransactionOutcome } from "../../protocol/index.ts";
import { greatestEpoch, none, type Transaction, type TransactionVersion } from "./transaction.ts";
import {
  moved,
  type ProducerIdentity,
  prepare,
  refuse,
  type Step,
  type StepContext,
} from "./transaction-step.ts";

/** What a producer asks for at the end of its transaction. */
export interface End extends ProducerIdentity {
  readonly outcome: TransactionOutcome;
  /** 2 from EndTxn 5 on, else 0. */
  readonly version: TransactionVersion;
}

/**
 * A producer ends its transaction. `nothing` means that it has been ended so already, by an earlier try
 * of the same request; `write` leads to PrepareCommit or PrepareAbort.
 */
export function endTransaction(transaction: Transaction, end: End, context: StepContext): Step {
  return end.version >= 2
    ? endWithBump(transaction, end, context)
    : endAsIs(transaction, end, context.now);
}

/** The older flow (`endTransactionWithTV1`): the epoch stays. */
function endAsIs(
  transaction: Transaction,
  { producerId, producerEpoch, outcome }: End,
  now: number,
): Step {
  if (transaction.producerId !== producerId) return wrongId(transaction, producerId);
  if (transaction.producerEpoch !== producerEpoch) return wrongEpoch(transaction, producerEpoch);
  const { state } = transaction;
  switch (state) {
    case "Ongoing": {
      const change = { nextProducerId: none, clientVersion: 0 } as const;
      return { do: "write", next: moved(transaction, preparedState[outcome], now, change) };
    }
    case "PrepareCommit":
    case "PrepareAbort":
      return state === preparedState[outcome] ? stillCompleting() : wrongState(state, outcome);
    case "CompleteCommit":
    case "CompleteAbort":
      return state === completeState[outcome] ? { do: "nothing" } : wrongState(state, outcome);
    case "Empty":
      return wrongState(state, outcome);
    default:
      return state satisfies never;
  }
}

/**
 * The flow of KIP-890 (`endTransaction`): each end bumps the epoch, so a request with the epoch before is
 * a retry. An abort is also accepted where no transaction is open, for the producer may not know whether
 * its first partition was added.
 */
function endWithBump(
  transaction: Transaction,
  { producerId, producerEpoch, outcome }: End,
  context: StepContext,
): Step {
  const retry = isRetry(transaction, producerId, producerEpoch);
  if (transaction.producerId !== producerId && retry !== "with the id before") {
    return wrongId(transaction, producerId);
  }
  const { state } = transaction;
  const isCurrent = transaction.producerEpoch === producerEpoch;
  const prepared = preparedState[outcome];
  switch (state) {
    case "Ongoing":
      if (!isCurrent) return wrongEpoch(transaction, producerEpoch);
      return { do: "write", next: prepare(transaction, prepared, context) };
    case "Empty":
      if (!isCurrent) return wrongEpoch(transaction, producerEpoch);
      if (outcome === "commit") return wrongState(state, outcome);
      return { do: "write", next: prepare(transaction, prepared, context) };
    case "PrepareCommit":
    case "PrepareAbort":
      if (retry !== "with the epoch before") return wrongEpoch(transaction, producerEpoch);
      return state === prepared ? stillCompleting() : wrongState(state, outcome);
    case "CompleteCommit":
    case "CompleteAbort":
      if (retry !== undefined) {
        return state === completeState[outcome] ? { do: "nothing" } : wrongState(state, outcome);
      }
      if (!isCurrent) return wrongEpoch(transaction, producerEpoch);
      if (outcome === "commit") return wrongState(state, outcome);
      return { do: "write", next: prepare(transaction, prepared, context) };
    default:
      return state satisfies never;
  }
}

/** Whether the request may be one whose answer was lost, after which the epoch or the id is another. */
function isRetry(
  transaction: Transaction,
  producerId: number,
  producerEpoch: number,
): "with the epoch before" | "with the id before" | undefined {
  if (transaction.producerEpoch === producerEpoch + 1) return "with the epoch before";
  const isRotated =
    transaction.previousProducerId === producerId &&
    producerEpoch === greatestEpoch - 1 &&
    transaction.producerEpoch === 0;
  return isRotated ? "with the id before" : undefined;
}

const preparedState = { commit: "PrepareCommit", abort: "PrepareAbort" } as const;
const completeState = { commit: "CompleteCommit", abort: "CompleteAbort" } as const;

function stillCompleting(): Step {
  return refuse("CONCURRENT_TRANSACTIONS", "the transaction is still being completed");
}

function wrongId(transaction: Transaction, producerId: number): Step {
  const why = `the producer id is ${transaction.producerId}, not ${producerId}`;
  return refuse("INVALID_PRODUCER_ID_MAPPING", why);
}

function wrongEpoch(transaction: Transaction, producerEpoch: number): Step {
  const why = `the producer's epoch is ${transaction.producerEpoch}, not ${producerEpoch}`;
  return refuse("PRODUCER_FENCED", why);
}

function wrongState(state: string, outcome: TransactionOutcome): Step {
  return refuse("INVALID_TXN_STATE", `it cannot ${outcome} in the state ${state}`);
}
