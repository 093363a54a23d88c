import { BrokerError } from "../../errors.ts";

/**
 * Runs what a producer asked for. Producers before KIP-588 do not know PRODUCER_FENCED: with
 * `isOld` they are told INVALID_PRODUCER_EPOCH instead.
 */
export function answeringFenced<Result>(isOld: boolean, run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    if (!isOld || !(error instanceof BrokerError) || error.code !== "PRODUCER_FENCED") throw error;
    throw new BrokerError("INVALID_PRODUCER_EPOCH", error.message, { cause: error });
  }
}
