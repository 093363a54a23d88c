import type { OffsetReset } from "../client/index.ts";
import { MillraceError } from "../errors.ts";

/** Throws INVALID_ARGUMENT, calling it by `what`, unless it says where to begin without a committed offset. */
export function checkOffsetReset(reset: OffsetReset | undefined, what: string): void {
  if (reset === undefined || reset === "earliest" || reset === "latest" || reset === "none") return;
  if (typeof reset === "object" && reset?.durationMs >= 0) return;
  const message = `${what} must be "earliest", "latest", "none" or { durationMs }, not ${JSON.stringify(reset)}`;
  throw new MillraceError("INVALID_ARGUMENT", message);
}
