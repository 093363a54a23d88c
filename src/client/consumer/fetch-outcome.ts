import { brokerErrorCode, isRetriable, isStaleMetadata } from "../../broker-error-code.ts";
import type { BrokerError } from "../../errors.ts";
import type { Fetch, ResponseOf } from "../../protocol/index.ts";
import { refusal } from "../refusal.ts";
import type { EpochEnd } from "./position.ts";

/** A partition in a fetch's answer. */
export type FetchedPartition = ResponseOf<typeof Fetch>["responses"][number]["partitions"][number];

/** What a partition's part of an answer calls for. */
export type FetchOutcome =
  | { readonly name: "records" }
  /** The log was truncated below the offset that was asked for (KIP-595). */
  | { readonly name: "diverged"; readonly end: EpochEnd }
  /** The offset is not in the log. */
  | { readonly name: "out-of-range" }
  /** It may work later; with `isMoved`, once the metadata has been asked for again. */
  | { readonly name: "retry"; readonly isMoved: boolean; readonly reason: string }
  | { readonly name: "refused"; readonly error: BrokerError };

const records: FetchOutcome = { name: "records" };
const outOfRange: FetchOutcome = { name: "out-of-range" };

/** Tells what a partition's part of an answer calls for; `attempt` stands in the error. */
export function fetchOutcome(part: FetchedPartition, attempt: string): FetchOutcome {
  if (part.errorCode === 0) {
    const { epoch, endOffset } = part.divergingEpoch;
    if (epoch < 0 && endOffset < 0) return records;
    return { name: "diverged", end: { leaderEpoch: epoch, endOffset } };
  }
  const code = brokerErrorCode(part.errorCode);
  if (code === "OFFSET_OUT_OF_RANGE") return outOfRange;
  // The broker could not read its own log: as a client of Kafka does, hope for better luck.
  if (code === "UNKNOWN_SERVER_ERROR") return { name: "retry", isMoved: false, reason: code };
  // Java's consumer gives up here as well: the log itself is damaged.
  if (code === "CORRUPT_MESSAGE" || !isRetriable(code)) {
    return { name: "refused", error: refusal(part.errorCode, attempt) };
  }
  const isMoved = isStaleMetadata(code) || code === "OFFSET_NOT_AVAILABLE";
  return { name: "retry", isMoved, reason: code };
}
