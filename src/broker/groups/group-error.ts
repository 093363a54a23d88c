import type { BrokerErrorCode } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";

/**
 * The code that an operation on a group is answered with where it threw: that of a `BrokerError`, with
 * what clients of a coordinator do not expect turned into what they do
 * (`CoordinatorOperationExceptionHelper`). Anything else is thrown on.
 */
export function groupErrorOf(error: unknown): BrokerErrorCode {
  if (!(error instanceof BrokerError)) throw error;
  switch (error.code) {
    case "UNKNOWN_TOPIC_OR_PARTITION":
    case "NOT_ENOUGH_REPLICAS":
    case "REQUEST_TIMED_OUT":
      return "COORDINATOR_NOT_AVAILABLE";
    case "NOT_LEADER_OR_FOLLOWER":
    case "KAFKA_STORAGE_ERROR":
      return "NOT_COORDINATOR";
    case "MESSAGE_TOO_LARGE":
    case "RECORD_LIST_TOO_LARGE":
    case "INVALID_FETCH_SIZE":
      return "UNKNOWN_SERVER_ERROR";
    default:
      return error.code;
  }
}
