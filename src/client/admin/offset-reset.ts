import { MillraceError } from "../../errors.ts";
import type { OffsetSpec } from "./records.ts";

/** Where a group is to go on reading. */
export type ResetTarget =
  | "earliest"
  | "latest"
  /** The first record at or after a time, in milliseconds since 1970; the end where there is none. */
  | { readonly timestamp: number }
  /** This offset, or the nearest that the partition has. */
  | { readonly offset: number }
  /** So many records further, or back where it is negative, as far as the partition goes. */
  | { readonly shiftBy: number };

/** What is known of a partition when its new offset is decided. */
export interface ResetFacts {
  /** The partition as it stands in messages: "orders-3". */
  readonly name: string;
  readonly earliest: number;
  readonly latest: number;
  /** The offset of the record that was looked up by its timestamp, if there is one. */
  readonly atTimestamp: number | undefined;
  /** Where the group stands; undefined if it has committed nothing. */
  readonly committed: number | undefined;
}

/** What must be looked up besides start and end before offsets can be decided. */
export function timestampLookup(to: ResetTarget): OffsetSpec | undefined {
  return typeof to === "object" && "timestamp" in to ? to : undefined;
}

/** Decides a partition's new offset; throws `NO_OFFSET` where a shift has nothing to start from. */
export function resetOffset(to: ResetTarget, facts: ResetFacts): number {
  const { name, earliest, latest, atTimestamp, committed } = facts;
  if (to === "earliest") return earliest;
  if (to === "latest") return latest;
  if ("timestamp" in to) return atTimestamp ?? latest;
  const wanted = "offset" in to ? to.offset : (committed ?? Number.NaN) + to.shiftBy;
  if (Number.isNaN(wanted)) {
    const text = `the offset of ${name} cannot be shifted, as the group has committed none: reset it to an offset, a time, or an end`;
    throw new MillraceError("NO_OFFSET", text);
  }
  return Math.min(Math.max(wanted, earliest), latest);
}
