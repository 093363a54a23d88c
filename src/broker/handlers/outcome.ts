import { brokerErrorNumber } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";

/** How many answers tell what became of one thing that was asked for. */
export interface Outcome {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

/** What was asked for was done. */
export const success: Outcome = { errorCode: 0, errorMessage: null };

/** Does something, and tells how it went; only a `BrokerError` is for the client to know. */
export function outcomeOf(run: () => void): Outcome {
  try {
    run();
    return success;
  } catch (error) {
    if (error instanceof BrokerError) return failure(error);
    throw error;
  }
}

/** Tells of an error in an answer. */
export function failure({ code, message }: BrokerError): Outcome {
  return { errorCode: brokerErrorNumber(code), errorMessage: message };
}
