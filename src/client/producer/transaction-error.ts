import { type BrokerErrorCode, isRetriable } from "../../broker-error-code.ts";
import { BrokerError, MillraceError } from "../../errors.ts";

/** The requests that an error can come from; "produce" stands for records that could not be written. */
export type TransactionRequest =
  | "init"
  | "add-partitions"
  | "add-offsets"
  | "commit-offsets"
  | "commit"
  | "abort"
  | "produce";

/**
 * What an error means for the transaction: the request may be sent again (`retriable`), the
 * transaction can only be aborted (`abortable`), or the producer can only be closed (`fatal`).
 */
export type Severity = "retriable" | "abortable" | "fatal";

/** Errors that end the producer, whichever request they come from. */
const alwaysFatal: ReadonlySet<string> = new Set<BrokerErrorCode>([
  "PRODUCER_FENCED",
  "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
  "INVALID_PRODUCER_ID_MAPPING",
  "UNSUPPORTED_VERSION",
]);

/** What the coordinator answers only to one that has been replaced, or that speaks out of turn. */
const fatalFromCoordinator: ReadonlySet<string> = new Set<BrokerErrorCode>([
  "INVALID_PRODUCER_EPOCH",
  "INVALID_TXN_STATE",
]);

/** Errors after which the transaction can be aborted, and the next one can begin. */
const abortable: ReadonlySet<string> = new Set<BrokerErrorCode>([
  "TRANSACTION_ABORTABLE",
  "UNKNOWN_PRODUCER_ID",
  "GROUP_AUTHORIZATION_FAILED",
  "TOPIC_AUTHORIZATION_FAILED",
  "OPERATION_NOT_ATTEMPTED",
  "FENCED_INSTANCE_ID",
  "UNKNOWN_MEMBER_ID",
  "ILLEGAL_GENERATION",
  "STALE_MEMBER_EPOCH",
  "FENCED_MEMBER_EPOCH",
  "OFFSET_METADATA_TOO_LARGE",
  "INVALID_COMMIT_OFFSET_SIZE",
]);

/** Judges an error; what is not the broker's (a deadline, the network) never ends the producer. */
export function severityOf(request: TransactionRequest, error: Error): Severity {
  if (!(error instanceof BrokerError)) {
    const isUnsupported = error instanceof MillraceError && error.code === "UNSUPPORTED_VERSION";
    return isUnsupported ? "fatal" : "abortable";
  }
  const { code } = error;
  if (alwaysFatal.has(code)) return "fatal";
  // A partition's leader says INVALID_PRODUCER_EPOCH also after the coordinator has aborted a transaction
  // that took too long; whether the producer was replaced is found out when it is aborted (KIP-588).
  if (request === "produce") return code === "CLUSTER_AUTHORIZATION_FAILED" ? "fatal" : "abortable";
  if (isRetriable(code)) return "retriable";
  if (fatalFromCoordinator.has(code)) return "fatal";
  if (request === "abort") return "fatal";
  if (request === "add-partitions") return "abortable";
  return abortable.has(code) ? "abortable" : "fatal";
}
