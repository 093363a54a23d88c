import { TopologyError } from "../errors.ts";

/** A length of time: milliseconds, or units that are added up, such as `{ hours: 1, minutes: 30 }`. */
export type Duration =
  | number
  | {
      /** Days of 24 hours. */
      readonly days?: number | undefined;
      readonly hours?: number | undefined;
      readonly minutes?: number | undefined;
      readonly seconds?: number | undefined;
      readonly milliseconds?: number | undefined;
    };

const unitMs = {
  days: 86_400_000,
  hours: 3_600_000,
  minutes: 60_000,
  seconds: 1_000,
  milliseconds: 1,
};

/**
 * A length of time in milliseconds. Throws INVALID_TOPOLOGY, calling it by `what`, unless it is a whole
 * number of them and at least `least` (0 by default).
 */
export function durationMs(duration: Duration, what: string, least = 0): number {
  if (typeof duration !== "number" && (typeof duration !== "object" || duration === null)) {
    const found = duration === undefined ? "missing" : JSON.stringify(duration);
    const message = `${what} is ${found}: give milliseconds, or units such as { minutes: 5 }`;
    throw new TopologyError("INVALID_TOPOLOGY", message);
  }
  const total = typeof duration === "number" ? duration : sumOf(duration, what);
  if (Number.isSafeInteger(total) && total >= least) return total;
  const message = `${what} is ${total} ms: it must be a whole number of milliseconds, ${least} at least`;
  throw new TopologyError("INVALID_TOPOLOGY", message);
}

function sumOf(duration: Exclude<Duration, number>, what: string): number {
  let total = 0;
  for (const [unit, count] of Object.entries(duration)) {
    const factor = unitMs[unit as keyof typeof unitMs];
    if (factor === undefined) {
      const known = Object.keys(unitMs).join(", ");
      const message = `${what} has the unit "${unit}", which is none of ${known}`;
      throw new TopologyError("INVALID_TOPOLOGY", message);
    }
    total += (count ?? 0) * factor;
  }
  // Fractions of units, such as 0.1 s, are not exact in binary.
  const rounded = Math.round(total);
  return Math.abs(total - rounded) < roundingError ? rounded : total;
}

const roundingError = 1e-6;
