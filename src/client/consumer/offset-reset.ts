/** Whether records of transactions that are open or were aborted are given out. */
export type Isolation = "read-uncommitted" | "read-committed";

const isolationOnWire = {
  "read-uncommitted": 0,
  "read-committed": 1,
} satisfies Record<Isolation, number>;

/** The number that stands for an isolation level in requests. */
export function isolationNumber(isolation: Isolation): number {
  return isolationOnWire[isolation];
}

/**
 * Where to begin when there is no committed offset, or none that is still there: at the log's start,
 * at its end, at the first record that is no older than a duration (KIP-1106), or nowhere, which is
 * an error.
 */
export type OffsetReset = "earliest" | "latest" | "none" | { readonly durationMs: number };

/** A place in a log that only its leader can turn into an offset. */
export type LogPlace = "start" | "end" | { readonly timestamp: number };

const startOnWire = -2;
const endOnWire = -1;

/** The timestamp by which a ListOffsets request asks for a place. */
export function placeTimestamp(place: LogPlace): number {
  if (place === "start") return startOnWire;
  return place === "end" ? endOnWire : place.timestamp;
}

/** The place that a reset policy stands for at `now`, in milliseconds since 1970; undefined for "none". */
export function resetPlace(reset: OffsetReset, now: number): LogPlace | undefined {
  switch (reset) {
    case "earliest":
      return "start";
    case "latest":
      return "end";
    case "none":
      return undefined;
    default:
      return { timestamp: Math.max(0, Math.floor(now - reset.durationMs)) };
  }
}
