import { TopologyError } from "../errors.ts";
import { int64Max } from "../protocol/index.ts";
import { type Duration, durationMs } from "./duration.ts";
import type { Window } from "./stores/state-store.ts";

/** When the result of a window is sent on: at every update, or once when the window closes (KIP-825). */
export type EmitStrategy = "on-window-update" | "on-window-close";

/**
 * Windows that follow from a record's timestamp alone. Implement it for windows of your own, such as
 * days of a time zone.
 */
export interface Windows {
  /** The length of the longest window, in milliseconds; stores keep windows by it. */
  readonly sizeMs: number;
  /** How long after its end a window still takes records, by stream time, in milliseconds. */
  readonly graceMs: number;
  /** The windows that a timestamp falls into, each start once, in the order in which they are updated. */
  windowsFor(timestamp: number): readonly Window[];
}

/** Windows of one size that begin at multiples of a step, from the beginning of 1970 (UTC) on. */
export class TimeWindows implements Windows {
  readonly sizeMs: number;
  readonly advanceMs: number;
  readonly graceMs: number;
  /** The windows of the timestamp that was asked for last: neighbours in time mostly share them. */
  #last: readonly Window[] = [];

  /** Made by {@link tumbling} and {@link hopping}. */
  constructor(sizeMs: number, advanceMs: number, graceMs: number) {
    this.sizeMs = sizeMs;
    this.advanceMs = advanceMs;
    this.graceMs = graceMs;
  }

  windowsFor(timestamp: number): readonly Window[] {
    const { sizeMs, advanceMs } = this;
    const first = multipleBelow(Math.max(0, timestamp - sizeMs + advanceMs), advanceMs);
    const last = multipleBelow(timestamp, advanceMs);
    const known = this.#last;
    if (known[0]?.start === first && known[known.length - 1]?.start === last) return known;
    const windows: Window[] = [];
    for (let start = first; start <= last; start += advanceMs) {
      windows.push({ start, end: start + sizeMs });
    }
    this.#last = windows;
    return windows;
  }
}

/** One window from a point in time on, without an end. */
export class UnlimitedWindows implements Windows {
  readonly sizeMs: number = int64Max;
  readonly graceMs: number = 0;
  readonly startMs: number;
  readonly #windows: readonly Window[];

  /** Made by {@link unlimited}. */
  constructor(startMs: number) {
    this.startMs = startMs;
    this.#windows = [{ start: startMs, end: int64Max }];
  }

  windowsFor(timestamp: number): readonly Window[] {
    return timestamp >= this.startMs ? this.#windows : noWindows;
  }
}

/**
 * Windows that begin and end with records: each holds the records of a key that are not further apart
 * than the difference, both ends inclusive (KIP-450).
 */
export class SlidingWindows {
  readonly differenceMs: number;
  readonly graceMs: number;

  /** Made by {@link sliding}. */
  constructor(differenceMs: number, graceMs: number) {
    this.differenceMs = differenceMs;
    this.graceMs = graceMs;
  }
}

/**
 * Windows that hold the records of a key that follow one another within a gap, from the first to the last
 * of them, both inclusive. A record between two sessions can make one of them.
 */
export class SessionWindows {
  readonly gapMs: number;
  readonly graceMs: number;

  /** Made by {@link session}. */
  constructor(gapMs: number, graceMs: number) {
    this.gapMs = gapMs;
    this.graceMs = graceMs;
  }
}

/** What all windows have. */
export interface GraceOptions {
  /** How long after its end a window still takes records, by stream time; 0 by default. */
  readonly grace?: Duration | undefined;
}

/** Windows of one size, one after the other, from the beginning of 1970 (UTC) on: `[start, end)`. */
export function tumbling({
  size,
  grace = 0,
}: GraceOptions & { readonly size: Duration }): TimeWindows {
  const sizeMs = durationMs(size, "the size of a window", 1);
  return new TimeWindows(sizeMs, sizeMs, graceOf(grace));
}

/** Windows of one size that overlap: one begins at every multiple of `advance`, which is at most the size. */
export function hopping({
  size,
  advance,
  grace = 0,
}: GraceOptions & { readonly size: Duration; readonly advance: Duration }): TimeWindows {
  const sizeMs = durationMs(size, "the size of a window", 1);
  const advanceMs = durationMs(advance, "the advance of windows", 1);
  if (advanceMs > sizeMs) {
    const message = `windows of ${sizeMs} ms cannot advance by ${advanceMs} ms: some records would fall between them`;
    throw new TopologyError("INVALID_TOPOLOGY", message);
  }
  return new TimeWindows(sizeMs, advanceMs, graceOf(grace));
}

/** Windows of records at most so far apart; see {@link SlidingWindows}. */
export function sliding({
  difference,
  grace = 0,
}: GraceOptions & { readonly difference: Duration }): SlidingWindows {
  // The JVM lets 0 pass here, and then fails at the first record.
  const differenceMs = durationMs(difference, "the time difference of sliding windows", 1);
  return new SlidingWindows(differenceMs, graceOf(grace));
}

/** Windows of records that follow one another within `gap`; see {@link SessionWindows}. */
export function session({
  gap,
  grace = 0,
}: GraceOptions & { readonly gap: Duration }): SessionWindows {
  return new SessionWindows(durationMs(gap, "the gap of sessions"), graceOf(grace));
}

/** One window without an end from `start` on, in milliseconds since 1970; 0 by default. Earlier records are in none. */
export function unlimited({
  start = 0,
}: {
  readonly start?: number | undefined;
} = {}): UnlimitedWindows {
  return new UnlimitedWindows(durationMs(start, "the start of an unlimited window"));
}

/** Throws INVALID_TOPOLOGY unless something says which windows a record is in. */
export function checkWindows(windows: Windows | SlidingWindows | SessionWindows): void {
  if (windows instanceof SlidingWindows || windows instanceof SessionWindows) return;
  if (typeof windows?.windowsFor === "function") return;
  const message =
    "windowedBy needs windows: tumbling, hopping, sliding, session and unlimited make them";
  throw new TopologyError("INVALID_TOPOLOGY", message);
}

/** Throws INVALID_TOPOLOGY unless results can be sent on by this strategy. */
export function checkEmitStrategy(strategy: EmitStrategy): void {
  if (strategy === "on-window-update" || strategy === "on-window-close") return;
  const message = `emitStrategy must be "on-window-update" or "on-window-close", not ${JSON.stringify(strategy)}`;
  throw new TopologyError("INVALID_TOPOLOGY", message);
}

const noWindows: readonly Window[] = [];

function graceOf(grace: Duration): number {
  return durationMs(grace, "the grace of windows");
}

function multipleBelow(time: number, step: number): number {
  return Math.floor(time / step) * step;
}
