import { BrokerError } from "../../errors.ts";
import { mayPass } from "../retry.ts";

/**
 * What a failed request means for a membership: the group rebalances; this generation is over, but
 * the member's id is still good; the group does not know the member any more; the same request may
 * pass later; or there is nothing to be done.
 */
export type Verdict = "rebalancing" | "generation-over" | "member-unknown" | "passing" | "final";

/** Judges an error that the coordinator answered with, or that kept the answer from coming. */
export function verdictOn(error: unknown): Verdict {
  const code = error instanceof BrokerError ? error.code : undefined;
  switch (code) {
    case "REBALANCE_IN_PROGRESS":
    case "STALE_MEMBER_EPOCH":
      return "rebalancing";
    case "ILLEGAL_GENERATION":
      return "generation-over";
    case "UNKNOWN_MEMBER_ID":
    case "FENCED_MEMBER_EPOCH":
      return "member-unknown";
    default:
      return mayPass(error) ? "passing" : "final";
  }
}
