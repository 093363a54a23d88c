import { type BrokerErrorCode, isRetriable } from "../../broker-error-code.ts";

/**
 * What a broker's answer means for a batch: it is in the log (`written`), it may be sent again
 * (`again`), a batch before it is missing (`gap`), it has to be cut into smaller ones (`split`), or it
 * is lost for good (`failed`).
 */
export type Verdict = "written" | "again" | "gap" | "split" | "failed";

/** Judges the error of one partition in a Produce answer; undefined stands for success. */
export function verdictOn(code: BrokerErrorCode | undefined, recordCount: number): Verdict {
  switch (code) {
    case undefined:
    // The broker has it, though no longer in the five batches whose offsets it remembers.
    case "DUPLICATE_SEQUENCE_NUMBER":
      return "written";
    case "OUT_OF_ORDER_SEQUENCE_NUMBER":
    case "UNKNOWN_PRODUCER_ID":
      return "gap";
    case "MESSAGE_TOO_LARGE":
    case "RECORD_LIST_TOO_LARGE":
      return recordCount > 1 ? "split" : "failed";
    default:
      return isRetriable(code) ? "again" : "failed";
  }
}
